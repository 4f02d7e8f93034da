"""Queries of the audit trail."""

from datetime import datetime

import strawberry

from projections.views import audit_trail_queries
from projections.views.audit_trail_filter import AuditTrailFilter
from service.graphql.schema.arguments import code, event_types, given, ids, list_filter, principal_at, words
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.event_page import OLDEST, Before, EventPage, Last, Order
from service.graphql.schema.audit_trail.types import RecordedEvent, RecordedEventConnection
from service.graphql.schema.context import Info
from service.graphql.schema.scalars import Position

OF = "trail"


@strawberry.input(description="Fields are combined with AND, the values of one field with OR.")
class AuditFilter:
    actor: str | None = strawberry.field(default=strawberry.UNSET, description="The actor's subject.")
    on_behalf_of: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="The principal for whom a deputy acted: a subject of your issuer, or 'person:ISSUER|SUBJECT'.",
    )
    authority: str | None = strawberry.field(
        default=strawberry.UNSET, description="The code of the authority that the actor acted for."
    )
    type: list[str] | None = strawberry.UNSET
    subject: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The id of a request, an incident or an authority."
    )
    recorded_from: datetime | None = strawberry.UNSET
    recorded_until: datetime | None = strawberry.UNSET
    occurred_from: datetime | None = strawberry.field(
        default=strawberry.UNSET,
        description="When it happened: occurredAt or, for what the register did not learn of later, recordedAt.",
    )
    occurred_until: datetime | None = strawberry.UNSET
    correlation_id: str | None = strawberry.UNSET


@strawberry.type
class TrailQueries:
    @strawberry.field(description="One event, by its position; null if there is none that the viewer may see.")
    async def recorded_event(
        self, info: Info, position: Position, at_least: Position | None = strawberry.UNSET
    ) -> RecordedEvent | None:
        loaders = info.context.loaders(given(at_least))
        found = await loaders.events.load(position)
        [event] = await presentation.present_entries([found], loaders) if found else [None]
        return event

    @strawberry.field(description="Every event that the viewer may see, in the order of recording.")
    async def audit_trail(
        self,
        info: Info,
        filter: AuditFilter | None = strawberry.UNSET,
        order: Order = OLDEST,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> RecordedEventConnection:
        wanted = list_filter(
            AuditTrailFilter,
            filter,
            actor=words,
            on_behalf_of=principal_at(info.context.actor.issuer),
            authority=code,
            type=event_types,
            subject=ids,
            correlation_id=ids,
        )
        page = EventPage.of_arguments(OF, None, order=order, first=first, after=after, last=last, before=before)
        loaders = info.context.loaders(given(at_least))
        parts = loaders.entry_parts
        entries = await loaders.rows(
            lambda scope: audit_trail_queries.page(scope, wanted, page.limit, page.part, parts)
        )

        async def count() -> int:
            return await loaders.number(lambda scope: audit_trail_queries.count(scope, wanted))

        return await presentation.connection(entries, page, count, loaders)
