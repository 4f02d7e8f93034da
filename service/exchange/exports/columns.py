"""Event data as flat, typed columns, for formats without nesting.

A nested field is named by its path, such as 'period.start'. A list is one column that holds JSON.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, is_dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec

from domain.catalogue import EVENTS, VOIDED
from domain.dataclass_fields import field_types
from domain.visibility import person
from domain.vocabulary import Actor, camel


class ColumnType(StrEnum):
    """Column types that every format supports."""

    STRING = "string"
    INTEGER = "integer"
    FLOAT = "float"
    BOOLEAN = "boolean"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Column:
    name: str
    kind: ColumnType


def actor_id(actor: Actor) -> str:
    """Identifies a person by issuer and subject, the register by its subject. No two actors have the same.

    'undisclosed' for a person that the viewer may not know.
    """
    return person(actor.issuer, actor.subject) if actor.is_named else actor.subject


def principal_id(actor: Actor) -> str | None:
    """Identifies the person for whom a deputy acts; None for anybody else."""
    return None if actor.on_behalf_of is None else person(*actor.on_behalf_of)


def flat(type_name: str, payload: Mapping[str, Any]) -> Iterator[tuple[Column, Any]]:
    """The columns that have a value, from an event's payload in the terms of the API.

    Instants are strings in the API's format.
    """
    for column in COLUMNS[type_name]:
        value: Any = payload
        for part in column.name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        if isinstance(value, list):
            yield column, msgspec.json.encode(value).decode()
        elif value is not None:
            yield column, value


def _columns(owner: Any, prefix: str) -> Iterator[Column]:
    for field in field_types(owner):
        path = f"{prefix}{camel(field.name)}"
        if is_dataclass(field.type) and not field.many:
            yield from _columns(field.type, f"{path}.")
        else:
            yield Column(path, ColumnType.STRING if field.many else _kind(field.base))


def _kind(kind: Any) -> ColumnType:
    return {int: ColumnType.INTEGER, float: ColumnType.FLOAT, bool: ColumnType.BOOLEAN, datetime: ColumnType.TIME}.get(
        kind, ColumnType.STRING
    )


COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    name: tuple(_columns(event, "")) for name, event in (*EVENTS.items(), *VOIDED.items())
}
"""Stored event name -> columns, in the order of the fields."""
