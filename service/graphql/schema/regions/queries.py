"""Queries of regions."""

import strawberry

from domain.vocabulary import Region as Path
from projections.views import regions
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, page_size, past_instant, region_path, words
from service.graphql.schema.context import Info
from service.graphql.schema.pagination import Connection, Edge, page_info
from service.graphql.schema.regions.types import Region
from service.graphql.schema.scalars import AsOf, Position


@strawberry.type
class RegionQueries:
    @strawberry.field(description="One registered region, by its path, and who decides there: now, or at an instant.")
    async def region(
        self, info: Info, path: str, as_of: AsOf = strawberry.UNSET, at_least: Position | None = strawberry.UNSET
    ) -> Region | None:
        loaders = info.context.loaders(given(at_least)).as_of(past_instant(as_of))
        found = await loaders.regions.by_path.load(Path(region_path("path", path) or ""))
        return Region.of(found, loaders) if found else None

    @strawberry.field(
        description=(
            "The registered regions, by path. under: only those within this region. text: only those whose path or "
            "names contain each of its words, whatever their case, diacritics and script: 'zandarmerija' finds "
            "'Жандармерија'."
        )
    )
    async def regions(
        self,
        info: Info,
        under: str | None = strawberry.UNSET,
        text: str | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> Connection[Region]:
        loaders, size = info.context.loaders(given(at_least)), page_size(first)
        sought, place = words("text", text), cursors.key_after("regions", after)
        outer = region_path("under", under)
        rows = await loaders.rows(lambda scope: regions.page(scope, outer, sought, size + 1, place))
        edges = [Edge(of="regions", place=each.path, node=Region.of(each, loaders)) for each in rows[:size]]
        return Connection(
            count=lambda: loaders.number(lambda scope: regions.count(scope, outer, sought)),
            edges=edges,
            page_info=page_info(edges, more=len(rows) > size, after=after),
        )
