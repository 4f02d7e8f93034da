"""Counts by region."""

from collections.abc import Iterable

import strawberry

from domain.deployment_request.state import RequestStatus
from domain.incident.state import AttributionStatus
from projections.views import situation_counts
from projections.views.situation import INCIDENTS, REQUEST
from projections.views.situation_counts import StatusCounts
from service.graphql.schema.arguments import given, past_instant, region_paths
from service.graphql.schema.context import Info
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import AsOf, Position


@strawberry.type(description="Number of requests in a status.")
class StatusCount:
    status: RequestStatus
    count: int


@strawberry.type(description="Counts of one region and all below it.")
class RegionSituation:
    region: str
    open_incidents: int = strawberry.field(description="Number of incidents without a finding.")
    requests_by_status: list[StatusCount] = strawberry.field(description="Statuses without requests are omitted.")

    @classmethod
    def of(cls, region: str, counts: Iterable[StatusCounts]) -> "RegionSituation":
        found = {count.kind: count.by_status for count in counts if count.region == region}
        requests = found.get(REQUEST, {})
        return cls(
            region=region,
            open_incidents=found.get(INCIDENTS, {}).get(AttributionStatus.OPEN, 0),
            requests_by_status=[
                StatusCount(status=status, count=requests[status]) for status in RequestStatus if status in requests
            ],
        )


@strawberry.type
class SituationQueries:
    @strawberry.field(
        description=(
            "Counts per region, including all below it. Default for regions: every region with a request or an "
            "incident that the viewer may see."
        )
    )
    async def situation(
        self,
        info: Info,
        regions: list[str] | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
        first: First = MANY,
        offset: Offset = 0,
    ) -> list[RegionSituation]:
        wanted = region_paths("regions", given(regions))
        loaders = info.context.loaders(given(at_least)).as_of(past_instant(as_of))
        counts = await loaders.rows(lambda scope: situation_counts.by_region(scope, wanted))
        named = dict.fromkeys(wanted) if wanted is not None else dict.fromkeys(count.region for count in counts)
        return [RegionSituation.of(region, counts) for region in part([*named], first, offset)]
