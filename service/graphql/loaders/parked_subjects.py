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
from projections.reading.queries import Question, Sight
from projections.reading.reader import Reader, SetAside
from projections.reading.stream_events import event_of_number, events_of, mentioning
from service.event_store.mapper import decode

if TYPE_CHECKING:
    from service.graphql.loaders.loaders import Sources

S = TypeVar("S", DeploymentRequest, Incident)
R = TypeVar("R")
T = TypeVar("T")
Version = tuple[UUID, int]
"""A subject and how many events it had."""
Stood = list[tuple[int, S]]
"""What one was after each of its events, with their positions."""


@dataclass(frozen=True, slots=True)
class History(Generic[S]):
    """failed: the position of the first event that the domain itself cannot apply; None where it can apply all."""

    id: UUID
    stood: Stood[S]
    failed: int | None

    def at(self, until: int | None) -> S | None:
        """What it was up to a position, None being now."""
        return next((state for position, state in reversed(self.stood) if until is None or position <= until), None)


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
    """Those that the viewer may see. Raises SetAside for one of which nobody can say what it is, or was then."""

    def __init__(self, kind: Kind[S], reader: Reader, sources: "Sources") -> None:
        self._kind: Kind[S] = kind
        self._reader = reader
        self._sources = sources

    async def set_aside(self, *, anew: bool = False) -> Mapping[UUID, int]:
        """As `Reader.set_aside`."""
        return await self._reader.set_aside(self._kind.view, anew=anew)

    async def see_that_it_has_rows(self, id: UUID) -> None:
        """For a list that is searched by it. Raises SetAside where the viewer may see it, and its view does not."""
        position = (await self.set_aside(anew=True)).get(id)
        if position is None or await self._sources.rows(lambda sight: self._kind.by_ids(sight.now(), [id])):
            return
        if await self.by_ids([id]):
            raise SetAside(self._kind.view, position, position)

    async def see_that_it_is_not_set_aside(self, id: UUID) -> None:
        """For what the viewer may see, as something else says. Raises SetAside."""
        position = (await self.set_aside(anew=True)).get(id)
        if position is not None:
            raise SetAside(self._kind.view, position, position)

    async def by_ids(self, ids: Collection[UUID], *, whole: bool = False) -> Mapping[UUID, S | SetAside]:
        """whole: for rules, also those that the viewer may not see. SetAside stands for one that cannot be told: it is
        in no other's way."""
        asked: set[UUID] = set()

        async def found(set_aside: Collection[UUID]) -> dict[UUID, S | SetAside]:
            apart, rest = _parted(ids, lambda each: each in set_aside)
            asked.update(apart)
            rows = await self._rows(rest, whole) if rest else []
            return {**{each.id: each for each in rows}, **await self._from_events(apart, whole)}

        there = await self._knowing(found)
        if lacking := [each for each in ids if each not in there and each not in asked]:
            set_aside = await self.set_aside(anew=True)
            there |= await self._from_events([each for each in lacking if each in set_aside], whole)
        return there

    async def called(self, reference: str) -> S | None:
        """By its id, where that is not told by the row that stands."""
        sources, set_aside = self._sources, await self.set_aside()
        await sources.sight()  # an instant of which nobody can say anything is refused, whatever is asked for
        rows = await sources.present.rows(lambda sight: self._kind.by_references(sight, [reference]).about(()))
        if rows and not set_aside and not sources.is_exact:
            return rows[0]
        ids = [row.id for row in rows] or await self._numbered(reference)
        found = next(iter((await self.by_ids(ids)).values()), None) if ids else None
        if isinstance(found, SetAside):
            raise found
        return found if found is not None and found.reference == reference else None

    async def at_versions(
        self, pairs: Collection[Version], ask: Callable[[Sight, Collection[Version]], Question[tuple[int, S]]]
    ) -> Stood[S]:
        """As they stood at these versions, each with the position of the event that made it. ask: the view."""

        async def found(set_aside: Collection[UUID]) -> Stood[S]:
            apart, rest = _parted(pairs, lambda pair: pair[0] in set_aside)
            stood = [each for history in await self._histories({pair[0] for pair in apart}) for each in history.stood]
            rows = await self._sources.rows(lambda sight: ask(sight, rest)) if rest else []
            return rows + [each for each in stood if (each[1].id, each[1].version) in apart]

        return await self._knowing(found)

    async def naming(
        self, ids: Collection[UUID], named_by: Callable[[S], Collection[UUID]]
    ) -> list[tuple[S, SetAside | None]]:
        """Those that are set aside and name any of these, each with why it cannot be told, if so."""
        set_aside = await self.set_aside(anew=self._sources.is_exact)
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
        return await self._sources.rows(lambda sight: self._kind.by_ids(sight.of_everything() if whole else sight, ids))

    async def _from_events(self, ids: Collection[UUID], whole: bool) -> dict[UUID, S | SetAside]:
        """As they are, or were at the sources' moment."""
        until, found = await self._until() if ids else None, dict[UUID, S | SetAside]()
        for history in await self._histories(ids, whole):
            told = self._lost(history, until) or history.at(until)
            if told is not None:
                found[history.id] = told
        return found

    def _lost(self, history: History[S], until: int | None) -> SetAside | None:
        """Why nobody can say what it was then."""
        if history.failed is None or (until is not None and until < history.failed):
            return None
        return SetAside(self._kind.view, history.failed, history.failed)

    async def _knowing(self, ask: Callable[[Collection[UUID]], Awaitable[R]]) -> R:
        """ask: what is given those that are set aside. Asked again where one was set aside only just now."""
        try:
            return await ask(await self.set_aside())
        except SetAside:
            return await ask(await self.set_aside(anew=True))

    async def _numbered(self, reference: str) -> list[UUID]:
        """What has this reference and is set aside, where its view has no row of it."""
        place = place_of(reference)
        set_aside = await self.set_aside(anew=True) if place else {}
        if not (place and set_aside):
            return []
        rows = await self._sources.rows(lambda _: event_of_number(*place))
        assigned = [decode(row).event for row in rows]
        return [each.subject for each in assigned if isinstance(each, NumberAssigned) and each.subject in set_aside]

    async def _until(self) -> int | None:
        return (await self._sources.sight()).position

    async def _histories(self, ids: Collection[UUID], whole: bool = False) -> list[History[S]]:
        """Who may see one is decided by what it is now, as far as that is known."""
        if not ids:
            return []
        tokens = (await self._sources.sight()).viewer.tokens
        rows = await self._sources.rows(lambda _: events_of(ids))
        found = [self._history(UUID(str(each)), list(own)) for each, own in groupby(rows, lambda row: row[1])]
        return [
            each for each in found if whole or tokens is None or (each.stood and tokens & each.stood[-1][1].audience)
        ]

    def _history(self, id: UUID, rows: Sequence[Sequence[Any]]) -> History[S]:
        state, stood = None, Stood[S]()
        for row in rows:
            try:
                state = self._kind.aggregate.evolve(state, decode(row))
            except Exception:  # noqa: BLE001 - whoever set it aside has said why
                return History(id, stood, int(row[0]))
            stood.append((int(row[0]), state))
        return History(id, stood, None)


def _parted(these: Iterable[T], is_apart: Callable[[T], bool]) -> tuple[list[T], list[T]]:
    """Those that are apart, and the rest."""
    apart, rest = list[T](), list[T]()
    for each in these:
        (apart if is_apart(each) else rest).append(each)
    return apart, rest
