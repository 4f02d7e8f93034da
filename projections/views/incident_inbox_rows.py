"""The rows of the inbox that belong to incidents: what waits for somebody, by `domain.incident.inbox`."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ARRAY, Column, Text, Uuid

from domain.incident.inbox import ANSWER, awaited_answers, awaited_steps
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from projections.reading.list_queries import indexed
from projections.rows.version_rows import regions_around
from projections.tables.view import IS_CURRENT, Values
from projections.views.inbox_table import inbox_table, inbox_values, person_id

table: Final = inbox_table(
    "incident_inbox",
    Column("action", Text, nullable=False),
    Column("marking", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
    Column("role", Text, nullable=False),
    Column("owner", Uuid),
    Column("owner_authority", Text),
    Column("exceptions", ARRAY(Uuid), nullable=False),
)
"""As `AwaitedOnIncident`. owner, exceptions: by `person_id`. due_at: always NEVER, for the order of the inbox."""
indexed("present", table, "role", "due_at", "item", where=IS_CURRENT)
indexed("standing", table, "role", "due_at", "item", "valid_from", "valid_until")
indexed("present_owner", table, "owner", "due_at", "item", where=IS_CURRENT)
indexed("place", table, "role", "place", "valid_from", "valid_until")
indexed("owner", table, "owner", "due_at", "item", "valid_from", "valid_until")


answers: Final = inbox_table(
    "awaited_answers",
    Column("authority", Text, nullable=False),
    Column("marking", Text, nullable=False),
    Column("regions", ARRAY(Text), nullable=False),
)
"""As `AwaitedAnswer`."""
indexed("present", answers, "authority", "due_at", "item", where=IS_CURRENT)
indexed("standing", answers, "authority", "due_at", "item", "valid_from", "valid_until")


def rows_of_answers(
    incident: Incident, recorded: Recorded[Any], until: datetime | None, audience: list[str]
) -> Iterator[Values]:
    for each in awaited_answers(incident):
        item = (str(incident.id), ANSWER, each.authority)
        yield (
            *inbox_values(recorded, each.authority, until, audience, item, since=each.since, due=None, why=each.why),
            incident.marking.value,
            regions_around(incident.region),
        )


def rows(incident: Incident, recorded: Recorded[Any], until: datetime | None, audience: list[str]) -> Iterator[Values]:
    for step in awaited_steps(incident):
        item = (str(incident.id), step.action)
        yield (
            *inbox_values(recorded, step.action, until, audience, item, since=step.since, due=None, why=step.why),
            incident.marking.value,
            regions_around(incident.region),
            step.role.value,
            person_id(step.owner[0]) if step.owner else None,
            step.owner[1] if step.owner else None,
            sorted(map(person_id, step.exceptions)),
        )
