"""Requests and incidents, by id and by reference: from their view, or from their events if parked.

A parked subject is folded from its events, so that it shows its current (or past) state, not the one at which its view
stopped.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from uuid import UUID

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT, Aggregate
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.number_series import NumberAssigned, place_of
from projections import deployment_requests, incidents
from projections.reading.queries import Query, ViewerScope
from projections.reading.reader import EventParked, Reader
from projections.reading.stream_events import event_of_number, events_of, mentioning
from service.event_store.mapper import decode

if TYPE_CHECKING:
    from service.graphql.loaders.loaders import Loaders

S = TypeVar("S", DeploymentRequest, Incident)
R = TypeVar("R")
T = TypeVar("T")
Version = tuple[UUID, int]
"""A subject and its number of events."""
VersionedStates = list[tuple[int, S]]
"""The state after each event, with the event's position."""


@dataclass(frozen=True, slots=True)
class EventHistory(Generic[S]):
    """The folded events of a subject. failed: position of the first event that the domain cannot apply, else None."""

    id: UUID
    versions: VersionedStates[S]
    failed: int | None

    def at(self, until: int | None) -> S | None:
        """The state up to a position; None: the newest."""
        return next((state for position, state in reversed(self.versions) if until is None or position <= until), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKind(Generic[S]):
    """A kind of subject: its view and the view's queries."""

    view: str
    aggregate: Aggregate
    by_ids: Callable[[ViewerScope, Iterable[UUID]], Query[S]]
    by_references: Callable[[ViewerScope, Iterable[str]], Query[S]]


REQUESTS: Final[SubjectKind[DeploymentRequest]] = SubjectKind(
    view=deployment_requests.NAME,
    aggregate=DEPLOYMENT_REQUEST,
    by_ids=deployment_requests.by_ids,
    by_references=deployment_requests.by_references,
)
INCIDENTS: Final[SubjectKind[Incident]] = SubjectKind(
    view=incidents.NAME, aggregate=INCIDENT, by_ids=incidents.by_ids, by_references=incidents.by_references
)


class SubjectLoader(Generic[S]):
    """Subjects that the viewer may see. Raises EventParked for one whose events cannot be applied."""

    def __init__(self, kind: SubjectKind[S], reader: Reader, loaders: "Loaders") -> None:
        self._kind: SubjectKind[S] = kind
        self._reader = reader
        self._loaders = loaders

    async def parked(self, *, refresh: bool = False) -> Mapping[UUID, int]:
        """As `Reader.parked_streams`."""
        return await self._reader.parked_streams(self._kind.view, anew=refresh)

    async def require_rows(self, id: UUID) -> None:
        """For a list filtered by this subject. Raises EventParked if the viewer may see it but its view has no row."""
        position = (await self.parked(refresh=True)).get(id)
        if position is None or await self._loaders.rows(lambda scope: self._kind.by_ids(scope.now(), [id])):
            return
        if await self.by_ids([id]):
            raise EventParked(self._kind.view, position, position)

    async def require_not_parked(self, id: UUID) -> None:
        """For a subject whose visibility was checked elsewhere. Raises EventParked."""
        position = (await self.parked(refresh=True)).get(id)
        if position is not None:
            raise EventParked(self._kind.view, position, position)

    async def by_ids(self, ids: Collection[UUID], *, unrestricted: bool = False) -> Mapping[UUID, S | EventParked]:
        """States by id; EventParked for a subject whose events cannot be applied, without affecting the others.

        unrestricted: include subjects that the viewer may not see (for rules).
        """
        asked: set[UUID] = set()

        async def found(parked: Collection[UUID]) -> dict[UUID, S | EventParked]:
            parked_ids, rest = _partition(ids, lambda each: each in parked)
            asked.update(parked_ids)
            rows = await self._rows(rest, unrestricted) if rest else []
            return {**{each.id: each for each in rows}, **await self._from_events(parked_ids, unrestricted)}

        states = await self._with_parked(found)
        if missing := [each for each in ids if each not in states and each not in asked]:
            parked = await self.parked(refresh=True)
            states |= await self._from_events([each for each in missing if each in parked], unrestricted)
        return states

    async def by_reference(self, reference: str) -> S | None:
        """By reference; folded from its events if parked. Raises EventParked."""
        loaders, parked = self._loaders, await self.parked()
        await loaders.viewer_scope()  # refuses an instant ahead of the log, whatever the reference
        rows = await loaders.present.rows(lambda scope: self._kind.by_references(scope, [reference]).about(()))
        if rows and not parked and not loaders.is_exact:
            return rows[0]
        ids = [row.id for row in rows] or await self._parked_by_number(reference)
        found = next(iter((await self.by_ids(ids)).values()), None) if ids else None
        if isinstance(found, EventParked):
            raise found
        return found if found is not None and found.reference == reference else None

    async def at_versions(
        self, pairs: Collection[Version], ask: Callable[[ViewerScope, Collection[Version]], Query[tuple[int, S]]]
    ) -> VersionedStates[S]:
        """States at the given versions, each with the position of the event that made it. ask: the view's query."""

        async def found(parked: Collection[UUID]) -> VersionedStates[S]:
            parked_ids, rest = _partition(pairs, lambda pair: pair[0] in parked)
            versions = [
                each for history in await self._histories({pair[0] for pair in parked_ids}) for each in history.versions
            ]
            rows = await self._loaders.rows(lambda scope: ask(scope, rest)) if rest else []
            return rows + [each for each in versions if (each[1].id, each[1].version) in parked_ids]

        return await self._with_parked(found)

    async def naming(
        self, ids: Collection[UUID], named_by: Callable[[S], Collection[UUID]]
    ) -> list[tuple[S, EventParked | None]]:
        """Parked subjects that name any of the ids, each with the EventParked if its events cannot be applied."""
        parked = await self.parked(refresh=self._loaders.is_exact)
        if not parked:
            return []
        candidates = await self._loaders.rows(lambda _: mentioning(parked, ids))
        until, found = await self._until(), []
        for history in await self._histories(candidates):
            state = history.at(until)
            if state is not None and not set(ids).isdisjoint(named_by(state)):
                found.append((state, self._parked_reason(history, until)))
        return found

    async def _rows(self, ids: Collection[UUID], unrestricted: bool) -> list[S]:
        return await self._loaders.rows(
            lambda scope: self._kind.by_ids(scope.of_everything() if unrestricted else scope, ids)
        )

    async def _from_events(self, ids: Collection[UUID], unrestricted: bool) -> dict[UUID, S | EventParked]:
        """States folded from events, now or as of the loaders' instant."""
        until, found = await self._until() if ids else None, dict[UUID, S | EventParked]()
        for history in await self._histories(ids, unrestricted):
            state = self._parked_reason(history, until) or history.at(until)
            if state is not None:
                found[history.id] = state
        return found

    def _parked_reason(self, history: EventHistory[S], until: int | None) -> EventParked | None:
        """The EventParked if the state at that position is unknown, else None."""
        if history.failed is None or (until is not None and until < history.failed):
            return None
        return EventParked(self._kind.view, history.failed, history.failed)

    async def _with_parked(self, ask: Callable[[Collection[UUID]], Awaitable[R]]) -> R:
        """Calls ask with the parked ids. Retries once with a fresh set if a stream was parked in between."""
        try:
            return await ask(await self.parked())
        except EventParked:
            return await ask(await self.parked(refresh=True))

    async def _parked_by_number(self, reference: str) -> list[UUID]:
        """Parked subjects with this reference and without a row in their view."""
        place = place_of(reference)
        parked = await self.parked(refresh=True) if place else {}
        if not (place and parked):
            return []
        rows = await self._loaders.rows(lambda _: event_of_number(*place))
        assigned = [decode(row).event for row in rows]
        return [each.subject for each in assigned if isinstance(each, NumberAssigned) and each.subject in parked]

    async def _until(self) -> int | None:
        return (await self._loaders.viewer_scope()).position

    async def _histories(self, ids: Collection[UUID], unrestricted: bool = False) -> list[EventHistory[S]]:
        """Visibility follows the newest known state."""
        if not ids:
            return []
        tokens = (await self._loaders.viewer_scope()).viewer.tokens
        rows = await self._loaders.rows(lambda _: events_of(ids))
        found = [self._history(UUID(str(each)), list(own)) for each, own in groupby(rows, lambda row: row[1])]
        return [
            each
            for each in found
            if unrestricted or tokens is None or (each.versions and tokens & each.versions[-1][1].audience)
        ]

    def _history(self, id: UUID, rows: Sequence[Sequence[Any]]) -> EventHistory[S]:
        state, versions = None, VersionedStates[S]()
        for row in rows:
            try:
                state = self._kind.aggregate.evolve(state, decode(row))
            except Exception:  # noqa: BLE001 - logged when the stream was parked
                return EventHistory(id, versions, int(row[0]))
            versions.append((int(row[0]), state))
        return EventHistory(id, versions, None)


def _partition(items: Iterable[T], matches: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """The items that match, and the others."""
    matching, rest = list[T](), list[T]()
    for each in items:
        (matching if matches(each) else rest).append(each)
    return matching, rest
