"""Queries of incidents."""

from datetime import datetime

import strawberry

from domain.incident.state import AttributionStatus
from projections import incidents
from projections.incidents import IncidentListFilter
from service.graphql.schema.arguments import given, list_filter, region_paths, several
from service.graphql.schema.context import Info
from service.graphql.schema.incidents.types import Incident
from service.graphql.schema.node_lookup import find_named
from service.graphql.schema.pagination import Connection, connection
from service.graphql.schema.scalars import AsOf, Position


@strawberry.input(
    description="Fields are combined with AND, the values of one field with OR. region includes all regions below it."
)
class IncidentFilter:
    attribution_status: list[AttributionStatus] | None = strawberry.UNSET
    region: list[str] | None = strawberry.UNSET
    kind: list[str] | None = strawberry.UNSET
    occurred_from: datetime | None = strawberry.UNSET
    occurred_until: datetime | None = strawberry.UNSET


@strawberry.type
class IncidentQueries:
    @strawberry.field(description="One incident, by its id or its reference.")
    async def incident(
        self,
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        reference: str | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> Incident | None:
        loaders = info.context.loaders(given(at_least)).as_of(given(as_of))
        found = await find_named("incident", loaders.incidents, incidents.SUBJECTS, id, reference, loaders)
        return Incident.of(found, loaders) if found else None

    @strawberry.field(description="The incidents that the viewer may see, most recent occurrence first.")
    async def incidents(
        self,
        info: Info,
        filter: IncidentFilter | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> Connection[Incident]:
        wanted = list_filter(IncidentListFilter, filter, attribution_status=several, region=region_paths, kind=several)
        bounded = info.context.is_bounded("Incident")
        loaders = info.context.loaders(given(at_least)).as_of(given(as_of))
        return await connection(
            "incidents",
            lambda scope, limit, place: incidents.page(scope, wanted, limit, place, bounded=bounded),
            lambda: loaders.number(lambda scope: incidents.count(scope, wanted)),
            Incident.of,
            loaders,
            first,
            after,
        )
