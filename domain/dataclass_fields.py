"""The fields of dataclasses and what they hold, for everything that is derived from them."""

from dataclasses import dataclass, fields, replace
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class FieldType:
    """A field. type: X for 'X', for 'X | None' if optional, for 'tuple[X, ...]' if many. base: behind a NewType."""

    name: str
    type: Any
    many: bool = False
    optional: bool = False

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


def _field_type(name: str, hint: Any) -> FieldType:
    held = [each for each in get_args(hint) if each is not NoneType]
    if get_origin(hint) in (Union, UnionType) and len(held) == 1:
        return replace(_field_type(name, held[0]), optional=True)
    if get_origin(hint) is tuple and held[1:] == [Ellipsis]:
        return replace(_field_type(name, held[0]), many=True)
    return FieldType(name, hint)
