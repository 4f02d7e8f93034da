"""Requests and incidents, by id and by reference: from the rows of their view, or from their own events.

The latter where the view has set one aside: whoever asks for it is told what it is, or was at an instant, and not what
it was when its view could last follow it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar
from uuid import UUID

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT, Aggregate
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.numbering import NumberAssigned, place_of
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
"""A subject and how many events it had."""
VersionedStates = list[tuple[int, S]]
"""What one was after each of its events, with their positions."""


@dataclass(frozen=True, slots=True)
class EventHistory(Generic[S]):
    """failed: the position of the first event that the domain itself cannot apply; None where it can apply all."""

    id: UUID
    versions: VersionedStates[S]
    failed: int | None

    def at(self, until: int | None) -> S | None:
        """What it was up to a position, None being now."""
        return next((state for position, state in reversed(self.versions) if until is None or position <= until), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectKind(Generic[S]):
    """The view that has them, and what it is asked."""

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
    """Those that the viewer may see. Raises SetAside for one of which nobody can say what it is, or was then."""

    def __init__(self, kind: SubjectKind[S], reader: Reader, loaders: "Loaders") -> None:
        self._kind: SubjectKind[S] = kind
        self._reader = reader
        self._sources = loaders

    async def parked(self, *, anew: bool = False) -> Mapping[UUID, int]:
        """As `Reader.parked_streams`."""
        return await self._reader.parked_streams(self._kind.view, anew=anew)

    async def require_rows(self, id: UUID) -> None:
        """For a list that is searched by it. Raises SetAside where the viewer may see it, and its view does not."""
        position = (await self.parked(anew=True)).get(id)
        if position is None or await self._sources.rows(lambda scope: self._kind.by_ids(scope.now(), [id])):
            return
        if await self.by_ids([id]):
            raise EventParked(self._kind.view, position, position)

    async def require_not_parked(self, id: UUID) -> None:
        """For what the viewer may see, as something else says. Raises SetAside."""
        position = (await self.parked(anew=True)).get(id)
        if position is not None:
            raise EventParked(self._kind.view, position, position)

    async def by_ids(self, ids: Collection[UUID], *, whole: bool = False) -> Mapping[UUID, S | EventParked]:
        """whole: for rules, also those that the viewer may not see. SetAside stands for one that cannot be told: it is
        in no other's way."""
        asked: set[UUID] = set()

        async def found(set_aside: Collection[UUID]) -> dict[UUID, S | EventParked]:
            apart, rest = _parted(ids, lambda each: each in set_aside)
            asked.update(apart)
            rows = await self._rows(rest, whole) if rest else []
            return {**{each.id: each for each in rows}, **await self._from_events(apart, whole)}

        there = await self._with_parked(found)
        if lacking := [each for each in ids if each not in there and each not in asked]:
            set_aside = await self.parked(anew=True)
            there |= await self._from_events([each for each in lacking if each in set_aside], whole)
        return there

    async def by_reference(self, reference: str) -> S | None:
        """By its id, where that is not told by the row that stands."""
        loaders, set_aside = self._sources, await self.parked()
        await loaders.viewer_scope()  # an instant of which nobody can say anything is refused, whatever is asked for
        rows = await loaders.present.rows(lambda scope: self._kind.by_references(scope, [reference]).about(()))
        if rows and not set_aside and not loaders.is_exact:
            return rows[0]
        ids = [row.id for row in rows] or await self._numbered(reference)
        found = next(iter((await self.by_ids(ids)).values()), None) if ids else None
        if isinstance(found, EventParked):
            raise found
        return found if found is not None and found.reference == reference else None

    async def at_versions(
        self, pairs: Collection[Version], ask: Callable[[ViewerScope, Collection[Version]], Query[tuple[int, S]]]
    ) -> VersionedStates[S]:
        """As they stood at these versions, each with the position of the event that made it. ask: the view."""

        async def found(set_aside: Collection[UUID]) -> VersionedStates[S]:
            apart, rest = _parted(pairs, lambda pair: pair[0] in set_aside)
            stood = [
                each for history in await self._histories({pair[0] for pair in apart}) for each in history.versions
            ]
            rows = await self._sources.rows(lambda scope: ask(scope, rest)) if rest else []
            return rows + [each for each in stood if (each[1].id, each[1].version) in apart]

        return await self._with_parked(found)

    async def naming(
        self, ids: Collection[UUID], named_by: Callable[[S], Collection[UUID]]
    ) -> list[tuple[S, EventParked | None]]:
        """Those that are set aside and name any of these, each with why it cannot be told, if so."""
        set_aside = await self.parked(anew=self._sources.is_exact)
        if not set_aside:
            return []
        perhaps = await self._sources.rows(lambda _: mentioning(set_aside, ids))
        until, found = await self._until(), []
        for history in await self._histories(perhaps):
            state = history.at(until)
            if state is not None and not set(ids).isdisjoint(named_by(state)):
                found.append((state, self._lost(history, until)))
        return found

    async def _rows(self, ids: Collection[UUID], whole: bool) -> list[S]:
        return await self._sources.rows(lambda scope: self._kind.by_ids(scope.of_everything() if whole else scope, ids))

    async def _from_events(self, ids: Collection[UUID], whole: bool) -> dict[UUID, S | EventParked]:
        """As they are, or were at the sources' moment."""
        until, found = await self._until() if ids else None, dict[UUID, S | EventParked]()
        for history in await self._histories(ids, whole):
            told = self._lost(history, until) or history.at(until)
            if told is not None:
                found[history.id] = told
        return found

    def _lost(self, history: EventHistory[S], until: int | None) -> EventParked | None:
        """Why nobody can say what it was then."""
        if history.failed is None or (until is not None and until < history.failed):
            return None
        return EventParked(self._kind.view, history.failed, history.failed)

    async def _with_parked(self, ask: Callable[[Collection[UUID]], Awaitable[R]]) -> R:
        """ask: what is given those that are set aside. Asked again where one was set aside only just now."""
        try:
            return await ask(await self.parked())
        except EventParked:
            return await ask(await self.parked(anew=True))

    async def _numbered(self, reference: str) -> list[UUID]:
        """What has this reference and is set aside, where its view has no row of it."""
        place = place_of(reference)
        set_aside = await self.parked(anew=True) if place else {}
        if not (place and set_aside):
            return []
        rows = await self._sources.rows(lambda _: event_of_number(*place))
        assigned = [decode(row).event for row in rows]
        return [each.subject for each in assigned if isinstance(each, NumberAssigned) and each.subject in set_aside]

    async def _until(self) -> int | None:
        return (await self._sources.viewer_scope()).position

    async def _histories(self, ids: Collection[UUID], whole: bool = False) -> list[EventHistory[S]]:
        """Who may see one is decided by what it is now, as far as that is known."""
        if not ids:
            return []
        tokens = (await self._sources.viewer_scope()).viewer.tokens
        rows = await self._sources.rows(lambda _: events_of(ids))
        found = [self._history(UUID(str(each)), list(own)) for each, own in groupby(rows, lambda row: row[1])]
        return [
            each
            for each in found
            if whole or tokens is None or (each.versions and tokens & each.versions[-1][1].audience)
        ]

    def _history(self, id: UUID, rows: Sequence[Sequence[Any]]) -> EventHistory[S]:
        state, stood = None, VersionedStates[S]()
        for row in rows:
            try:
                state = self._kind.aggregate.evolve(state, decode(row))
            except Exception:  # noqa: BLE001 - whoever set it aside has said why
                return EventHistory(id, stood, int(row[0]))
            stood.append((int(row[0]), state))
        return EventHistory(id, stood, None)


def _parted(these: Iterable[T], is_apart: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """Those that are apart, and the rest."""
    apart, rest = list[T](), list[T]()
    for each in these:
        (apart if is_apart(each) else rest).append(each)
    return apart, rest
