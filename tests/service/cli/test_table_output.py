"""Tables for people and for programs."""

import json
from datetime import UTC, datetime

import pytest

from service.cli.table_output import print_rows

COLUMNS = ("view", "since", "lag", "error")
ROWS = [
    ("incidents", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 0.25, "two\nlines\x1b[31m"),
    ("situation", None, 7, ""),
]


def test_a_pipe_gets_a_header_and_values_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, [(*ROWS[0][:3], "x" * 5000), ROWS[1]])
    assert [line.split("\t") for line in capsys.readouterr().out.splitlines()] == [
        list(COLUMNS),
        ["incidents", "2026-01-02T03:04:05+00:00", "0.2", "x" * 5000],
        ["situation", "", "7", ""],
    ]


def test_a_value_in_a_pipe_is_on_one_line_without_controls(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, ROWS)
    assert capsys.readouterr().out.splitlines()[1].split("\t")[3] == "two lines\ufffd[31m"


def test_json_has_every_value_under_its_column(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, ROWS, as_json=True)
    first, second = json.loads(capsys.readouterr().out)
    assert first == {
        "view": "incidents",
        "since": "2026-01-02T03:04:05.000000Z",
        "lag": 0.25,
        "error": "two\nlines\x1b[31m",
    }
    assert second["since"] is None


def test_no_rows_are_an_empty_list(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(COLUMNS, [], as_json=True)
    assert json.loads(capsys.readouterr().out) == []
