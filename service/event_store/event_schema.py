"""What the fields of an event's class hold, found once: where a text or an instant may stand, and all their names.

msgspec checks types, but drops unknown fields in silence and lets instants without an offset pass.
"""

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from domain.vocabulary import Text

DIGEST = "$text"
"""The one key of the object that stands in an event in a text's place."""


class FieldKind(Enum):
    """What a field holds, where that needs a look: a text, an instant, another object, several of them."""

    TEXT = auto()
    INSTANT = auto()
    ONE = auto()
    MANY = auto()


@dataclass(frozen=True, slots=True)
class EventSchema:
    """names: every field. parts: the fields that need a look, in the order in which msgspec meets them."""

    names: frozenset[str]
    parts: tuple[tuple[str, FieldKind, "EventSchema | None"], ...]

    def collect_texts(self, event: object, texts: list[str], prefix: str = "") -> bool:
        """Adds the path of every text to `texts`; tells whether every instant is in UTC."""
        in_utc = True
        for name, kind, shape in self.parts:
            value = getattr(event, name)
            if value is None:
                continue
            if kind is FieldKind.TEXT:
                texts.append(prefix + name)
            elif kind is FieldKind.INSTANT:
                in_utc = in_utc and value.tzinfo is UTC
            else:
                assert shape is not None
                for path, member in _members(value, kind, f"{prefix}{name}."):
                    in_utc = shape.collect_texts(member, texts, path) and in_utc
        return in_utc

    def to_utc(self, event: Any) -> Any:
        """The same event with every instant in UTC. Raises ValueError where one has no offset."""
        changed: dict[str, object] = {}
        for name, kind, shape in self.parts:
            value = getattr(event, name)
            if value is None or kind is FieldKind.TEXT:
                continue
            if kind is FieldKind.INSTANT:
                if value.utcoffset() is None:
                    raise ValueError(f"{type(event).__name__}.{name} is an instant without an offset: {value}")
                changed[name] = value.astimezone(UTC)
            else:
                assert shape is not None
                changed[name] = tuple(map(shape.to_utc, value)) if kind is FieldKind.MANY else shape.to_utc(value)
        return replace(event, **changed)

    def collect_digests(self, data: Any, digests: dict[str, str], prefix: str = "") -> None:
        """Adds path -> digest of every text in this stored data to `digests`.

        Raises ValueError where the data is not of this shape in a way that msgspec would not see.
        """
        if type(data) is not dict:
            raise ValueError(f"{prefix.rstrip('.') or 'data'} is no object")
        if data.keys() != self.names:
            odd = ", ".join(sorted(prefix + str(name) for name in data.keys() ^ self.names))
            raise ValueError(f"unknown or missing fields: {odd}")
        for name, kind, shape in self.parts:
            value = data[name]
            if value is None:
                continue
            if kind is FieldKind.TEXT:
                digests[prefix + name] = _digest(value, prefix + name)
            elif kind is FieldKind.INSTANT:
                if type(value) is not str or value[-1:] != "Z":
                    raise ValueError(f"{prefix}{name} is no instant in UTC")
            else:
                assert shape is not None
                for path, member in _members(value, kind, f"{prefix}{name}."):
                    shape.collect_digests(member, digests, path)


def schema_of(cls: type[Any]) -> EventSchema:
    """Raises TypeError where the type of a field cannot be stored."""
    hints = get_type_hints(cls)
    parts: list[tuple[str, FieldKind, EventSchema | None]] = []
    for name, hint in hints.items():
        for held, many in _held(hint, f"{cls.__name__}.{name}"):
            if held is Text or held is datetime:
                if many:
                    raise TypeError(f"{cls.__name__}.{name}: a text or an instant stands in a field of its own")
                parts.append((name, FieldKind.TEXT if held is Text else FieldKind.INSTANT, None))
            elif is_dataclass(held):
                parts.append((name, FieldKind.MANY if many else FieldKind.ONE, schema_of(held)))
    return EventSchema(frozenset(hints), tuple(parts))


def digests_in(data: Any) -> Iterator[str]:
    """The digest of every text in stored data of any shape, also of a schema whose class no longer exists."""
    if type(data) is dict:
        if data.keys() == {DIGEST}:
            yield _digest(data, "data")
            return
        data = data.values()
    elif type(data) is not list:
        return
    for member in data:
        yield from digests_in(member)


def _held(hint: Any, place: str, many: bool = False) -> Iterator[tuple[type[Any], bool]]:
    """What a field may hold, None apart; and whether it holds several."""
    if isinstance(hint, UnionType) or get_origin(hint) is Union:
        for option in get_args(hint):
            if option is not NoneType:
                yield from _held(option, place, many)
    elif get_origin(hint) is tuple:
        for member in get_args(hint):
            if member is not Ellipsis:
                yield from _held(member, place, True)
    elif hasattr(hint, "__supertype__"):
        yield from _held(hint.__supertype__, place, many)
    elif isinstance(hint, type):
        yield hint, many
    else:
        raise TypeError(f"{place}: {hint} cannot be stored")


def _members(value: Any, kind: FieldKind, path: str) -> Iterator[tuple[str, Any]]:
    if kind is FieldKind.ONE:
        yield path, value
    else:
        for index, member in enumerate(value):
            yield f"{path}{index}.", member


def _digest(value: Any, path: str) -> str:
    if type(value) is dict and len(value) == 1 and type(found := value.get(DIGEST)) is str:
        digest: str = found
        return digest
    raise ValueError(f"{path} is no text")
