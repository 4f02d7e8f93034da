"""Recorded events, as visible to a viewer."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Self

import strawberry

from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION
from projections.audit_trail import AuditEntry, VisibleEntry
from projections.changes import Change
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import node_lookup
from service.graphql.schema.actor import Actor
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Edge, Node, PageInfo
from service.graphql.schema.scalars import Json, Position

EVENT_NAMES: Final = "; ".join(
    ", ".join(event.__name__ for event in events)
    for events in (DEPLOYMENT_REQUEST.events, INCIDENT.events, AUTHORITY.events + JURISDICTION.events)
)


@strawberry.type(
    description=(
        "One changed field, at the deepest path that differs; an added or removed object is reported at its own path."
    )
)
class FieldChange:
    path: str = strawberry.field(description="Names of this API joined by dots, list items by index: 'period.start'.")
    before: Json | None
    after: Json | None

    @classmethod
    def of(cls, change: Change) -> Self:
        return cls(path=change.path, before=Json(change.before), after=Json(change.after))


@strawberry.type(description="One recorded event, exactly as stored, with what it changed.")
class RecordedEvent:
    loaders: strawberry.Private[Loaders]
    entry: strawberry.Private[AuditEntry]
    known_subject: strawberry.Private[Node | None]
    position: Position
    version: int = strawberry.field(
        description=(
            "Its number in the history of its subject, from 1; for a mandate, among those of its region. Numbers "
            "of events that the viewer may not see are skipped."
        )
    )
    type: str = strawberry.field(description=f"The event's stable name: {EVENT_NAMES}. New types may be added.")
    recorded_at: datetime
    occurred_at: datetime | None = strawberry.field(
        description="When it happened, if the register learnt of it later (an import); else null."
    )
    actor: Actor
    reason: str | None
    correlation_id: str = strawberry.field(description="Shared by all events that follow from one command.")
    causation_id: str | None = strawberry.field(
        description="The position of the event that caused this one; null for an event of a user's command."
    )
    changed: strawberry.Private[Sequence[Change]]
    payload: Json = strawberry.field(
        description="The event's data. Fields that the viewer may not see are removed and listed in redactions."
    )
    redactions: list[str] = strawberry.field(
        description="Paths of fields removed from the payload, or erased and null."
    )

    @classmethod
    def of(cls, entry: AuditEntry, visible: VisibleEntry, loaders: Loaders, subject: Node | None = None) -> Self:
        """subject: the node of the subject, if already loaded."""
        return cls(
            loaders=loaders,
            entry=entry,
            known_subject=subject,
            position=Position(entry.position),
            version=entry.version,
            type=entry.type,
            recorded_at=entry.recorded_at,
            occurred_at=entry.occurred_at,
            actor=Actor.of(entry.actor, loaders),
            reason=visible.reason,
            correlation_id=str(entry.correlation),
            causation_id=None if entry.causation is None else str(entry.causation),
            changed=visible.changes,
            payload=Json(visible.payload),
            redactions=list(visible.redactions),
        )

    @strawberry.field(description="What it changed.")
    def changes(self, first: First = MANY, offset: Offset = 0) -> list[FieldChange]:
        return [FieldChange.of(change) for change in part(self.changed, first, offset)]

    @strawberry.field(description="The request, incident or authority that the event belongs to.")
    async def subject(self) -> Node:
        return self.known_subject or await node_lookup.find_subject(
            self.entry.kind, self.entry.subject, self.entry.position, self.loaders
        )


@strawberry.type(description="A page of events.")
class RecordedEventConnection:
    edges: list[Edge[RecordedEvent]]
    page_info: PageInfo
