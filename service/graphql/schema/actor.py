"""The actor type."""

from typing import Self

import strawberry

from domain.vocabulary import Actor as DomainActor
from domain.vocabulary import Role
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.shown import reading, shown


@strawberry.type(description="Who acted: a person (or the system itself) on behalf of an authority.")
class Actor:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[DomainActor]
    known_name: strawberry.Private[str | None] = None
    subject: str = shown(
        "state.subject",
        "The person's subject at the issuer; 'undisclosed', without roles and name, if the viewer may not know.",
    )
    authority: str = shown("state.authority", "The code of the authority that they acted for.")
    roles: list[Role] = shown("state.roles")

    @classmethod
    def of(cls, actor: DomainActor, loaders: Loaders) -> Self:
        return cls(loaders=loaders, state=actor)

    @strawberry.field(
        description="As last given by the issuer; null if never given, and for the system.",
        metadata=reading("issuer", "subject"),
    )
    async def name(self) -> str | None:
        return self.known_name or await self.loaders.names.load((self.state.issuer, self.state.subject))
