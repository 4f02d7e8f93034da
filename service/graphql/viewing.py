"""Who asks, and whatever has an id."""

import strawberry

from service.graphql import finding
from service.graphql.context import Info
from service.graphql.nodes import Node
from service.graphql.parse import identifier
from service.graphql.people import Actor


@strawberry.type
class NodeQueries:
    @strawberry.field(description="Whom the token stands for.")
    def viewer(self, info: Info) -> Actor:
        identity = info.context.identity
        viewer = Actor.of(identity.actor, info.context.sources())
        viewer.known_name = identity.name
        return viewer

    @strawberry.field(description="A request, an incident or an authority, by its id.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return await finding.node(identifier(id), info.context.sources())
