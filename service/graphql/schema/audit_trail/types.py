"""Recorded events, as visible to a viewer."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Final, Self

import strawberry

from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION
from domain.incident.events import EvidenceRecorded
from projections.rows.audit_entries import BY_AUTHORITY
from projections.rows.value_changes import Change
from projections.views.audit_trail import AuditEntry, VisibleEntry
from service.event_store.access_log import AUTHOR, Disclosure
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import node_lookup
from service.graphql.schema.actor import Actor
from service.graphql.schema.disclosure import Disclosed, disclosure
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Edge, Node, PageInfo
from service.graphql.schema.scalars import Json, Position
from service.graphql.schema.shown import reading, shown

EVENT_NAMES: Final = "; ".join(
    ", ".join(event.__name__ for event in events)
    for events in (
        DEPLOYMENT_REQUEST.events,
        INCIDENT.events,
        (event for each in (AUTHORITY, JURISDICTION, *BY_AUTHORITY) for event in each.events),
    )
)


@strawberry.type(
    description=(
        "One changed field, at the deepest path that differs; an added or removed object is reported at its own path."
    )
)
class FieldChange:
    state: strawberry.Private[Change]
    path: str = shown("state.path", "Names of this API joined by dots, list items by index: 'period.start'.")
    before: Json | None = shown("state.before")
    after: Json | None = shown("state.after")


@strawberry.type(description="One recorded event, exactly as stored, with what it changed.")
class RecordedEvent:
    loaders: strawberry.Private[Loaders]
    entry: strawberry.Private[AuditEntry]
    visible: strawberry.Private[VisibleEntry]
    known_subject: strawberry.Private[Node | None]
    disclosure = Disclosed(
        lambda of: _disclosure(of.entry),
        *("subject", "introduces", "version", "type", "marking"),
        *(f"actor.{name}" for name in AUTHOR),
    )
    position: Position = shown("entry.position")
    version: int = shown(
        "entry.version",
        "Its number in the history of its subject, from 1; for a mandate, among those of its region. Numbers "
        "of events that the viewer may not see are skipped.",
    )
    type: str = shown("entry.type", f"The event's stable name: {EVENT_NAMES}. New types may be added.")
    recorded_at: datetime = shown("entry.recorded_at")
    occurred_at: datetime | None = shown(
        "entry.occurred_at", "When it happened, if the register learnt of it later (an import); else null."
    )
    actor: Actor = shown(lambda of: Actor.of(of.entry.actor, of.loaders), reads="actor")
    reason: str | None = shown("visible.reason")
    correlation_id: str = shown(
        lambda of: str(of.entry.correlation), "Shared by all events that follow from one command.", reads="correlation"
    )
    causation_id: str | None = shown(
        lambda of: None if of.entry.causation is None else str(of.entry.causation),
        "The position of the event that caused this one: of an event by the register, or of an accepted proposal. Else "
        "null.",
        reads="causation",
    )
    payload: Json = shown(
        "visible.payload", "The event's data. Fields that the viewer may not see are removed and listed in redactions."
    )
    redactions: list[str] = shown(
        "visible.redactions",
        "Paths of fields removed from the payload, or erased and null; 'actor' if the viewer may not know who acted.",
    )

    @classmethod
    def of(cls, entry: AuditEntry, visible: VisibleEntry, loaders: Loaders, subject: Node | None = None) -> Self:
        """subject: the node of the subject, if already loaded."""
        return cls(loaders=loaders, entry=entry, visible=visible, known_subject=subject)

    @strawberry.field(description="What it changed.", metadata=reading("changes"))
    def changes(self, first: First = MANY, offset: Offset = 0) -> list[FieldChange]:
        return [FieldChange(state=change) for change in part(self.visible.changes, first, offset)]

    @strawberry.field(
        description="The request, incident or authority that the event belongs to.",
        metadata=reading("kind", "subject", "position"),
    )
    async def subject(self) -> Node:
        return self.known_subject or await node_lookup.find_subject(
            self.entry.kind, self.entry.subject, self.entry.position, self.loaders
        )


def _disclosure(entry: AuditEntry) -> Disclosure | None:
    """Of the incident or the piece of evidence that the event is about, else of its subject."""
    is_first = entry.type == EvidenceRecorded.__name__ or entry.version == 1
    return disclosure(entry.introduces or entry.subject, entry.marking, entry.actor if is_first else None)


@strawberry.type(description="A page of events.")
class RecordedEventConnection:
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    edges: list[Edge[RecordedEvent]]
    page_info: PageInfo

    @strawberry.field(
        description="Number of events in the list that the viewer may see. It may be read a few events after the page."
    )
    async def total_count(self) -> int:
        return await self.count()
