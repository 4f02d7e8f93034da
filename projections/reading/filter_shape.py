"""The shape of a list filter: parameters in place of values, so that the statement is built once for each shape."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, TIMESTAMP, BindParameter, ColumnElement, FromClause, Integer, Text, Uuid, bindparam
from sqlalchemy.types import TypeEngine

from projections.reading.queries import ListPosition

SEPARATE: Final = 8
"""Up to this many values of a field get a parameter each, and a list each in the order of an index."""
TYPES: Final[Mapping[type, TypeEngine[Any]]] = {str: Text(), UUID: Uuid(), datetime: TIMESTAMP(timezone=True)}


class NamedParameter(NamedTuple):
    """A parameter: its name, the type of its values, and whether it is an array of them."""

    name: str
    type: type
    is_array: bool = False


Field = bool | NamedParameter | tuple[NamedParameter, ...]
"""A flag, one parameter, or one parameter for each of a few values."""
Shape = tuple[tuple[str, Field], ...]
"""The fields of a filter that are set, with the values of flags: all that the form of the statement depends on.

The number and size of shapes is bounded, whatever filters a client sends.
"""


def shape_of(
    wanted: Any, separate: Sequence[str], prepared: Mapping[str, Callable[[Any], Sequence[str]]]
) -> tuple[Shape, Mapping[str, object]]:
    """The shape of a filter and the values of its parameters. wanted: a dataclass; None does not filter.

    separate: fields of which up to SEPARATE values get a parameter each; other fields get a single one.
    prepared: fields whose values are replaced by others.
    """
    shape: list[tuple[str, Field]] = []
    values: dict[str, object] = {}
    for name in wanted.__dataclass_fields__:
        value = getattr(wanted, name)
        if value is None:
            continue
        if name in prepared:
            value = prepared[name](value)
        if isinstance(value, list | tuple):
            value = tuple(dict.fromkeys(value))
        if isinstance(value, bool):
            shape.append((name, value))
        elif not isinstance(value, tuple):
            shape.append((name, NamedParameter(name, type(value))))
            values[name] = value
        elif 0 < len(value) <= (SEPARATE if name in separate else 1):
            few = tuple(NamedParameter(f"{name}_{n}", str) for n in range(len(value)))
            values.update(zip((each.name for each in few), value, strict=True))
            shape.append((name, few))
        else:
            shape.append((name, NamedParameter(name, str, is_array=True)))
            values[name] = list(value)
    return tuple(shape), values


Chosen = bool | BindParameter[Any] | Sequence[BindParameter[Any]]
"""What a statement has in place of a field's values: the flag, or its parameters."""
Filter = Mapping[str, Chosen]
"""The fields of a filter that are set."""
Condition = Callable[[FromClause, Any], ColumnElement[bool]]
"""The condition of one field: takes the rows, and the field's Chosen."""


def parameters(shape: Shape) -> Filter:
    """The fields of a filter of this shape, with parameters instead of values."""
    return {name: _parameterized(field) for name, field in shape}


def each(chosen: Chosen | None) -> Sequence[BindParameter[Any]]:
    """The parameters of a field that has one for each value; empty if it has one for all of them."""
    return chosen if isinstance(chosen, list) else ()


def split(wanted: Filter, *names: str) -> list[Filter]:
    """One filter for each value of the first of these fields that has several: each has its own range of an index."""
    for name in names:
        if len(values := each(wanted.get(name))) > 1:
            return [{**wanted, name: [value]} for value in values]
    return [wanted]


def conditions(wanted: Filter, known: Mapping[str, Condition], rows: FromClause) -> Iterator[ColumnElement[bool]]:
    """The conditions of those fields that are known."""
    return (known[name](rows, chosen) for name, chosen in wanted.items() if name in known)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """Which page of a list: the first or a later one, and in which direction.

    The page size and the start position are parameters: see `part_values`.
    """

    continued: bool
    falling: bool


LIMIT: Final[BindParameter[int]] = bindparam("limit", type_=Integer())
AFTER_AT: Final[BindParameter[datetime]] = bindparam("after_at", type_=TYPES[datetime])
AFTER_ID: Final[BindParameter[UUID]] = bindparam("after_id", type_=TYPES[UUID])


def part_values(limit: int, after: ListPosition | None) -> Mapping[str, object]:
    """The values of a page's parameters."""
    place = {"after_at": after.at, "after_id": after.id} if after else {}
    return {"limit": limit, **place}


def _parameterized(field: Field) -> Chosen:
    if isinstance(field, bool):
        return field
    return _parameter(field) if isinstance(field, NamedParameter) else [_parameter(named) for named in field]


def _parameter(named: NamedParameter) -> BindParameter[Any]:
    kind = TYPES[named.type]
    return bindparam(named.name, type_=ARRAY(kind) if named.is_array else kind)
