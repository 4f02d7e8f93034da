"""Any node, by its id."""

import asyncio
from typing import cast
from uuid import UUID

from service.graphql.loaders.loaders import Sources
from service.graphql.schema.pagination import Node

REQUEST = "DeploymentRequest"
INCIDENT = "Incident"


async def node(id: UUID, sources: Sources) -> Node | None:
    """Whatever has this id, in whichever view it is, if the viewer may see it."""
    found = await asyncio.gather(_request(id, sources), _incident(id, sources), _authority(id, sources))
    return next((each for each in found if each is not None), None)


async def subject(kind: str, id: UUID, position: int, sources: Sources) -> Node:
    """What an event at a position happened to: whoever may see the event may see this, once its view has it."""
    find = {REQUEST: _request, INCIDENT: _incident}.get(kind, _authority)
    found = await find(id, sources) or await find(id, sources.at_least(position))
    if found is None:
        for told in (sources.told_requests, sources.told_incidents):
            await told.see_that_it_is_not_set_aside(id)
        raise LookupError(f"an event is shown, but not the {kind} {id} that it happened to")
    return found


async def _request(id: UUID, sources: Sources) -> Node | None:
    found = await sources.requests.load(id)
    return cast("Node", sources.as_node(found, sources)) if found else None


async def _incident(id: UUID, sources: Sources) -> Node | None:
    found = await sources.incidents.load(id)
    return cast("Node", sources.as_node(found, sources)) if found else None


async def _authority(id: UUID, sources: Sources) -> Node | None:
    found = await sources.authorities_by_id.load(id)
    return cast("Node", sources.as_node(found, sources)) if found else None
