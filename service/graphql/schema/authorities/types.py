"""Types of authorities and mandates."""

from datetime import datetime
from typing import Self

import strawberry

from domain import authority as domain
from domain import deputies, jurisdiction
from domain.vocabulary import Actor as DomainActor
from domain.vocabulary import AuthorityCode, Person, Role
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Node
from service.graphql.schema.shown import shown


@strawberry.type(
    description=(
        "The right of an authority to decide on deployments into a region. A region is a path from the "
        "largest area down, 'xk/north/zubin-potok': a mandate covers its region and all below it; if several "
        "cover a region, the most specific one decides."
    )
)
class Mandate:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[jurisdiction.Mandate]
    region: str = shown("state.region")
    legal_basis: str = shown("state.legal_basis")
    endorsements_required: int = shown(
        "state.endorsements_required", "Number of reviewers who must recommend an approval."
    )
    deliberations_internal: bool = shown(
        "state.deliberations_internal",
        "Whether endorsements, and who acts before the decision, are seen by the deciding authority and auditors only.",
    )
    answer_within_days: int | None = shown(
        "state.answer_within_days", "In how many days a request is to be decided; null: no time limit."
    )
    hearing: bool = shown(
        "state.hearing",
        "Whether the requesting authority is heard before a denial or a revocation; unless urgent.",
    )
    valid_from: datetime = shown("state.valid_from")
    valid_until: datetime | None = shown("state.valid_until", "End of validity, exclusive; null: until ended.")

    @strawberry.field(description="The authority that holds it.")
    def authority(self) -> "Authority":
        return Authority.named(self.state.authority, self.loaders)


@strawberry.type(
    description=(
        "An organisation that requests, decides, investigates or observes. Its code is short, lower case and "
        "stable: 'kfor', 'pristina'."
    )
)
class Authority(Node):
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Authority | None]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(domain.stream_of(of.code))))
    code: str

    @classmethod
    def of(cls, authority: domain.Authority, loaders: Loaders) -> Self:
        return cls(loaders=loaders, state=authority, code=authority.code)

    @classmethod
    def named(cls, code: AuthorityCode, loaders: Loaders) -> Self:
        """An authority known to be registered; its other fields are loaded on demand."""
        return cls(loaders=loaders, state=None, code=code)

    @strawberry.field
    async def name(self) -> str:
        state = self.state or await self.loaders.authorities.load(self.code)
        return state.name if state else self.code

    @strawberry.field(
        description="Whether its auditors see everything but what is marked RED, or only what concerns the authority."
    )
    async def audits_everything(self) -> bool:
        state = self.state or await self.loaders.authorities.load(self.code)
        return state.audits_everything if state else False

    @strawberry.field(description="All mandates ever granted to it, earliest first; see their validity.")
    async def mandates(self, first: First = MANY, offset: Offset = 0) -> list[Mandate]:
        found = await self.loaders.mandates.load(self.code)
        return [Mandate(loaders=self.loaders, state=each) for each in part(found, first, offset)]


@strawberry.type(
    description=(
        "The right of a person to act for another of the same authority. The register knows the roles of persons from "
        "their tokens alone: those of both actors are empty here."
    )
)
class Deputy:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[deputies.Appointment]
    code: strawberry.Private[AuthorityCode]
    deputy: Actor = shown(lambda of: of.person(of.state.deputy))
    principal: Actor = shown(lambda of: of.person(of.state.principal))
    roles: list[Role] = shown(
        "state.roles", "Those in which the deputy acts, as far as their own token names them too."
    )
    from_: datetime = shown("state.valid_from", name="from")
    until: datetime = shown("state.valid_until", "Exclusive.")
    reason: str = shown(lambda of: str(of.state.reason))

    def person(self, person: Person) -> Actor:
        issuer, subject = person
        return Actor.of(DomainActor(issuer=issuer, subject=subject, authority=self.code, roles=()), self.loaders)

    @strawberry.field(description="For which both act.")
    def authority(self) -> Authority:
        return Authority.named(self.code, self.loaders)
