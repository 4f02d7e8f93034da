"""Requests and incidents, by id and by reference: from the rows of their view, or from their own events.

The latter where the view has set one aside: whoever asks for it is told what it is, or was at an instant, and not what
it was when its view could last follow it.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Final, Generic, TypeVar
from uuid import UUID

from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT, Aggregate
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.recorded import Recorded
from projections import deployment_requests, incidents
from projections.reading.asking import Question, Sight
from projections.reading.histories import events_of
from projections.reading.reader import Reader, SetAside
from service.decoding import decode

if TYPE_CHECKING:
    from service.graphql.sources import Sources

S = TypeVar("S", DeploymentRequest, Incident)
R = TypeVar("R")
T = TypeVar("T")
Version = tuple[UUID, int]
"""A subject and how many events it had."""
Stood = list[tuple[int, S]]
"""What one was after each of its events, with their positions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[S]):
    """The view that has them, and what it is asked."""

    view: str
    aggregate: Aggregate
    by_ids: Callable[[Sight, Iterable[UUID]], Question[S]]
    by_references: Callable[[Sight, Iterable[str]], Question[S]]


REQUESTS: Final[Kind[DeploymentRequest]] = Kind(
    view=deployment_requests.NAME,
    aggregate=DEPLOYMENT_REQUEST,
    by_ids=deployment_requests.by_ids,
    by_references=deployment_requests.by_references,
)
INCIDENTS: Final[Kind[Incident]] = Kind(
    view=incidents.NAME, aggregate=INCIDENT, by_ids=incidents.by_ids, by_references=incidents.by_references
)


class Subjects(Generic[S]):
    """Those that the viewer may see. Raises SetAside where the domain itself cannot apply an event."""

    def __init__(self, kind: Kind[S], reader: Reader, sources: "Sources") -> None:
        self._kind: Kind[S] = kind
        self._reader = reader
        self._sources = sources

    async def set_aside(self) -> Mapping[UUID, int]:
        """As `Reader.set_aside`."""
        return await self._reader.set_aside(self._kind.view)

    async def see_that_it_has_rows(self, id: UUID) -> None:
        """For a list that is searched by it. Raises SetAside where the viewer may see it, and its view does not."""
        position = (await self.set_aside()).get(id)
        if position is None or await self._sources.rows(lambda sight: self._kind.by_ids(sight.now(), [id])):
            return
        if await self.by_ids([id]):
            raise SetAside(self._kind.view, position, position)

    async def by_ids(self, ids: Collection[UUID], *, whole: bool = False) -> Mapping[UUID, S]:
        """whole: for rules, also those that the viewer may not see."""
        found = await self._knowing(lambda set_aside: self._by_ids(ids, whole, set_aside))
        if lacking := [each for each in ids if each not in found]:
            set_aside = await self._set_aside_anew()
            if apart := [each for each in lacking if each in set_aside]:
                return {**found, **await self._by_ids(apart, whole, set_aside)}
        return found

    async def _by_ids(self, ids: Collection[UUID], whole: bool, set_aside: Collection[UUID]) -> Mapping[UUID, S]:
        apart, rest = _parted(ids, lambda each: each in set_aside)
        rows = await self._sources.rows(
            lambda sight: self._kind.by_ids(sight.of_everything() if whole else sight, rest)
        )
        rows += await self.from_events(apart, whole=whole)
        return {found.id: found for found in rows}

    async def at_versions(
        self, pairs: Collection[Version], ask: Callable[[Sight, Collection[Version]], Question[tuple[int, S]]]
    ) -> Stood[S]:
        """As they stood at these versions, each with the position of the event that made it. ask: the view."""

        async def found(set_aside: Collection[UUID]) -> Stood[S]:
            apart, rest = _parted(pairs, lambda pair: pair[0] in set_aside)
            histories = await self._histories({pair[0] for pair in apart}, whole=False)
            stood = [each for own in histories for each in own if (each[1].id, each[1].version) in apart]
            return await self._sources.rows(lambda sight: ask(sight, rest)) + stood

        return await self._knowing(found)

    async def _knowing(self, ask: Callable[[Collection[UUID]], Awaitable[R]]) -> R:
        """ask: what is given those that are set aside. Asked again where one was set aside only just now."""
        try:
            return await ask(await self.set_aside())
        except SetAside:
            return await ask(await self._set_aside_anew())

    async def _set_aside_anew(self) -> Mapping[UUID, int]:
        return await self._reader.set_aside(self._kind.view, anew=True)

    async def called(self, reference: str) -> S | None:
        """Of the past, it is looked up by the id that it has now."""
        sources = self._sources
        rows = await sources.present.rows(lambda sight: self._kind.by_references(sight, [reference]))
        set_aside = await self._reader.set_aside(self._kind.view, anew=not rows)
        if rows and sources.moment is None and rows[0].id not in set_aside:
            return rows[0]
        found = (await self.by_ids([row.id for row in rows] or set_aside)).values()
        return next((each for each in found if each.reference == reference), None)

    async def from_events(self, ids: Collection[UUID], *, whole: bool = False) -> list[S]:
        """As they are, or were at the sources' moment."""
        until = (await self._sources.sight()).position if ids else None
        stood = await self._histories(ids, whole)
        then = ([state for position, state in each if until is None or position <= until] for each in stood)
        return [states[-1] for states in then if states]

    async def _histories(self, ids: Collection[UUID], whole: bool) -> list[Stood[S]]:
        """Who may see one is decided by what it is now."""
        if not ids:
            return []
        tokens = (await self._sources.sight()).viewer.tokens
        events = await self._sources.rows(lambda _: events_of(ids, decode))
        found = [self._stood(list(own)) for _, own in groupby(events, lambda recorded: recorded.stream)]
        return [stood for stood in found if whole or tokens is None or tokens & stood[-1][1].audience]

    def _stood(self, events: Sequence[Recorded[object]]) -> Stood[S]:
        state, stood = None, []
        for recorded in events:
            try:
                state = self._kind.aggregate.evolve(state, recorded)
            except Exception as error:
                raise SetAside(self._kind.view, recorded.position, recorded.position) from error
            stood.append((recorded.position, state))
        return stood


def _parted(these: Iterable[T], is_apart: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """Those that are apart, and the rest."""
    apart, rest = list[T](), list[T]()
    for each in these:
        (apart if is_apart(each) else rest).append(each)
    return apart, rest
