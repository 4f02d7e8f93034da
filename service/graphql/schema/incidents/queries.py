"""Queries of incidents."""

from datetime import datetime

import strawberry

from domain.incident.state import AttributionStatus
from domain.incident.state import Incident as State
from projections import incidents
from projections.incidents import IncidentListFilter
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders
from service.graphql.loaders.subject_views import INCIDENTS
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, identifier, page_size, region_paths, several, words
from service.graphql.schema.context import Info
from service.graphql.schema.incidents.types import Incident, IncidentConnection, IncidentEdge
from service.graphql.schema.pagination import page_info
from service.graphql.schema.scalars import AsOf, Position

OF = "incidents"


@strawberry.input(
    description="Fields are combined with AND, the values of one field with OR. region includes all regions below it."
)
class IncidentFilter:
    attribution_status: list[AttributionStatus] | None = strawberry.UNSET
    region: list[str] | None = strawberry.UNSET
    kind: list[str] | None = strawberry.UNSET
    occurred_from: datetime | None = strawberry.UNSET
    occurred_until: datetime | None = strawberry.UNSET

    def wanted(self) -> IncidentListFilter:
        return IncidentListFilter(
            attribution_status=several("filter.attributionStatus", given(self.attribution_status)),
            region=region_paths("filter.region", given(self.region)),
            kind=several("filter.kind", given(self.kind)),
            occurred_from=given(self.occurred_from),
            occurred_until=given(self.occurred_until),
        )


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
        found = await _found(given(id), words("reference", given(reference)), loaders)
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
    ) -> IncidentConnection:
        chosen = given(filter)
        wanted = chosen.wanted() if chosen else IncidentListFilter()
        loaders = info.context.loaders(given(at_least)).as_of(given(as_of))
        of, size = cursors.of_list(OF, loaders.past), page_size(first)
        place = cursors.place_after(of, after)
        rows = await loaders.rows(lambda scope: incidents.page(scope, wanted, size + 1, place))
        edges = [
            IncidentEdge(cursor=cursors.of_place(of, at), node=Incident.of(state, loaders)) for at, state in rows[:size]
        ]
        return IncidentConnection(
            count=lambda: loaders.number(lambda scope: incidents.count(scope, wanted)),
            edges=edges,
            page_info=page_info([edge.cursor for edge in edges], more=len(rows) > size, after=given(after)),
        )


async def _found(id: str | None, reference: str | None, loaders: Loaders) -> State | None:
    """The incident by id or reference; if both are given, both must match."""
    if id is None and reference is None:
        raise BadUserInput("id", "Name the incident by its id or its reference.")
    if id is not None:
        found = await loaders.incidents.load(identifier(id))
    else:
        found = await loaders.by_reference(INCIDENTS, reference or "")
    return found if found is None or reference in (None, found.reference) else None
