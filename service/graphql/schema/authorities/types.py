"""Types of authorities and mandates."""

from datetime import datetime
from typing import Self

import strawberry

from domain import authority as domain
from domain import jurisdiction
from domain.vocabulary import AuthorityCode
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Node


@strawberry.type(
    description=(
        "The right of an authority to decide on deployments into a region. A region is a path from the "
        "largest area down, 'xk/north/zubin-potok': a mandate covers its region and all below it; if several "
        "cover a region, the most specific one decides."
    )
)
class Mandate:
    region: str
    legal_basis: str
    endorsements_required: int = strawberry.field(description="Number of reviewers who must recommend an approval.")
    valid_from: datetime
    valid_until: datetime | None = strawberry.field(description="End of validity, exclusive; null: until ended.")

    @classmethod
    def of(cls, mandate: jurisdiction.Mandate) -> Self:
        return cls(
            region=mandate.region,
            legal_basis=mandate.legal_basis,
            endorsements_required=mandate.endorsements_required,
            valid_from=mandate.valid_from,
            valid_until=mandate.valid_until,
        )


@strawberry.type(
    description=(
        "An organisation that requests, decides, investigates or observes. Its code is short, lower case and "
        "stable: 'kfor', 'pristina'."
    )
)
class Authority(Node):
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Authority | None]
    code: str

    @classmethod
    def of(cls, authority: domain.Authority, loaders: Loaders) -> Self:
        return cls(id=strawberry.ID(str(authority.id)), loaders=loaders, state=authority, code=authority.code)

    @classmethod
    def named(cls, code: AuthorityCode, loaders: Loaders) -> Self:
        """An authority state to be registered; its other fields are loaded on demand."""
        return cls(id=strawberry.ID(str(domain.stream_of(code))), loaders=loaders, state=None, code=code)

    @strawberry.field
    async def name(self) -> str:
        state = self.state or await self.loaders.authorities.load(self.code)
        return state.name if state else self.code

    @strawberry.field(description="All mandates ever granted to it, earliest first; see their validity.")
    async def mandates(self, first: First = MANY, offset: Offset = 0) -> list[Mandate]:
        found = await self.loaders.mandates.load(self.code)
        return [Mandate.of(mandate) for mandate in part(found, first, offset)]
