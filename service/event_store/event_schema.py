"""The fields of event classes, computed once: their names, and the places of texts and instants.

msgspec checks types, but silently drops unknown fields and accepts instants without an offset.
"""

from collections.abc import Iterator
from dataclasses import dataclass, is_dataclass, replace
from datetime import UTC, datetime
from enum import Enum, auto
from typing import Any

from domain.dataclass_fields import field_types
from domain.vocabulary import Text

DIGEST = "$text"
"""The only key of the object that replaces a text in a stored event."""


class FieldKind(Enum):
    """Kinds of fields that need a check: a text, an instant, one nested object, several nested objects."""

    TEXT = auto()
    INSTANT = auto()
    ONE = auto()
    MANY = auto()


@dataclass(frozen=True, slots=True)
class EventSchema:
    """names: all fields. parts: the fields to check, in msgspec's encoding order."""

    names: frozenset[str]
    parts: tuple[tuple[str, FieldKind, "EventSchema | None"], ...]

    def collect_texts(self, event: object, texts: list[str], prefix: str = "") -> bool:
        """Adds the path of every text to `texts`. Returns whether every instant is in UTC."""
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
        """The same event with every instant in UTC. Raises ValueError if one has no offset."""
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

        Raises ValueError if the data differs from the schema in a way that msgspec does not detect.
        """
        if type(data) is not dict:
            raise ValueError(f"{prefix.rstrip('.') or 'data'} is not an object")
        if data.keys() != self.names:
            differing = ", ".join(sorted(prefix + str(name) for name in data.keys() ^ self.names))
            raise ValueError(f"unknown or missing fields: {differing}")
        for name, kind, shape in self.parts:
            value = data[name]
            if value is None:
                continue
            if kind is FieldKind.TEXT:
                digests[prefix + name] = _digest(value, prefix + name)
            elif kind is FieldKind.INSTANT:
                if type(value) is not str or value[-1:] != "Z":
                    raise ValueError(f"{prefix}{name} is not an instant in UTC")
            else:
                assert shape is not None
                for path, member in _members(value, kind, f"{prefix}{name}."):
                    shape.collect_digests(member, digests, path)


def schema_of(cls: type[Any]) -> EventSchema:
    """Raises TypeError if a field has a type that cannot be stored."""
    held = field_types(cls)
    parts: list[tuple[str, FieldKind, EventSchema | None]] = []
    for field in held:
        if not isinstance(field.base, type):
            raise TypeError(f"{cls.__name__}.{field.name}: {field.type} cannot be stored")
        if field.base is Text or field.base is datetime:
            if field.many:
                raise TypeError(f"{cls.__name__}.{field.name}: a text or an instant needs a field for itself")
            parts.append((field.name, FieldKind.TEXT if field.base is Text else FieldKind.INSTANT, None))
        elif is_dataclass(field.base):
            kind = FieldKind.MANY if field.many else FieldKind.ONE
            parts.append((field.name, kind, schema_of(field.type)))
    return EventSchema(frozenset(field.name for field in held), tuple(parts))


def digests_in(data: Any) -> Iterator[str]:
    """The digest of every text in stored data of any shape, including schemas whose class no longer exists."""
    if type(data) is dict:
        if data.keys() == {DIGEST}:
            yield _digest(data, "data")
            return
        data = data.values()
    elif type(data) is not list:
        return
    for member in data:
        yield from digests_in(member)


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
    raise ValueError(f"{path} is not a text")
