"""The type of regions."""

from typing import Optional, Self

import strawberry

from domain import region
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.authorities.types import Mandate
from service.graphql.schema.shown import shown


@strawberry.type(description="The name of a region in one language.")
class RegionName:
    language: str = strawberry.field(description="'sq', or with the script: 'sr-Cyrl' (BCP 47).")
    name: str


@strawberry.type(description="A region of the register. Its path is the id that regions are named by everywhere.")
class Region:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[region.RegisteredRegion]
    path: str = shown("state.path", "From the largest region to the smallest: 'xk/north/zubin-potok'.")

    @classmethod
    def of(cls, state: region.RegisteredRegion, loaders: Loaders) -> Self:
        return cls(loaders=loaders, state=state)

    @strawberry.field
    def names(self) -> list[RegionName]:
        return [RegionName(language=each.language, name=each.name) for each in self.state.names]

    @strawberry.field(description="The region around it; null for one of the largest.")
    async def parent(self) -> Optional["Region"]:
        outer = region.parent_of(self.state.path)
        found = await self.loaders.regions.by_path.load(outer) if outer else None
        return Region.of(found, self.loaders) if found else None

    @strawberry.field(
        description=(
            "The mandate that decides on requests for this region: of those valid at that time, the one over the "
            "nearest region. Null if there is none."
        )
    )
    async def decided_by(self) -> Mandate | None:
        found = await self.loaders.regions.deciding_mandates.load(self.state.path)
        return Mandate(loaders=self.loaders, state=found) if found else None
