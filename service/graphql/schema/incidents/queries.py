"""Queries of incidents."""

from datetime import datetime

import strawberry

from domain.incident.state import AttributionStatus
from projections.views import incidents
from projections.views.incidents import IncidentListFilter
from service.graphql.schema.arguments import given, list_filter, past_instant, region_paths, several
from service.graphql.schema.context import Info, loaders_then
from service.graphql.schema.incidents.types import Incident
from service.graphql.schema.node_lookup import INCIDENT, find_named
from service.graphql.schema.pagination import Connection, connection
from service.graphql.schema.scalars import AsHappened, AsOf, Position


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
        as_happened: AsHappened = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> Incident | None:
        loaders = loaders_then(info.context.loaders(given(at_least)), as_of, as_happened)
        found = await find_named(INCIDENT, loaders.shown_incidents, incidents.SUBJECTS, id, reference, loaders)
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
        loaders = info.context.loaders(given(at_least)).as_of(past_instant(as_of))
        return await connection(
            "incidents",
            lambda scope, limit, place: incidents.page(scope, wanted, limit, place, names=loaders.names_of(INCIDENT)),
            lambda: loaders.number(lambda scope: incidents.count(scope, wanted)),
            Incident.of,
            loaders,
            first,
            after,
        )
