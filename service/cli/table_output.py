"""Rows for people and for programs: a table on a terminal, tab-separated lines in a pipe, JSON on request."""

import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.vocabulary import camel, iso_time
from service.cli.terminal_text import clean

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON, with every value in full.")]


def print_json(value: Any) -> None:
    """Prints one JSON document of mappings, lists and dataclasses.

    Fields of dataclasses are named in camelCase, and instants are written, as in the API.
    """
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(_named_as_in_api(value)), indent=2).decode() + "\n")


def _named_as_in_api(value: Any) -> Any:
    if is_dataclass(value):
        return {camel(each.name): _named_as_in_api(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, datetime):
        return iso_time(value)
    if isinstance(value, dict):
        return {key: _named_as_in_api(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_named_as_in_api(each) for each in value]
    return value


def print_rows(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool = False) -> None:
    """On a terminal, a table of its width. Else a header and lines, separated by tabs, with every value in full."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            sys.stdout.write("\t".join(" ".join(_text(value).split()) for value in row) + "\n")
        return
    table = Table()
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(_text(value)) for value in row))
    Console().print(table)


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case float():
            return f"{value:.1f}"
        case datetime():
            return value.isoformat(timespec="seconds")
        case _:
            return clean(str(value))
