"""Mutations for operators."""

from typing import Annotated

import strawberry

from domain.visibility import REGISTERED
from domain.vocabulary import Role
from projections.catalogue import VIEW_OF
from service.graphql.schema.context import Info
from service.graphql.schema.projections.queries import ProjectionStatus, never_followed, projections
from service.graphql.schema.refusals import NotFound, NotPermitted


@strawberry.type(description="The rebuild runs in the worker; follow it in projections { rebuild }.")
class RebuildStarted:
    projection: ProjectionStatus = strawberry.field(
        description="The current status; the old rows are served until the swap."
    )


RebuildResult = Annotated[RebuildStarted | NotPermitted | NotFound, strawberry.union("RebuildResult")]


@strawberry.type
class ViewMutations:
    @strawberry.mutation(
        description=(
            "By an administrator of a registered authority: rebuilds a view next to the one that is served. The two "
            "are compared, and swapped if no row differs."
        )
    )
    async def rebuild_projection(self, info: Info, name: str) -> RebuildResult:
        if Role.ADMINISTRATOR not in info.context.actor.roles:
            return NotPermitted(message="Only administrators may rebuild views.")
        viewer = await info.context.loaders().viewer()
        if not viewer.sees(frozenset({REGISTERED})):
            code = info.context.actor.authority
            return NotPermitted(message=f"Your authority, {code}, is not registered: register it first.")
        if name not in VIEW_OF:
            return NotFound(message=f"There is no view named like this: there are {', '.join(VIEW_OF)}.")
        if name in await never_followed(info):
            return NotFound(
                message=f"{name} was never filled: a worker does that first, and there is nothing to rebuild."
            )
        await info.context.services.request_rebuild(name)
        [projection] = [each for each in await projections(info) if each.name == name]
        return RebuildStarted(projection=projection)
