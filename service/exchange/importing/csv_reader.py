"""CSV reader: the first row names the columns; every other row becomes one line, or those of its mapping."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from typing import BinaryIO, Final

from service.errors import Misconfigured
from service.exchange.importing.column_map import ColumnMap, ColumnRule, check_case, check_parts, check_values, is_path
from service.exchange.importing.raw_line import LONGEST_LINE, LineReader, RawLine, quoted
from service.exchange.importing.row_rules import lines_of

PATHS: Final = ("history", "command", "at", "name", "actor.", "input.")
"""Column names that are field paths: equal to one of these, or starting with one that ends in a dot."""

MOST_COLUMNS: Final = 1_000
MOST_NAMED: Final = 20
"""Maximum number of columns in a message."""
UNCLOSED: Final = "unexpected end of data"
"""The csv module's message for an unclosed quote."""


def reader(mapped: ColumnMap) -> LineReader:
    """A reader of files with this mapping. Raises Misconfigured.

    It raises Misconfigured if a mapped column is missing, or if a quote is never closed, because everything after it
    would be read as one cell.
    """
    check_case(mapped)

    def read(file: BinaryIO) -> Iterator[RawLine]:
        text = TextIOWrapper(file, encoding=mapped.encoding, newline="")
        try:
            yield from _read(text, mapped)
        except UnicodeError:
            raise Misconfigured(
                f"the file is not in {mapped.encoding.removesuffix('-sig')}: name its encoding in a mapping, as "
                "encoding = 'cp1252' (docs/import.md)"
            ) from None
        finally:
            text.detach()

    return read


class _Lines:
    """The lines of a file for csv.reader. Raises Misconfigured if a row is longer than LONGEST_LINE characters."""

    def __init__(self, text: TextIOWrapper) -> None:
        self._text = text
        self._number = 0
        self._begun = 1
        self._size = 0

    def begin(self) -> int:
        """Starts a new row at the next line, and returns that line's number."""
        self._begun, self._size = self._number + 1, 0
        return self._begun

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = self._text.readline(LONGEST_LINE - self._size + 1)
        if not line:
            raise StopIteration
        self._number += 1
        self._size += len(line)
        if self._size > LONGEST_LINE:
            raise Misconfigured(
                f"the row that begins on line {self._begun} has more than {LONGEST_LINE:,} characters: "
                "is a quote in it never closed?"
            )
        return line


def _read(text: TextIOWrapper, mapped: ColumnMap) -> Iterator[RawLine]:
    csv.field_size_limit(LONGEST_LINE)
    lines = _Lines(text)
    rows = csv.reader(lines, delimiter=mapped.delimiter, strict=True)
    header = _header(rows)
    columns = [_columns(rule, header) for rule in mapped.rules]
    check_values(mapped, columns)
    while True:
        number = lines.begin()
        try:
            row = next(rows, None)
        except csv.Error as error:
            if str(error) == UNCLOSED:
                raise Misconfigured(f"a quote that is opened on line {number} or after it is never closed") from None
            yield RawLine(number, b"", None, f"It is not a valid row: {error}")
            continue
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(header):
            yield RawLine(number, b"", None, f"It has {len(row)} cells, and there are {len(header)} columns.")
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        yield from lines_of(number, cells, mapped, columns)


def _header(rows: Iterator[list[str]]) -> list[str]:
    """The column names. Raises Misconfigured."""
    try:
        header = [column.strip() for column in next(rows, [])]
    except csv.Error as error:
        raise Misconfigured(f"line 1 names no columns: {error}") from None
    if not any(header):
        raise Misconfigured("line 1 names no columns: the file is empty, or begins with an empty line")
    if len(header) > MOST_COLUMNS:
        raise Misconfigured(f"line 1 names {len(header):,} columns: at most {MOST_COLUMNS:,} are read")
    if twice := [column for column, times in Counter(header).items() if column and times > 1]:
        raise Misconfigured(f"the file has two columns {quoted(twice[0])}")
    for column in header:
        if (_is_named_by_path(column) or " " not in column) and not is_path(column):
            raise Misconfigured(
                f"line 1: the column {quoted(column)} has too many parts, or too long a name: rename it"
            )
    return header


def _columns(rule: ColumnRule, header: list[str]) -> Mapping[str, str]:
    """path -> column. Raises Misconfigured."""
    if missing := sorted({*rule.columns.values(), *rule.when} - {*header}):
        named = ", ".join(map(quoted, header[:MOST_NAMED])) + (" …" if len(header) > MOST_NAMED else "")
        raise Misconfigured(f"the file has no column {quoted(missing[0])}: it has {named}")
    mapped = {*rule.columns.values()}
    own = {column: column for column in header if _is_named_by_path(column) and column not in mapped}
    if twice := sorted(own.keys() & rule.fixed.keys()):
        raise Misconfigured(
            f"{quoted(twice[0])} is a column of the file and in fixed, so that two values are given for one field: "
            "rename the column, or leave the field out of fixed"
        )
    try:
        check_parts({*own, *rule.columns, *rule.fixed})
    except ValueError as error:
        raise Misconfigured(str(error)) from None
    return {**own, **rule.columns}


def _is_named_by_path(column: str) -> bool:
    return any(column == path or (path.endswith(".") and column.startswith(path)) for path in PATHS)
