"""Queries of the audit trail."""

from datetime import datetime
from uuid import UUID

import strawberry

from projections import audit_trail_queries
from projections.audit_trail_queries import AuditTrailFilter
from service.graphql.schema import cursors
from service.graphql.schema.arguments import event_types, given, identifier, ids, list_filter, page_size, words
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEventConnection
from service.graphql.schema.context import Info
from service.graphql.schema.scalars import Position

OF = "trail"


@strawberry.input(description="Fields are combined with AND, the values of one field with OR.")
class AuditFilter:
    actor: str | None = strawberry.field(default=strawberry.UNSET, description="The actor's subject.")
    authority: str | None = strawberry.field(
        default=strawberry.UNSET, description="The code of the authority that the actor acted for."
    )
    type: list[str] | None = strawberry.UNSET
    subject: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The id of a request, an incident or an authority."
    )
    recorded_from: datetime | None = strawberry.UNSET
    recorded_until: datetime | None = strawberry.UNSET
    correlation_id: str | None = strawberry.UNSET


@strawberry.type
class TrailQueries:
    @strawberry.field(description="Every event that the viewer may see, in the order in which it was recorded.")
    async def audit_trail(
        self,
        info: Info,
        filter: AuditFilter | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> RecordedEventConnection:
        wanted = list_filter(
            AuditTrailFilter,
            filter,
            actor=words,
            authority=words,
            type=event_types,
            subject=ids,
            correlation_id=_correlation,
        )
        size, position = page_size(first), cursors.position_after(OF, after)
        loaders = info.context.loaders(given(at_least))
        entries = await loaders.rows(lambda scope: audit_trail_queries.page(scope, wanted, size + 1, position))
        return await presentation.connection(entries, size, OF, after, loaders)


def _correlation(path: str, value: str) -> UUID:
    return identifier(words(path, value) or "")
