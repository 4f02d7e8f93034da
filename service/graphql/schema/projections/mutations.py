"""What operators ask for over the API."""

from typing import Annotated

import strawberry

from domain.vocabulary import Role
from projections.catalogue import VIEW_OF
from service.graphql.schema.context import Info
from service.graphql.schema.projections.queries import ProjectionStatus, never_followed, projections
from service.graphql.schema.refusals import NotFound, NotPermitted


@strawberry.type(description="The rebuild runs in the worker; follow it in projections { rebuild }.")
class RebuildStarted:
    projection: ProjectionStatus = strawberry.field(description="As it is now, served until the new one is swapped in.")


RebuildResult = Annotated[RebuildStarted | NotPermitted | NotFound, strawberry.union("RebuildResult")]


@strawberry.type
class ViewMutations:
    @strawberry.mutation(
        description=(
            "By an administrator: builds a read model anew beside the one that is served. It is compared, and swapped "
            "where no row differs."
        )
    )
    async def rebuild_projection(self, info: Info, name: str) -> RebuildResult:
        if Role.ADMINISTRATOR not in info.context.actor.roles:
            return NotPermitted(message="Read models are rebuilt by administrators.")
        if name not in VIEW_OF:
            return NotFound(message=f"There is no read model of this name: there are {', '.join(VIEW_OF)}.")
        if name in await never_followed(info):
            return NotFound(
                message=f"{name} was never followed: a worker fills it, and there is nothing to build anew."
            )
        await info.context.services.request_rebuild(name)
        [projection] = [each for each in await projections(info) if each.name == name]
        return RebuildStarted(projection=projection)
