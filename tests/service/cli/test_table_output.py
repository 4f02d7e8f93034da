"""Tables for people and for programs."""

import json
import os
import re
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from service.cli.table_output import print_rows

COLUMNS = ("view", "since", "lag", "error")
ROWS = [
    ("incidents", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), 0.25, "two\nlines\x1b[31m"),
    ("situation", None, 7, ""),
]


LIST = ("reference", "requestingAuthority", "force", "submittedAt")
REQUESTS = [
    ("pristina-2026-0001", "pristina", "Kosovo Security Force", datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)),
    ("pristina-2026-0002", None, "x", None),
]


def on_a_terminal(width: int, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    """The lines that a terminal of this width is given, without their colours."""
    ours, theirs = os.openpty()
    with os.fdopen(ours, "rb", 0) as screen, os.fdopen(theirs, "w") as output, pytest.MonkeyPatch.context() as patched:
        patched.setenv("COLUMNS", str(width))
        patched.setattr(sys, "stdout", output)
        print_rows(columns, rows)
        output.write("\0")
        output.flush()
        written = b""
        while not written.endswith(b"\0"):
            written += screen.read(4096)
    return [line.rstrip() for line in re.sub("\x1b\\[[0-9;]*m", "", written.decode())[:-1].splitlines()]


def test_a_wide_terminal_gets_a_table() -> None:
    title, _, *rows = on_a_terminal(100, LIST, REQUESTS)
    assert re.split(" {2,}", title) == ["reference", "requesting authority", "force", "submitted at"]
    assert rows[0].endswith("Kosovo Security Force   2026-01-02 03:04:05Z")
    assert len(rows) == 2


def test_a_narrower_terminal_gets_lines_that_are_broken_between_words() -> None:
    lines = on_a_terminal(56, LIST, REQUESTS)
    assert max(map(len, lines)) <= 56
    words = " ".join(lines).split()
    for word in ("pristina-2026-0001", "requesting", "authority", "Kosovo", "Security", "Force", "2026-01-02"):
        assert word in words


def test_a_terminal_that_is_too_narrow_for_a_table_gets_a_paragraph_for_each_row() -> None:
    assert on_a_terminal(44, LIST, REQUESTS) == [
        "reference             pristina-2026-0001",
        "requesting authority  pristina",
        "force                 Kosovo Security Force",
        "submitted at          2026-01-02 03:04:05Z",
        "",
        "reference  pristina-2026-0002",
        "force      x",
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
