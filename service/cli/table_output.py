"""Rows for people and for programs: a table on a terminal, tab-separated lines in a pipe, JSON on request."""

import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.vocabulary import camel, iso_time
from service.cli.terminal_text import clean

BETWEEN: Final = 3
"""Characters between two columns."""
CAMEL: Final = re.compile("[A-Z]")
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
    """On a terminal, a table, or a paragraph for each row if its columns are too narrow for a word of theirs.

    Else a header and lines, separated by tabs, with every value in full.
    """
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            sys.stdout.write("\t".join(" ".join(_text(value).split()) for value in row) + "\n")
        return
    titles = [CAMEL.sub(lambda found: f" {found[0].lower()}", column) for column in columns]
    shown = [[_spoken(value) for value in row] for row in rows]
    columns_of_cells = list(zip(titles, *shown, strict=True))
    console = Console()
    if (widths := _widths(columns_of_cells, console.width - BETWEEN * (len(columns) - 1))) is not None:
        table = Table(box=SIMPLE_HEAD, show_edge=False, pad_edge=False)
        for title, width in zip(titles, widths, strict=True):
            table.add_column(title, width=width)
        for row in shown:
            table.add_row(*map(Text, row))
        console.print(table)
        return
    for number, row in enumerate(shown):
        if number:
            console.print()
        console.print(_paragraph(titles, row))


def _widths(columns: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """Of columns in this room: at least the longest word, and at most the longest line. None if it is too small."""
    widths = [max(map(_longest_word, cells)) for cells in columns]
    if (left := room - sum(widths)) < 0:
        return None
    lines = [max(cell_len(line) for cell in cells for line in cell.splitlines() or [""]) for cells in columns]
    for index in sorted(range(len(columns)), key=lambda index: lines[index]):
        more = min(lines[index] - widths[index], left)
        widths[index], left = widths[index] + more, left - more
    return widths


def _longest_word(text: str) -> int:
    return max(map(cell_len, text.split()), default=0)


def _paragraph(titles: Sequence[str], row: Sequence[str]) -> Table:
    """One row, a line for each column that has a value."""
    lines = Table.grid(padding=(0, 2))
    lines.add_column(style="bold")
    lines.add_column(overflow="fold")
    for title, value in zip(titles, row, strict=True):
        if value:
            lines.add_row(title, Text(value))
    return lines


def _spoken(value: Any) -> str:
    """A value on a terminal."""
    return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}" if isinstance(value, datetime) else _text(value)


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
