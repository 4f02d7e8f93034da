"""The rows of the inbox: what waits for somebody at each version of a request, by `domain.deployment_request.inbox`.

Findings that a hold awaits are in another table: who is to make them depends on the incident.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    Boolean,
    Column,
    Integer,
    Text,
    Uuid,
    bindparam,
)

from domain.deployment_request.awaited_findings import awaited_findings
from domain.deployment_request.inbox import awaited_steps
from domain.deployment_request.state import DeploymentRequest
from domain.incident.inbox import FINDING
from domain.recorded_event import Recorded
from projections.reading.list_queries import indexed
from projections.rows.version_rows import regions_around
from projections.tables.view import IS_CURRENT, Values
from projections.views.inbox_table import inbox_table, inbox_values, person_id

ME: Final = bindparam("own_id", type_=Uuid())
"""The person whose inbox it is, by `person_id`."""

table: Final = inbox_table(
    "inbox",
    Column("action", Text, nullable=False),
    Column("marking", Text, nullable=False),
    Column("assigned_to", Uuid),
    Column("authority", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("under_mandate", Boolean, nullable=False),
    Column("for_all", Boolean, nullable=False),
    Column("exceptions", ARRAY(Uuid), nullable=False),
    Column("apart", ARRAY(Uuid)),
    Column("until", TIMESTAMP(timezone=True)),
)
"""As `AwaitedStep`. assigned_to, exceptions, apart: by `person_id`."""
indexed("present", table, "authority", "role", "due_at", "item", where=IS_CURRENT)
indexed("standing", table, "authority", "role", "due_at", "item", "valid_from", "valid_until")
indexed("place", table, "authority", "role", "place", "valid_from", "valid_until")


findings: Final = inbox_table(
    "awaited_findings",
    Column("incident", Uuid, nullable=False),
    Column("likelihood", Integer, nullable=False),
    Column("confidence", Integer, nullable=False),
)
"""As `AwaitedFinding`. likelihood, confidence: the ranks of the threshold."""
indexed("present", findings, "due_at", "item", "incident", where=IS_CURRENT)
indexed("standing", findings, "due_at", "item", "incident", "valid_from", "valid_until")
indexed("incident", findings, "incident", "valid_from", "valid_until")


def rows(
    request: DeploymentRequest, recorded: Recorded[Any], until: datetime | None, audience: list[str]
) -> Iterator[Values]:
    assigned_to = request.assigned_to and person_id(request.assigned_to.person)
    for step in awaited_steps(request):
        item = (str(request.id), step.action)
        yield (
            *inbox_values(recorded, step.action, until, audience, item, since=step.since, due=step.due, why=step.why),
            request.marking.value,
            assigned_to,
            step.authority,
            step.role.value,
            regions_around(request.region),
            step.region is not None,
            step.for_all,
            sorted(map(person_id, step.exceptions)),
            None if step.apart is None else sorted(map(person_id, step.apart)),
            step.until,
        )


def rows_of_findings(
    request: DeploymentRequest, recorded: Recorded[Any], until: datetime | None, audience: list[str]
) -> Iterator[Values]:
    for each in awaited_findings(request):
        item = (str(each.incident), FINDING, str(request.id))
        yield (
            *inbox_values(recorded, each.incident, until, audience, item, since=each.since, due=each.due, why=each.why),
            each.threshold.likelihood.rank,
            each.threshold.confidence.rank,
        )
