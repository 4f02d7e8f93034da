"""Finds nodes by id."""

import asyncio
from typing import cast
from uuid import UUID

from strawberry.dataloader import DataLoader

from projections.reading.subject_queries import SubjectQueries
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders, S
from service.graphql.loaders.parked import ParkedState, SubjectParked
from service.graphql.schema.arguments import given, identifier, words
from service.graphql.schema.pagination import Node

REQUEST = "DeploymentRequest"
INCIDENT = "Incident"


async def find_named(
    kind: str,
    by_id: DataLoader[UUID, S | None],
    view: SubjectQueries[S],
    id: str | None,
    reference: str | None,
    loaders: Loaders,
) -> S | None:
    """A request or an incident by id or reference; both must name the same. kind: its name in messages."""
    wanted = words("reference", reference)
    if (key := given(id)) is not None:
        found = await by_id.load(identifier(key))
    elif wanted is not None:
        found = await loaders.by_reference(view, wanted)
    else:
        raise BadUserInput("id", f"Name the {kind} by its id or its reference.")
    if found is not None and wanted not in (None, found.reference):
        raise BadUserInput("reference", f"The {kind} with this id has another reference: {found.reference}.")
    return found


async def find_node(id: UUID, loaders: Loaders) -> Node | None:
    """The node with this id, in any view, if the viewer may see it."""
    found = await asyncio.gather(_request(id, loaders), _incident(id, loaders), _authority(id, loaders))
    return next((each for each in found if each is not None), None)


async def find_subject(kind: str, id: UUID, position: int, loaders: Loaders) -> Node:
    """The subject of an event at a position: visible whenever the event is, once its view has caught up.

    Of a parked subject, only the id is known.
    """
    find = {REQUEST: _request, INCIDENT: _incident}.get(kind, _authority)
    try:
        found = await find(id, loaders) or await find(id, loaders.at_least(position))
    except SubjectParked as parked:
        return cast("Node", loaders.as_node(ParkedState(kind, id, parked), loaders))
    if found is None:
        raise LookupError(f"an event is visible, but not its subject: {kind} {id}")
    return found


async def _request(id: UUID, loaders: Loaders) -> Node | None:
    found = await loaders.requests.load(id)
    return cast("Node", loaders.as_node(found, loaders)) if found else None


async def _incident(id: UUID, loaders: Loaders) -> Node | None:
    found = await loaders.incidents.load(id)
    return cast("Node", loaders.as_node(found, loaders)) if found else None


async def _authority(id: UUID, loaders: Loaders) -> Node | None:
    found = await loaders.authorities_by_id.load(id)
    return cast("Node", loaders.as_node(found, loaders)) if found else None
