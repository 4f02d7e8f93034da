"""Finds nodes by id."""

import asyncio
from collections.abc import Mapping
from typing import Final, cast
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain import authority
from domain.vocabulary import REGISTER
from projections.reading.reader import ViewBehind
from projections.reading.subject_queries import SubjectQueries
from projections.views import audit_trail, deployment_requests, incidents
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders, S
from service.graphql.loaders.parked_subjects import ParkedState, SubjectParked
from service.graphql.schema.arguments import given, identifier, words
from service.graphql.schema.pagination import Node

REQUEST = "DeploymentRequest"
INCIDENT = "Incident"
AUTHORITY = "Authority"
NOUNS: Final[Mapping[str, str]] = {REQUEST: "request", INCIDENT: "incident"}
"""By type: its name in messages."""


class SubjectHidden(ViewBehind):
    """A subject was hidden from the viewer after a row that names it was read."""

    def __init__(self, view: str) -> None:
        super().__init__(view, 0, 0)
        self.args = ("what the viewer may see has changed meanwhile",)


async def find_named(
    kind: str,
    by_id: DataLoader[UUID, S | None],
    view: SubjectQueries[S],
    id: str | None,
    reference: str | None,
    loaders: Loaders,
) -> S | None:
    """A request or an incident by id or reference; both must name the same. kind: its type."""
    wanted = words("reference", reference)
    if (key := given(id)) is not None:
        found = await by_id.load(identifier(key))
    elif wanted is not None:
        found = await loaders.by_reference(view, wanted, loaders.names_of(kind))
    else:
        raise BadUserInput("id", f"Name the {NOUNS[kind]} by its id or its reference.")
    if found is not None and wanted not in (None, found.reference):
        raise BadUserInput("reference", f"The {NOUNS[kind]} with this id has another reference: {found.reference}.")
    return found


async def find_node(id: UUID, loaders: Loaders) -> Node | None:
    """The node with this id, in any view, if the viewer may see it."""
    found = await asyncio.gather(_request(id, loaders), _incident(id, loaders), _authority(id, loaders))
    return next((each for each in found if each is not None), None)


async def find_subject(kind: str, id: UUID, position: int, loaders: Loaders) -> Node:
    """The subject of an event at a position: visible whenever the event is, once its view has caught up.

    Of a parked subject, only the id is known. Raises ViewBehind if its view hides it already, or not yet, since its
    marking has just changed.
    """
    find = {REQUEST: _request, INCIDENT: _incident}.get(kind, _authority)
    try:
        found = await find(id, loaders) or await find(id, loaders.at_least(position))
    except SubjectParked as parked:
        return cast("Node", loaders.as_node(kind, ParkedState(id, parked), loaders))
    if found is None and id == authority.stream_of(REGISTER):
        return cast("Node", loaders.as_node(AUTHORITY, authority.the_register(), loaders))
    if found is None:
        raise ViewBehind(audit_trail.NAME, position, position + 1)
    return found


async def find_shown(kind: str, id: UUID, loaders: Loaders) -> Node:
    """The request or incident of a row that the viewer may see. Of a parked one, only the id is known.

    Raises ViewBehind if its marking hides it already: the row was read a moment before.
    """
    try:
        found = await (_request if kind == REQUEST else _incident)(id, loaders)
    except SubjectParked as parked:
        return cast("Node", loaders.as_node(kind, ParkedState(id, parked), loaders))
    if found is None:
        raise SubjectHidden(deployment_requests.NAME if kind == REQUEST else incidents.NAME)
    return found


async def _request(id: UUID, loaders: Loaders) -> Node | None:
    found = await loaders.shown_requests.load(id)
    return cast("Node", loaders.as_node(REQUEST, found, loaders)) if found else None


async def _incident(id: UUID, loaders: Loaders) -> Node | None:
    found = await loaders.shown_incidents.load(id)
    return cast("Node", loaders.as_node(INCIDENT, found, loaders)) if found else None


async def _authority(id: UUID, loaders: Loaders) -> Node | None:
    found = await loaders.authorities_by_id.load(id)
    return cast("Node", loaders.as_node(AUTHORITY, found, loaders)) if found else None
