"""The form of a list's statement: its filter with parameters in place of values, so that it is built once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import TIMESTAMP, BindParameter, Integer, Text, Uuid, bindparam
from sqlalchemy.types import TypeEngine

from projections.asking import Place

TYPES: Final[Mapping[type, TypeEngine[Any]]] = {str: Text(), UUID: Uuid(), datetime: TIMESTAMP(timezone=True)}


class Named(NamedTuple):
    """A parameter: its name, and of which type its values are."""

    name: str
    type: type


Shape = tuple[tuple[str, bool | Named | tuple[Named, ...]], ...]
"""What of a filter gives its statement another form: which fields are given, how many values they have, and flags."""


def shaped(wanted: Any) -> tuple[Shape, Mapping[str, object]]:
    """The shape of a filter, a dataclass whose None does not narrow, and the values of its parameters."""
    shape: list[tuple[str, bool | Named | tuple[Named, ...]]] = []
    values: dict[str, object] = {}
    for name in wanted.__dataclass_fields__:
        value = getattr(wanted, name)
        if value is None:
            continue
        if isinstance(value, bool):
            shape.append((name, value))
        elif isinstance(value, list | tuple):
            several = tuple(Named(f"{name}_{n}", str) for n in range(len(value)))
            values.update(zip((each.name for each in several), value, strict=True))
            shape.append((name, several))
        else:
            shape.append((name, Named(name, type(value))))
            values[name] = value
    return tuple(shape), values


def parameters(shape: Shape) -> dict[str, Any]:
    """The fields of a filter of this shape, with parameters in place of values."""
    return {name: _parameterized(value) for name, value in shape}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Which part of a list: from its beginning, or from where another one ended; and in which direction.

    How many items, and where the other one ended, are parameters: see `part_values`.
    """

    continued: bool
    falling: bool


LIMIT: Final[BindParameter[int]] = bindparam("limit", type_=Integer())
AFTER_AT: Final[BindParameter[datetime]] = bindparam("after_at", type_=TYPES[datetime])
AFTER_ID: Final[BindParameter[UUID]] = bindparam("after_id", type_=TYPES[UUID])


def part_values(limit: int, after: Place | None) -> Mapping[str, object]:
    """The values of a part's parameters."""
    place = {"after_at": after.at, "after_id": after.id} if after else {}
    return {"limit": limit, **place}


def once(values: Iterable[str] | None) -> Sequence[str] | None:
    """Each of them once, in their order."""
    return None if values is None else tuple(dict.fromkeys(values))


def _parameterized(value: bool | Named | tuple[Named, ...]) -> Any:
    if isinstance(value, bool):
        return value
    return _parameter(value) if isinstance(value, Named) else [_parameter(each) for each in value]


def _parameter(named: Named) -> BindParameter[Any]:
    return bindparam(named.name, type_=TYPES[named.type])
