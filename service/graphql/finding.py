"""Any node, by its id; a request or an incident, by its reference."""

import asyncio
from collections.abc import Callable, Iterable
from typing import TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from projections.reading.asking import Question, Sight
from service.graphql.authorities import types as authorities
from service.graphql.incidents import types as incidents
from service.graphql.nodes import Node
from service.graphql.requests import types as requests
from service.graphql.sources import Sources

S = TypeVar("S", DeploymentRequest, Incident)

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
        raise LookupError(f"an event is shown, but not the {kind} {id} that it happened to")
    return found


async def called(
    reference: str,
    sources: Sources,
    by_references: Callable[[Sight, Iterable[str]], Question[S]],
    by_id: DataLoader[UUID, S | None],
) -> S | None:
    """Of the past, it is looked up by the id that it has now: what views have set aside of others matters not then."""
    if sources.moment is not None:
        for found in await sources.present.rows(lambda sight: by_references(sight, [reference])):
            return await by_id.load(found.id)
    rows = await sources.rows(lambda sight: by_references(sight, [reference]))
    return rows[0] if rows else None


async def _request(id: UUID, sources: Sources) -> Node | None:
    found = await sources.requests.load(id)
    return requests.DeploymentRequest.of(found, sources) if found else None


async def _incident(id: UUID, sources: Sources) -> Node | None:
    found = await sources.incidents.load(id)
    return incidents.Incident.of(found, sources) if found else None


async def _authority(id: UUID, sources: Sources) -> Node | None:
    found = await sources.authorities_by_id.load(id)
    return authorities.Authority.of(found, sources) if found else None
