"""The fields of dataclasses and what they hold, for everything that is derived from them."""

from dataclasses import dataclass, fields
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field. type: X for 'X', 'X | None' and, if many, 'tuple[X, ...]'. base: the type behind a NewType."""

    name: str
    type: Any
    many: bool = False

    @property
    def base(self) -> Any:
        base = self.type
        while hasattr(base, "__supertype__"):
            base = base.__supertype__
        return base


def field_types(kind: Any) -> tuple[FieldType, ...]:
    """The fields of a dataclass, in their order."""
    return _field_types(kind)


@cache
def _field_types(kind: Any) -> tuple[FieldType, ...]:
    hints = get_type_hints(kind)
    return tuple(_field_type(field.name, hints[field.name]) for field in fields(kind))


def _field_type(name: str, hint: Any, many: bool = False) -> FieldType:
    held = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) in (Union, UnionType) and len(held) == 1:
        return _field_type(name, held[0], many)
    if get_origin(hint) is tuple and held[1:] == [Ellipsis]:
        return _field_type(name, held[0], many=True)
    return FieldType(name, hint, many)
