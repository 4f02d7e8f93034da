"""Authorities and their mandates."""

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
        "The right of an authority to decide on deployments into a region. A region is a path from the whole to the "
        "part, 'xk/north/zubin-potok': a mandate covers its region and all below it, and where several cover one, the "
        "nearest decides."
    )
)
class Mandate:
    region: str
    legal_basis: str
    endorsements_required: int = strawberry.field(description="How many reviewers are to recommend an approval.")
    valid_from: datetime
    valid_until: datetime | None = strawberry.field(description="No longer valid at this instant; null: until ended.")

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
        "An organisation that requests, decides, investigates or observes. Its code is short, lower case, stable: "
        "'kfor', 'pristina'."
    )
)
class Authority(Node):
    loaders: strawberry.Private[Loaders]
    known: strawberry.Private[domain.Authority | None]
    code: str

    @classmethod
    def of(cls, authority: domain.Authority, loaders: Loaders) -> Self:
        return cls(id=strawberry.ID(str(authority.id)), loaders=loaders, known=authority, code=authority.code)

    @classmethod
    def named(cls, code: AuthorityCode, loaders: Loaders) -> Self:
        """One that is known to be registered: the rest is read where it is asked for."""
        return cls(id=strawberry.ID(str(domain.stream_of(code))), loaders=loaders, known=None, code=code)

    @strawberry.field
    async def name(self) -> str:
        known = self.known or await self.loaders.authorities.load(self.code)
        return known.name if known else self.code

    @strawberry.field(description="All that it was ever granted, the earliest first; see their validity.")
    async def mandates(self, first: First = MANY, offset: Offset = 0) -> list[Mandate]:
        found = await self.loaders.mandates.load(self.code)
        return [Mandate.of(mandate) for mandate in part(found, first, offset)]
