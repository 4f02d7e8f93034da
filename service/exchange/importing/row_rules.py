"""Applies the rules of a mapping to one row: a spreadsheet's, or an event's of a log."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from service.exchange.importing.column_map import ColumnMap, ColumnRule
from service.exchange.importing.raw_line import RawLine

Row = Mapping[str, str]
"""Column -> value. Columns without a value may be absent."""

_encode = msgspec.json.Encoder(order="deterministic").encode


def lines_of(number: int, row: Row, mapped: ColumnMap, columns: Sequence[Mapping[str, str]]) -> Iterator[RawLine]:
    """The lines that a row makes. number: of the row. columns: of each rule, path -> column."""
    is_made = False
    for rule, own in zip(mapped.rules, columns, strict=True):
        if rule.otherwise and is_made:
            continue
        if (fields := _fields(row, rule, own, mapped)) is not None:
            is_made = True
            yield RawLine(number, _encode(fields), fields)


def _fields(row: Row, rule: ColumnRule, columns: Mapping[str, str], mapped: ColumnMap) -> Mapping[str, Any] | None:
    """The fields of the line that a rule makes from a row, or None."""
    if not all(condition.holds(row.get(column, "")) for column, condition in rule.when.items()):
        return None
    cells = {
        path: rule.values.get(path, {}).get(cell, cell) for path, column in columns.items() if (cell := row.get(column))
    }
    cells = {**rule.fixed, **cells}
    if rule.optional and not cells.get("at"):
        return None
    fields: dict[str, Any] = {}
    for path, cell in cells.items():
        _put(fields, path.split("."), mapped.value(path, cell))
    listed: Mapping[str, Any] = _with_lists(fields)
    return listed


def _put(fields: dict[str, Any], path: list[str], value: Any) -> None:
    """Sets a nested value such as 'input.period.start'."""
    place = fields
    for part in path[:-1]:
        place = place.setdefault(part, {})
    place[path[-1]] = value


def _with_lists(value: Any) -> Any:
    """Converts objects with numeric names into lists: 'input.conditions.0.text'."""
    if not isinstance(value, dict):
        return value
    inner = {name: _with_lists(each) for name, each in value.items()}
    if inner and all(name.isdecimal() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner
