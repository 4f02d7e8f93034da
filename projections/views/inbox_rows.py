"""The rows of the inbox: what waits for somebody at each version of a request, by `domain.deployment_request.inbox`.

A table of its own, because behind row-level security an index finds them only by equality. Findings that a hold awaits
are in another one: who is to make them depends on the incident.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
)

from domain import visibility
from domain.deployment_request.awaited_findings import awaited_findings
from domain.deployment_request.inbox import awaited_steps
from domain.deployment_request.state import DeploymentRequest
from domain.incident.inbox import FINDING
from domain.recorded_event import Recorded
from domain.vocabulary import Person, derived_id
from projections.reading.list_queries import indexed
from projections.rows.version_rows import regions_around
from projections.tables.metadata import PROJECTIONS
from projections.tables.view import IS_CURRENT, Values

NEVER: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""The due date of what is due at any time: at the end of the order."""

ME: Final = bindparam("own_id", type_=Uuid())
"""The person whose inbox it is, by `person_id`."""

table: Final = Table(
    "inbox",
    PROJECTIONS,
    Column("id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("valid_from", TIMESTAMP(timezone=True), nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True), nullable=False),
    Column("audience", ARRAY(Text), nullable=False),
    Column("item", Uuid, nullable=False),
    Column("marking", Text, nullable=False),
    Column("assigned_to", Uuid),
    Column("authority", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("under_mandate", Boolean, nullable=False),
    Column("for_all", Boolean, nullable=False),
    Column("exceptions", ARRAY(Uuid), nullable=False),
    Column("apart", ARRAY(Uuid)),
    Column("since", TIMESTAMP(timezone=True), nullable=False),
    Column("until", TIMESTAMP(timezone=True)),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("id", "version", "action"),
)
"""As `AwaitedStep`. item: the id of the item. assigned_to, exceptions, apart: by `person_id`."""
indexed("present", table, "authority", "role", "due_at", "item", where=IS_CURRENT)
indexed("standing", table, "authority", "role", "due_at", "item", "valid_from", "valid_until")
indexed("place", table, "authority", "role", "place", "valid_from", "valid_until")


findings: Final = Table(
    "awaited_findings",
    PROJECTIONS,
    Column("id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("incident", Uuid, nullable=False),
    Column("valid_from", TIMESTAMP(timezone=True), nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True), nullable=False),
    Column("audience", ARRAY(Text), nullable=False),
    Column("item", Uuid, nullable=False),
    Column("likelihood", Integer, nullable=False),
    Column("confidence", Integer, nullable=False),
    Column("since", TIMESTAMP(timezone=True), nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("id", "version", "incident"),
)
"""As `AwaitedFinding`. audience: of the request. likelihood, confidence: the ranks of the threshold."""
indexed("present", findings, "due_at", "item", "incident", where=IS_CURRENT)
indexed("standing", findings, "due_at", "item", "incident", "valid_from", "valid_until")
indexed("incident", findings, "incident", "valid_from", "valid_until")


def rows(
    request: DeploymentRequest, recorded: Recorded[Any], until: datetime | None, audience: list[str]
) -> Iterator[Values]:
    assigned_to = request.assigned_to and person_id(request.assigned_to.person)
    for step in awaited_steps(request):
        yield (
            request.id,
            request.version,
            step.action,
            recorded.recorded_at,
            until,
            audience,
            derived_id("inbox", str(request.id), step.action),
            request.marking.value,
            assigned_to,
            step.authority,
            step.role.value,
            regions_around(request.region),
            step.region is not None,
            step.for_all,
            sorted(map(person_id, step.exceptions)),
            None if step.apart is None else sorted(map(person_id, step.apart)),
            step.since,
            step.until,
            step.due or NEVER,
            step.why,
        )


def rows_of_findings(
    request: DeploymentRequest, recorded: Recorded[Any], until: datetime | None, audience: list[str]
) -> Iterator[Values]:
    for each in awaited_findings(request):
        yield (
            request.id,
            request.version,
            each.incident,
            recorded.recorded_at,
            until,
            audience,
            derived_id("inbox", str(each.incident), FINDING, str(request.id)),
            each.threshold.likelihood.rank,
            each.threshold.confidence.rank,
            each.since,
            each.due or NEVER,
            each.why,
        )


def person_id(person: Person) -> UUID:
    """An id of a person, as short as many of them in one row must be."""
    return derived_id("person", visibility.person(*person))
