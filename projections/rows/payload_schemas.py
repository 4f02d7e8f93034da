"""A JSON Schema (2020-12) of each event's payload, as `api_terms.payload` makes it and viewers get it.

What a viewer may not see is left out: items of lists, and properties that are therefore not required. A text that is
erased is null.
"""

import re
from collections.abc import Mapping
from dataclasses import is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Final
from uuid import UUID

from domain.catalogue import EVENTS, SCHEMAS
from domain.dataclass_fields import FieldType, field_types
from domain.deployment_request.visibility import INTERNAL_PARTS
from domain.vocabulary import Text, camel

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
PLAIN: Final[Mapping[Any, Mapping[str, Any]]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
    UUID: {"type": "string", "format": "uuid"},
    datetime: {"type": "string", "format": "date-time"},
    Text: {"type": ["string", "null"]},
}


def payload_schema(event: Any) -> Mapping[str, Any]:
    """The schema of an event's payload. Properties that are not required are missing if they have no value."""
    return _schema(event)


@cache
def _schema(event: Any) -> Mapping[str, Any]:
    name, written = event.__name__, description(event)
    missing = {camel(each) for each in INTERNAL_PARTS.get(event, ())} | _optional(event)
    properties = {camel(each.name): _of(each) for each in field_types(event)}
    return {
        "$schema": DIALECT,
        "$id": f"urn:mandate:event:{name}:{SCHEMAS[name]}",
        "title": name,
        **({} if written is None else {"description": written}),
        "type": "object",
        "properties": properties,
        "required": [each for each in properties if each not in missing],
        "additionalProperties": False,
    }


def event_kinds() -> tuple[type[Any], ...]:
    """Every event, in the order of the catalogue."""
    return tuple(EVENTS.values())


def description(event: type[Any]) -> str | None:
    """What is written about the event, with the names of the API."""
    written = event.__doc__ or ""
    if written.startswith(f"{event.__name__}("):  # by dataclass itself
        return None
    return re.sub(r"\b[a-z]+(?:_[a-z]+)+\b", lambda found: camel(found[0]), " ".join(written.split()))


def _optional(kind: type[Any]) -> set[str]:
    return {camel(each.name) for each in field_types(kind) if each.optional}


def _of(field: FieldType) -> Mapping[str, Any]:
    one = _one(field.base)
    return {"type": "array", "items": one} if field.many else one


def _one(base: Any) -> Mapping[str, Any]:
    if isinstance(base, type) and issubclass(base, Enum):
        return {"enum": [each.value for each in base]}
    if is_dataclass(base):
        return _part(base)
    return PLAIN[base]


def _part(kind: Any) -> Mapping[str, Any]:
    """A part of a payload has all of its properties; those without a value are null."""
    optional = _optional(kind)
    found = {camel(each.name): _of(each) for each in field_types(kind)}
    properties = {name: _or_null(each) if name in optional else each for name, each in found.items()}
    return {"type": "object", "properties": properties, "required": list(found), "additionalProperties": False}


def _or_null(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    return schema if schema == PLAIN[Text] else {"anyOf": [schema, {"type": "null"}]}
