"""Queries of authorities."""

import strawberry

from projections.views import authorities
from service.graphql.schema.arguments import given, words
from service.graphql.schema.authorities.types import Authority, Deputy
from service.graphql.schema.context import Info
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import Position


@strawberry.type
class AuthorityQueries:
    @strawberry.field(description="One authority, by its code.")
    async def authority(self, info: Info, code: str, at_least: Position | None = strawberry.UNSET) -> Authority | None:
        wanted = words("code", code) or ""
        loaders = info.context.loaders(given(at_least))
        found = await loaders.authorities.load(wanted)
        return Authority.of(found, loaders) if found else None

    @strawberry.field(description="All registered authorities, ordered by code.")
    async def authorities(
        self, info: Info, at_least: Position | None = strawberry.UNSET, first: First = MANY, offset: Offset = 0
    ) -> list[Authority]:
        loaders = info.context.loaders(given(at_least))
        return [Authority.of(found, loaders) for found in part(await loaders.rows(authorities.every), first, offset)]

    @strawberry.field(
        description=(
            "Who is whose deputy in the viewer's authority, now or from a later day on, the first appointed first. "
            "Only they and the auditors of everything see it."
        )
    )
    async def deputies(
        self, info: Info, at_least: Position | None = strawberry.UNSET, first: First = MANY, offset: Offset = 0
    ) -> list[Deputy]:
        loaders = info.context.loaders(given(at_least))
        code = loaders.actor.authority
        found = await loaders.deputies.load(code)
        standing = [each for each in found.appointments if not each.is_over(loaders.now)] if found else []
        return [Deputy(loaders=loaders, state=each, code=code) for each in part(standing, first, offset)]
