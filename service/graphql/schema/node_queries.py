"""The viewer, and nodes by id."""

import strawberry

from service.graphql.schema import node_lookup
from service.graphql.schema.actor import Actor
from service.graphql.schema.arguments import identifier
from service.graphql.schema.context import Info
from service.graphql.schema.pagination import Node


@strawberry.type
class NodeQueries:
    @strawberry.field(description="The actor of the token.")
    def viewer(self, info: Info) -> Actor:
        identity = info.context.identity
        viewer = Actor.of(identity.actor, info.context.loaders())
        viewer.known_name = identity.name
        return viewer

    @strawberry.field(description="A request, an incident or an authority, by its id.")
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        return await node_lookup.find_node(identifier(id), info.context.loaders())
