"""The form of a list's statement: its filter with parameters in place of values, so that it is built once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import ARRAY, TIMESTAMP, BindParameter, Integer, Text, Uuid, bindparam
from sqlalchemy.types import TypeEngine

from projections.reading.queries import ListPosition

APART: Final = 8
"""Of so many values at most, each gets a list of its own, in the order of an index."""
TYPES: Final[Mapping[type, TypeEngine[Any]]] = {str: Text(), UUID: Uuid(), datetime: TIMESTAMP(timezone=True)}


class NamedParameter(NamedTuple):
    """A parameter: its name, of which type its values are, and whether it is an array of them."""

    name: str
    type: type
    is_array: bool = False


Field = bool | NamedParameter | tuple[NamedParameter, ...]
"""A flag, a parameter, or one for each of a few values."""
Shape = tuple[tuple[str, Field], ...]
"""What of a filter gives its statement another form: its fields that are given, and the flags among them.

There are not many shapes, however many filters somebody makes up, and none is large.
"""


def shape_of(wanted: Any, *apart: str) -> tuple[Shape, Mapping[str, object]]:
    """The shape of a filter, a dataclass whose None does not narrow, and the values of its parameters.

    apart: the fields of which up to APART values get a parameter each; of the others, a single one does.
    """
    shape: list[tuple[str, Field]] = []
    values: dict[str, object] = {}
    for name in wanted.__dataclass_fields__:
        value = getattr(wanted, name)
        if value is None:
            continue
        if isinstance(value, bool):
            shape.append((name, value))
        elif not isinstance(value, list | tuple):
            shape.append((name, NamedParameter(name, type(value))))
            values[name] = value
        elif 0 < len(value) <= (APART if name in apart else 1):
            few = tuple(NamedParameter(f"{name}_{n}", str) for n in range(len(value)))
            values.update(zip((each.name for each in few), value, strict=True))
            shape.append((name, few))
        else:
            shape.append((name, NamedParameter(name, str, is_array=True)))
            values[name] = list(value)
    return tuple(shape), values


def parameters(shape: Shape) -> dict[str, Any]:
    """The fields of a filter of this shape, with parameters in place of values."""
    return {name: _parameterized(field) for name, field in shape}


def each(chosen: Any) -> Sequence[Any]:
    """The parameters of a field that has one for each of its values. None where it has one for all of them."""
    return chosen if isinstance(chosen, list) else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PageShape:
    """Which part of a list: from its beginning, or from where another one ended; and in which direction.

    How many items, and where the other one ended, are parameters: see `part_values`.
    """

    continued: bool
    falling: bool


LIMIT: Final[BindParameter[int]] = bindparam("limit", type_=Integer())
AFTER_AT: Final[BindParameter[datetime]] = bindparam("after_at", type_=TYPES[datetime])
AFTER_ID: Final[BindParameter[UUID]] = bindparam("after_id", type_=TYPES[UUID])


def part_values(limit: int, after: ListPosition | None) -> Mapping[str, object]:
    """The values of a part's parameters."""
    place = {"after_at": after.at, "after_id": after.id} if after else {}
    return {"limit": limit, **place}


def distinct(values: Iterable[str] | None) -> Sequence[str] | None:
    """Each of them once, in their order."""
    return None if values is None else tuple(dict.fromkeys(values))


def _parameterized(field: Field) -> Any:
    if isinstance(field, bool):
        return field
    return _parameter(field) if isinstance(field, NamedParameter) else [_parameter(named) for named in field]


def _parameter(named: NamedParameter) -> BindParameter[Any]:
    kind = TYPES[named.type]
    return bindparam(named.name, type_=ARRAY(kind) if named.is_array else kind)
