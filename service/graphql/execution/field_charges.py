"""Cost of fields. Unit: one plain attribute, 3 to 5 microseconds."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    is_enum_type,
    is_input_object_type,
    is_interface_type,
    is_object_type,
)
from strawberry.types.field import StrawberryField

from service.graphql.compiled.resolvers import is_read_at_once

COST: Final = 50_000
"""Maximum of one document: about 0.2 seconds."""
AT_ONCE: Final = 10_000
"""Maximum of one person's concurrent documents, if there is more than one."""
READ: Final = 10
"""A field with its own resolver."""
INTROSPECTION: Final = 2
"""A field of an introspection type."""
RULES: Final = 100
"""One evaluation of all rules of a lifecycle."""

CHARGES: Final[Mapping[tuple[str, str], int]] = {
    ("DeploymentRequest", "availableActions"): RULES,
    ("DeploymentRequest", "explanation"): 5 * RULES,
    ("DeploymentRequest", "changes"): 3 * RULES,
    ("DeploymentRequest", "history"): 2 * READ,
    ("Incident", "history"): 2 * READ,
    ("Query", "auditTrail"): 2 * READ,
    ("Query", "accessLog"): 2 * READ,
    ("Query", "deploymentRequests"): 5 * READ,
    ("Query", "incidents"): 5 * READ,
    ("Query", "regions"): 5 * READ,
    ("Query", "situation"): 5 * READ,
    ("DeploymentRequestConnection", "totalCount"): 5 * READ,
    ("IncidentConnection", "totalCount"): 5 * READ,
    ("RegionConnection", "totalCount"): 5 * READ,
    ("Query", "inbox"): 5 * READ,
    ("InboxConnection", "totalCount"): 5 * READ,
}
"""Fields that cost more than a read of stored data."""

ITEMS: Final[Mapping[str, int]] = {
    "DeploymentRequest": 10,
    "Incident": 10,
    "RecordedEvent": 15,
    "Authority": 2,
    "DeploymentRequestConnection": 16,
    "IncidentConnection": 16,
    "InboxConnection": 4,
}
"""By type: the extra cost of one list item, which is loaded in full and may have texts of 20,000 characters. By
connection type: the extra cost of one item of the page."""

_EXTENSION: Final = "charge"


def charge(schema: GraphQLSchema) -> None:
    """Puts the cost of each field into its extensions: before a document is measured or compiled."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType):
            other = INTROSPECTION if kind.name.startswith("__") else READ
            for name, field in kind.fields.items():
                units = 1 if _is_attribute(field) else CHARGES.get((kind.name, name), other)
                field.extensions = {**field.extensions, _EXTENSION: units}


@cache
def introspected_items(schema: GraphQLSchema) -> Mapping[str, float]:
    """Mean number of items of each field of the introspection types, by name. Half of all types wrap another."""
    kinds = list(schema.type_map.values())
    fields = [
        field for kind in kinds if is_object_type(kind) or is_interface_type(kind) for field in kind.fields.values()
    ]
    inputs = sum(len(kind.fields) for kind in kinds if is_input_object_type(kind))
    values = sum(len(kind.values) for kind in kinds if is_enum_type(kind))
    return {
        "types": float(len(kinds)),
        "directives": float(len(schema.directives)),
        "fields": len(fields) / len(kinds),
        "args": sum(len(field.args) for field in fields) / len(fields),
        "inputFields": inputs / len(kinds),
        "enumValues": values / len(kinds),
        "ofType": 0.5,
    }


def is_async(kind: GraphQLObjectType, name: str) -> bool:
    """Whether the resolver of a field is asynchronous."""
    definition = _definition(kind.fields.get(name))
    return definition is not None and definition.is_async


def _is_attribute(field: GraphQLField) -> bool:
    definition = _definition(field)
    return definition is not None and is_read_at_once(definition) and not field.args


def _definition(field: GraphQLField | None) -> StrawberryField | None:
    found = field.extensions.get("strawberry-definition") if field else None
    return found if isinstance(found, StrawberryField) else None


def charge_of_field(field: GraphQLField | None) -> int:
    return 1 if field is None else int(field.extensions.get(_EXTENSION, 1))


def charge_of_item(kind: Any) -> int:
    return ITEMS.get(getattr(kind, "name", ""), 1)
