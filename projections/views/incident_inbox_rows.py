"""The rows of the inbox that belong to incidents: what waits for somebody, by `domain.incident.inbox`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Column, PrimaryKeyConstraint, Table, Text, Uuid

from domain.incident.inbox import awaited_steps
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.vocabulary import derived_id
from projections.reading.list_queries import indexed
from projections.rows.version_rows import regions_around
from projections.tables.metadata import PROJECTIONS
from projections.tables.view import IS_CURRENT, Values
from projections.views.inbox_rows import NEVER, person_id

table: Final = Table(
    "incident_inbox",
    PROJECTIONS,
    Column("id", Uuid, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("action", Text, nullable=False),
    Column("valid_from", TIMESTAMP(timezone=True), nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True), nullable=False),
    Column("audience", ARRAY(Text), nullable=False),
    Column("item", Uuid, nullable=False),
    Column("marking", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("role", Text, nullable=False),
    Column("owner", Uuid),
    Column("owner_authority", Text),
    Column("exceptions", ARRAY(Uuid), nullable=False),
    Column("since", TIMESTAMP(timezone=True), nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("why", Text, nullable=False),
    PrimaryKeyConstraint("id", "version", "action"),
)
"""As `AwaitedOnIncident`. owner, exceptions: by `person_id`. due_at: always NEVER, for the order of the inbox."""
indexed("present", table, "role", "due_at", "item", where=IS_CURRENT)
indexed("standing", table, "role", "due_at", "item", "valid_from", "valid_until")
indexed("present_owner", table, "owner", "due_at", "item", where=IS_CURRENT)
indexed("place", table, "role", "place", "valid_from", "valid_until")
indexed("owner", table, "owner", "due_at", "item", "valid_from", "valid_until")


def rows(incident: Incident, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Iterator[Values]:
    for step in awaited_steps(incident):
        yield (
            incident.id,
            incident.version,
            step.action,
            recorded.recorded_at,
            until,
            audience,
            derived_id("inbox", str(incident.id), step.action),
            incident.marking.value,
            regions_around(incident.region),
            step.role.value,
            person_id(step.owner[0]) if step.owner else None,
            step.owner[1] if step.owner else None,
            sorted(map(person_id, step.exceptions)),
            step.since,
            NEVER,
            step.why,
        )
