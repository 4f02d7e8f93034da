"""Values as JSON, with the field names of the API."""

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

from domain.vocabulary import Actor, Text, camel, iso_time
from projections.tables.row_documents import UNREAD


def plain(value: Any) -> Any:
    """A value as JSON, with the field names of the API."""
    kind = type(value)
    convert = _PLAIN.get(kind)
    if convert is None:
        convert = _PLAIN[kind] = _converter(kind)
    return convert(value)


def _converter(kind: type[Any]) -> Callable[[Any], Any]:
    if issubclass(kind, Enum):
        return attrgetter("value")
    if is_dataclass(kind):
        names = api_names(kind)
        return lambda value: {spelled: plain(getattr(value, name)) for name, spelled in names}
    raise TypeError(f"the API has no term for {kind.__name__}")


def person(actor: Actor) -> dict[str, Any]:
    principal = {}
    if actor.on_behalf_of is not None:
        principal = {"onBehalfOf": dict(zip(("issuer", "subject"), actor.on_behalf_of, strict=True))}
    roles = [role.value for role in actor.roles]
    return {
        "subject": actor.subject,
        "issuer": actor.issuer,
        "authority": actor.authority,
        "roles": roles,
        **principal,
    }


def api_names(kind: type[Any]) -> tuple[tuple[str, str], ...]:
    """The fields of a dataclass with their names in the API."""
    names = _NAMES.get(kind)
    if names is None:
        names = _NAMES[kind] = tuple((field.name, camel(field.name)) for field in fields(kind))
    return names


_NAMES: Final[dict[type[Any], tuple[tuple[str, str], ...]]] = {}
_PLAIN: Final[dict[type[Any], Callable[[Any], Any]]] = {
    **dict.fromkeys((type(None), bool, int, float, str), lambda value: value),
    Text: attrgetter("value"),
    type(UNREAD): lambda unread: unread,
    UUID: str,
    datetime: iso_time,
    tuple: lambda value: [plain(each) for each in value],
    dict: lambda value: value,
    Actor: person,
}
"""Converters by class, extended on first use. UNREAD texts stay UNREAD; they are never returned."""
