"""Spreadsheets: rows become lines, by the names of their columns or by a mapping."""

import io
import re
from pathlib import Path
from typing import Any

import pytest

from service.errors import Misconfigured
from service.exchange.importing import csv_reader
from service.exchange.importing.column_map import read_mapping
from service.settings import DatabaseUrls
from tests.service.exchange.importing.histories import EXAMPLE, EXAMPLES, opened


def lines(text: str | bytes, mapping: str = "", folder: Path | None = None) -> list[Any]:
    path = None
    if mapping:
        assert folder is not None
        path = folder / "mapping.toml"
        path.write_text(mapping)
    file = io.BytesIO(text if isinstance(text, bytes) else text.encode())
    return [(raw.number, raw.fields or raw.problem) for raw in csv_reader.reader(read_mapping(path))(file)]


def test_the_example_makes_as_many_lines_as_its_rows_have_dates(database_urls: DatabaseUrls) -> None:
    read = csv_reader.reader(read_mapping(EXAMPLES / "exercise.toml"))
    with opened(database_urls.api) as register:
        register.reads(EXAMPLE)
        totals = register.reads((EXAMPLES / "exercise.csv").read_bytes(), read)
        assert (totals.lines, totals.recorded, totals.histories) == (8, 8, 3)
        assert register.reads((EXAMPLES / "exercise.csv").read_bytes(), read).repeated_lines == 8
        submitted = [recorded for recorded in register.log if recorded.command.name == "SubmitRequest"]
        assert submitted[-1].happened_at.isoformat() == "2017-03-07T09:00:00+00:00", "Vienna's time"


def test_columns_are_named_by_what_they_hold() -> None:
    text = (
        "\ufeffhistory,command,at,actor.roles,input.period.start,input.conditions.1.text,input.conditions.0.text,Remarks\r\n"
        'a,approve,2017-03-01T12:00:00Z,REVIEWER; APPROVER,2018-01-01,"second\r\nline",first,not read\r\n'
        "\r\nb,deny,,,,only,,\r\n"
    )
    assert lines(text) == [
        (2, {
            "history": "a", "command": "approve", "at": "2017-03-01T12:00:00+00:00",
            "actor": {"roles": ["REVIEWER", "APPROVER"]},
            "input": {
                "period": {"start": "2018-01-01T00:00:00"},
                "conditions": [{"text": "first"}, {"text": "second\r\nline"}],
            },
        }),
        (5, {"history": "b", "command": "deny", "input": {"conditions": [{"text": "only"}]}}),
    ]  # fmt: skip


def test_a_line_that_is_made_otherwise_takes_what_no_line_before_it_takes(tmp_path: Path) -> None:
    mapping = """
        [[line]]
        when = { kind = ["yes", "of course *"] }
        fixed = { command = "a" }
        [[line]]
        when = { kind = "yes" }
        fixed = { command = "b" }
        [[line]]
        otherwise = true
        fixed = { command = "c" }
    """
    rows = "history,at,kind\n1,x,yes\n2,x,of course not\n3,x,no\n4,x,\n"
    found = [(fields["history"], fields["command"]) for _, fields in lines(rows, mapping, tmp_path)]
    assert found == [("1", "a"), ("1", "b"), ("2", "a"), ("3", "c"), ("4", "c")]


@pytest.mark.parametrize("text", ['history,at\na,"1\nb,2\nc,3\n', 'history,at\na,"1', 'history,"at\na,1\n'])
def test_a_quote_that_is_never_closed_swallows_no_rows(text: str) -> None:
    with pytest.raises(Misconfigured, match=r"never closed|names no columns"):
        lines(text)


def test_a_quote_that_is_closed_too_late_is_refused_where_it_was_opened() -> None:
    [first, refused, last] = lines('history,at\na,1\nb,"2\nc,"3"\nd,4\n')
    assert (first[0], refused[0], last) == (2, 3, (5, {"history": "d", "at": "4"}))
    assert "It is not a valid row" in refused[1]


def test_a_mapping_renames_translates_and_chooses(tmp_path: Path) -> None:
    mapping = """
        delimiter = "\\t"
        encoding = "latin-1"
        lists = "/"
        dates = ["%d.%m.%y"]
        timezone = "Europe/Belgrade"
        columns = { history = "Nr", at = "Tag" }
        [[line]]
        when = { Art = "Nein" }
        columns = { "actor.roles" = "Rollen" }
        fixed = { command = "denyDeploymentRequest" }
        values = { "actor.roles" = { Chef = "APPROVER" } }
    """
    text = (
        "Nr\tTag\tArt\tRollen\nä1\t02.07.17\tNein\tChef\nä2\t02.07.17\tJa\tChef\nä3\t\tNein\tChef\nä4\tx\tNein\tA/B\n"
    )
    denied = {"command": "denyDeploymentRequest"}
    assert lines(text.encode("latin-1"), mapping, tmp_path) == [
        (2, {"history": "ä1", "at": "2017-07-02T00:00:00+02:00", "actor": {"roles": ["APPROVER"]}, **denied}),
        (5, {"history": "ä4", "at": "x", "actor": {"roles": ["A", "B"]}, **denied}),
    ]  # fmt: skip


def test_a_row_that_cannot_be_one_is_reported_and_the_rest_is_read() -> None:
    read = lines("history,at\na,b,c\ne,f\n")
    assert [number for number, _ in read] == [2, 3]
    assert "3 cells" in read[0][1]
    assert read[1][1] == {"history": "e", "at": "f"}


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("columns = { history = 'Case' }", "no column 'Case'"),
        ("when = { Case = 'x' }", "no column 'Case'"),
        ("fixed = { input = 'x', 'input.force' = 'y' }", "'input' and for a part of it"),
        ("columns = { command = 'history' }\nfixed = { command = 'x' }", "'command' is in columns and in fixed"),
        ("columns = { command = 'at' }\n[[line]]\nfixed = { command = 'x' }", "'command' is in columns and in fixed"),
        ("fixed = { command = 'x' }\n[[line]]\ncolumns = { command = 'at' }", "'command' is in columns and in fixed"),
        ("otherwise = true", "after the first one"),
        ("[[line]]\notherwise = true", "after the first one"),
        ("when = { at = [] }", "when: 'at': an empty list"),
        ("fixed = { history = 'x' }", "'history' is a column of the file and in fixed"),
        ("delimiter = '\"'", "no quote"),
        ('delimiter = "\\n"', "no line break"),
        ('delimiter = "\\u0000"', "no NUL"),
        ("dates = ['%d%d']", "twice"),
        ("dates = ['%Q']", "dates: '%Q' is no form of a date"),
        ("dates = '%d'", "'dates' must be a list, not a text"),
        ("delimiter = 3", "'delimiter' must be a text, not a number"),
        ('encoding = "utf-8\\u0000"', "encoding: 'utf-8\\x00' is no text encoding"),
        ("encoding = 'rot13'", "encoding: 'rot13' is no text encoding"),
        ("= 3", "no valid TOML"),
        ("[[line]]\nx = 1", "no key 'x': the keys are columns, fixed"),
        ("timezone = 'Europe'", "no timezone 'Europe'"),
        ("timezone = '../../etc/passwd'", "no timezone"),
        (f"x = {'[' * 1_900}", "nested too deeply"),
        (f"{'a.' * 990}a = 1", "there is no key 'a'"),
        (f"{'a.' * 50_000}a = 1", "at most 65,536 bytes"),
        (f"{'a.' * 5_000}a = 1", "at most 2,000 characters"),
        (f"[columns]\n'{'a.' * 400}a' = 'at'", "no path"),
        ("[[line]]\n" * 200, "at most 100 lines"),
        ("[[line]]\n" * 5_000, "at most 100 lines"),
        ("delimiter = ';;'", "one character"),
        ("encoding = 'nonsense'", "nonsense"),
        ("encoding = 'utf-16'", "not in utf-16"),
        ("timezone = 'Atlantis/City'", "Atlantis"),
        ("colums = {}", "colums"),
        ("columns = { history = 3 }", "columns"),
        ("columns", "mapping.toml"),
    ],
)
def test_an_invalid_mapping_is_reported_in_one_line(tmp_path: Path, mapping: str, said: str) -> None:
    with pytest.raises(Misconfigured, match=said):
        lines("history,at\nab,b\n", mapping, tmp_path)


@pytest.mark.parametrize("column", ["a." * 2_000 + "a", "input." + "a." * 2_000 + "a", "a" * 201])
def test_a_column_that_is_no_path_is_named_in_one_line(column: str) -> None:
    with pytest.raises(Misconfigured, match=r"line 1: the column '.*…' has too many parts.*: rename it") as refused:
        lines(f"history,{column}\nx,y\n")
    assert len(str(refused.value)) < 200
    assert lines("history,What happened. Where. When. Who. Why. How. And. So. On. Until. Then. Ok?\nx,y\n")


@pytest.mark.parametrize("text", ["", "\n", " , \nhistory,at\n"])
def test_a_file_without_columns_is_refused(text: str) -> None:
    with pytest.raises(Misconfigured, match="names no columns"):
        lines(text)


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(Misconfigured, match="two columns 'at'"):
        lines("history,at,at\n")


def test_a_missing_mapping_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="No such file"):
        read_mapping(tmp_path / "none.toml")


HOSTILE = {
    "columns": ",".join(f"c{n}" for n in range(20_000)),
    "the same columns": ",".join("at" for _ in range(20_000)),
    "parts": f"history,at,input.{'a.' * 2_000}a",
    "a long name": f"history,at,input.{'a' * 3_000}",
    "a part and its whole": "history,at,input.force,input.force.x",
    "a long first row": "x" * 3_000_000,
    "a long row": f"history,at\n{'x' * 2_000_000}",
    "a row of long cells": f"history,at\n{','.join(['x' * 600_000] * 4)}",
    "a long row of lines": 'history,at\n"' + "x\n" * 1_000_000,
    "no UTF-8": b"history,at\na,\xff\n",
    "no UTF-8 in the first row": b"history,\xff\n",
    "UTF-16": "history,at\n".encode("utf-16"),
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_file_is_refused_in_a_short_line(text: str | bytes) -> None:
    with pytest.raises(Misconfigured) as refused:
        lines(text)
    assert len(str(refused.value)) < 300
    assert len(str(refused.value).splitlines()) == 1


def test_a_hostile_cell_is_a_value_like_any_other() -> None:
    numbers = "input." + "9" * 150
    [(_, read)] = lines(f"history,at,{numbers}\na\0b,{'9' * 5_000},x\n")
    assert read == {"history": "a\0b", "at": "9" * 5_000, "input": ["x"]}


def test_a_mapping_that_is_no_file_is_reported_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="it is no file"):
        read_mapping(tmp_path)


@pytest.mark.parametrize(
    ("mapping", "unread"),
    [
        ('values.command = { granted = "approveDeploymentRequest" }', "command"),
        ('[[line]]\nvalues."actor.roles" = { Chef = "APPROVER" }', "actor.roles"),
        ('columns = { at = "Tag" }\nvalues.att = { x = "2017-03-01" }', "att"),
    ],
)
def test_values_for_a_field_without_a_column_are_refused(mapping: str, unread: str, tmp_path: Path) -> None:
    said = f"values: no column is read for '{unread}': name one in columns, or leave its values out"
    with pytest.raises(Misconfigured, match=re.escape(said)):
        lines("history,Tag\na,b\n", mapping, tmp_path)


def test_values_are_for_columns_of_any_line_and_for_those_that_paths_name(tmp_path: Path) -> None:
    line = '[[line]]\ncolumns.at = "Tag"\n'
    mapping = f'values.command = {{ x = "y" }}\n{line}{line}columns.command = "Art"'
    assert [fields["command"] for _, fields in lines("history,Tag,Art\na,b,x\n", mapping, tmp_path)[1:]] == ["y"]
    own = lines("history,command\na,x\n", 'values.command = { x = "y" }', tmp_path)
    assert own == [(2, {"history": "a", "command": "y"})]


def test_a_type_of_objects_is_refused_where_there_are_none(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="leave out case = 'Permit'"):
        lines("history\na\n", 'case = "Permit"', tmp_path)
