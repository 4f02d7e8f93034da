"""What fields cost. The unit is a field that is an attribute of what is at hand: 3 to 5 microseconds."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import GraphQLField

COST: Final = 50_000
"""Of the answer to one document: a fifth of a second."""
AT_ONCE: Final = 10_000
"""Of all that is answered to one person at the same time, where it is more than one document."""
READ: Final = 10
"""A field that has a resolver of its own."""
RULES: Final = 100
"""To ask every rule of a lifecycle."""

CHARGES: Final[Mapping[tuple[str, str], int]] = {
    ("DeploymentRequest", "availableActions"): RULES,
    ("DeploymentRequest", "explanation"): 5 * RULES,
    ("DeploymentRequest", "changes"): 3 * RULES,
    ("DeploymentRequest", "history"): 2 * READ,
    ("Incident", "history"): 2 * READ,
    ("Query", "auditTrail"): 2 * READ,
    ("Query", "deploymentRequests"): 5 * READ,
    ("Query", "incidents"): 5 * READ,
    ("Query", "situation"): 5 * READ,
    ("DeploymentRequestConnection", "totalCount"): 5 * READ,
    ("IncidentConnection", "totalCount"): 5 * READ,
}
"""Fields that cost more than to read what is stored."""

ITEMS: Final[Mapping[str, int]] = {
    "DeploymentRequest": 10,
    "Incident": 10,
    "RecordedEvent": 15,
    "Authority": 2,
    "DeploymentRequestConnection": 16,
    "IncidentConnection": 16,
}
"""By type: one of a list, which is read whole before a field of it is told, and may have texts of 20,000 characters. By
the type of a page: one of its items, beside that."""

_EXTENSION: Final = "charge"


def charge(kind: str, name: str, field: GraphQLField, *, is_attribute: bool) -> int:
    """Notes with the field what it costs, and tells it."""
    units = 1 if is_attribute else CHARGES.get((kind, name), READ)
    field.extensions = {**field.extensions, _EXTENSION: units}
    return units


def charge_told(field: GraphQLField | None) -> int:
    return 1 if field is None else int(field.extensions.get(_EXTENSION, 1))


def charge_of_item(kind: Any) -> int:
    return ITEMS.get(getattr(kind, "name", ""), 1)
