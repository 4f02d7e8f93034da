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
    issuer: str = shown(
        "state.issuer",
        "Who gave the person their subject: with it, 'person:ISSUER|SUBJECT' names them, as a deputy, a principal or a "
        "recipient. 'mandate' for tokens of this register, and for the system; empty if the viewer may not know.",
    )
    authority: str = shown("state.authority", "The code of the authority that they acted for.")
    roles: list[Role] = shown("state.roles", "Of a deputy: those in which they acted.")
    on_behalf_of: "Actor | None" = shown(
        lambda of: of.principal(),
        "The person for whom they acted as a deputy, of the same authority. Their roles are not known.",
        reads="on_behalf_of authority",
    )

    @classmethod
    def of(cls, actor: DomainActor, loaders: Loaders) -> Self:
        return cls(loaders=loaders, state=actor)

    def principal(self) -> "Actor | None":
        if self.state.on_behalf_of is None:
            return None
        issuer, subject = self.state.on_behalf_of
        principal = DomainActor(issuer=issuer, subject=subject, authority=self.state.authority, roles=())
        return Actor.of(principal, self.loaders)

    @strawberry.field(
        description="As last given by the issuer; null if never given, and for the system.",
        metadata=reading("issuer", "subject"),
    )
    async def name(self) -> str | None:
        return self.known_name or await self.loaders.names.load((self.state.issuer, self.state.subject))
