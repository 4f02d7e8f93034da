"""CSV: the first row names the columns; each row after it makes a line, or as many as its mapping says."""

import csv
from collections.abc import Iterator, Mapping
from io import TextIOWrapper
from typing import Any, BinaryIO, Final

import msgspec

from service.errors import Misconfigured
from service.exchange.importing.mapping import Mapped, Rule
from service.exchange.importing.raw import LONGEST_LINE, Raw, Reader

PATHS: Final = ("history", "command", "at", "name", "actor.", "input.")
"""A column that is named like one of these, or begins with one that ends in a dot, is the field of that name."""

UNCLOSED: Final = "unexpected end of data"
"""What the csv module says of it."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def reader(mapped: Mapped) -> Reader:
    """Reads files of this form. Raises Misconfigured where a file has not the columns that the mapping names, and where
    a quote is never closed: what comes after it would be taken for one cell."""

    def read(file: BinaryIO) -> Iterator[Raw]:
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


def _read(text: TextIOWrapper, mapped: Mapped) -> Iterator[Raw]:
    csv.field_size_limit(LONGEST_LINE)
    rows = csv.reader(text, delimiter=mapped.delimiter, strict=True)
    try:
        header = [column.strip() for column in next(rows, [])]
    except csv.Error as error:
        raise Misconfigured(f"line 1 names no columns: {error}") from None
    if not any(header):
        raise Misconfigured("line 1 names no columns: the file is empty, or begins with an empty line")
    rules = [(rule, _columns(rule, header)) for rule in mapped.rules]
    while True:
        number = rows.line_num + 1
        try:
            row = next(rows, None)
        except csv.Error as error:
            if str(error) == UNCLOSED:
                raise Misconfigured(f"a quote that is opened on line {number} or after it is never closed") from None
            yield Raw(number, b"", None, f"It is no row: {error}")
            continue
        if row is None:
            return
        if not any(cell.strip() for cell in row):
            continue
        if len(row) > len(header):
            yield Raw(number, b"", None, f"It has {len(row)} cells, and there are {len(header)} columns.")
            continue
        cells = dict(zip(header, (cell.strip() for cell in row), strict=False))
        for rule, columns in rules:
            if (fields := _fields(cells, rule, columns, mapped)) is not None:
                yield Raw(number, _encode(fields), fields)


def _columns(rule: Rule, header: list[str]) -> Mapping[str, str]:
    """path -> column."""
    if missing := sorted({*rule.columns.values(), *rule.when} - {*header}):
        raise Misconfigured(f"the file has no column '{missing[0]}': it has {', '.join(header)}")
    if twice := [column for index, column in enumerate(header) if column and column in header[:index]]:
        raise Misconfigured(f"the file has two columns '{twice[0]}'")
    paths = {*rule.columns, *rule.fixed}
    if within := [path for path in paths if any(other.startswith(f"{path}.") for other in paths)]:
        raise Misconfigured(f"the mapping sets '{within[0]}' and a part of it")
    named = {column: column for column in header if _is_path(column) and column not in rule.columns.values()}
    return {**named, **rule.columns}


def _is_path(column: str) -> bool:
    return any(column == path or (path.endswith(".") and column.startswith(path)) for path in PATHS)


def _fields(
    cells: Mapping[str, str], rule: Rule, columns: Mapping[str, str], mapped: Mapped
) -> Mapping[str, Any] | None:
    """The fields of the line that a row makes by a rule; None where it makes none."""
    if any(cells.get(column) != value for column, value in rule.when.items()):
        return None
    told = {
        path: rule.values.get(path, {}).get(cell, cell)
        for path, column in columns.items()
        if (cell := cells.get(column))
    }
    told = {**rule.fixed, **told}
    if rule.optional and not told.get("at"):
        return None
    fields: dict[str, Any] = {}
    for path, cell in told.items():
        _put(fields, path.split("."), mapped.value(path, cell))
    listed: Mapping[str, Any] = _listed(fields)
    return listed


def _put(fields: dict[str, Any], path: list[str], value: Any) -> None:
    """Sets 'input.period.start'."""
    place = fields
    for part in path[:-1]:
        place = place.setdefault(part, {})
    place[path[-1]] = value


def _listed(value: Any) -> Any:
    """With a list where the names are numbers: 'input.conditions.0.text'."""
    if not isinstance(value, dict):
        return value
    inner = {name: _listed(each) for name, each in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
