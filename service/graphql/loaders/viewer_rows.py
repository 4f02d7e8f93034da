"""The rows of the views that one viewer may see, now or at an instant in the past."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self, TypeVar
from uuid import UUID

from domain.visibility import Viewer
from domain.vocabulary import Actor, Person
from projections.reading.queries import Query, ViewerScope
from projections.reading.reader import EventParked, InstantAhead, Reader, Reading, ViewBehind
from projections.reading.subject_queries import Names
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.execution.pace import Pace
from service.graphql.loaders.dataloader import Loads, noted
from service.graphql.loaders.parked_subjects import ParkedSubjects, refuse

T = TypeVar("T")
R = TypeVar("R", bound="ViewerRows")

NOTHING: Final = frozenset[str]()

AsNode = Callable[[str, Any, Any], object]
"""Creates the API node of a type from a state and its loaders. The loaders import no schema type."""


@dataclass(frozen=True, slots=True)
class PastInstant:
    """A past instant. position: of the last event recorded by then, if known."""

    instant: datetime
    position: int | None = None


class ViewerRows:
    """What the viewer may see; None stands for everything else. The reading is opened by the first query.

    now: the time at which rules are evaluated: of the request, or the past instant. at_least, reached: as in
    `Reader.answer`. moment: the past instant to read, None for the present. present: the rows of the present with the
    same conditions. pace: of the person. selected: by type, the names that are read of a state, as in
    `compiled.plans.Plan`; None if anything may be read. loads: see `Loads`. is_blocked: whether nobody acts
    on behalf of a person.
    """

    def __init__(
        self,
        reader: Reader,
        as_node: AsNode,
        actor: Actor,
        now: datetime,
        at_least: int | None = None,
        moment: PastInstant | None = None,
        present: Self | None = None,
        reached: int | None = None,
        pace: Pace | None = None,
        selected: Mapping[str, Names | None] | None = None,
    ) -> None:
        self.as_node = as_node
        self.actor = actor
        self.pace = pace or Pace()
        self.loads: Loads = set()
        self.is_blocked: Callable[[Person], bool] = lambda person: False
        self.now = moment.instant if moment else now
        self.past = moment
        self.present = present or self
        self._reader = reader
        self._at_least = at_least
        self._reached = reached
        self._selected = selected
        self._reading: asyncio.Future[Reading] | None = None
        self._past: dict[PastInstant, Self] = {}

    def as_of(self, instant: datetime | None, position: int | None = None) -> Self:
        """The same as of an instant. position: of the last event recorded by then, if known."""
        if instant is None:
            return self
        moment, present = PastInstant(instant, position), self.present
        found = present._past.get(moment)
        if found is None:
            found = present._past[moment] = self._with(self._at_least, moment, present)
        return found

    def at_least(self, position: int) -> Self:
        """The same, reading at least at a position: for subjects that another view already names."""
        present = None if self.present is self else self.present
        return self._with(max(position, self._at_least or 0), self.past, present)

    def _with(self, at_least: int | None, moment: PastInstant | None, present: Self | None) -> Self:
        return self.made(type(self), at_least, moment, present)

    def made(self, kind: type[R], at_least: int | None, moment: PastInstant | None, present: Self | None) -> R:
        """Loaders of a kind, of the same person and request."""
        now, reached = self.present.now, self._reached
        made = kind(
            self._reader,
            self.as_node,
            self.actor,
            now,
            at_least,
            moment,
            present,
            reached,
            self.pace,
            self._selected,
        )
        made.loads = self.loads
        made.is_blocked = self.is_blocked
        return made

    def names_of(self, type_name: str) -> Names | None:
        """What the operation reads of the states that it shows of a type; None if it may read anything."""
        return None if self._selected is None else self._selected.get(type_name, NOTHING)

    async def rows(self, query: Callable[[ViewerScope], Query[T]]) -> list[T]:
        """Raises ViewBehind, DatabaseUnavailable; SubjectParked for a list that would omit what the viewer may see."""
        with noted(self.loads):
            reading = await self._opened_reading()
            wanted = query(reading.viewer_scope)
            try:
                return await reading.rows(wanted)
            except EventParked:
                for view in wanted.views:
                    refuse(await self.parked(view).omitted(self._at_least))
                return await reading.rows(wanted.despite_parked())

    async def number(self, query: Callable[[ViewerScope], Query[int]]) -> int:
        """The result of a query that returns one row."""
        return (await self.rows(query))[0]

    async def rows_best_effort(self, query: Callable[[ViewerScope], Query[T]]) -> list[T]:
        """As `rows`, but falls back to the current rows if the views are behind. A past instant has no fallback."""
        try:
            return await self.rows(query)
        except ViewBehind:
            if self.past is not None:
                raise
            reading = await self._reader.reading(self.actor)
            return await reading.rows(query(reading.viewer_scope))

    def parked(self, view: str) -> ParkedSubjects:
        return ParkedSubjects(view, self)

    async def parked_streams(self, view: str) -> Mapping[UUID, int]:
        """As `Reading.parked_streams`."""
        return await (await self._opened_reading()).parked_streams(view)

    async def viewer(self) -> Viewer:
        """The viewer; as the views currently know them if these are behind."""
        try:
            return (await self._opened_reading()).viewer
        except ViewBehind:
            return (await self._reader.reading(self.actor)).viewer

    async def _opened_reading(self) -> Reading:
        reading = self._reading
        if reading is None:
            reading = self._reading = asyncio.ensure_future(self._open_reading())
        try:
            return reading.result() if reading.done() else await asyncio.shield(reading)
        except InstantAhead as ahead:
            raise BadUserInput("asOf", f"{ahead}.") from None

    async def _open_reading(self) -> Reading:
        moment = self.past
        return await self._reader.reading(
            self.actor,
            at_least=self._at_least,
            reached=self._reached,
            as_of=moment.instant if moment else None,
            position=moment.position if moment else None,
            now=self.present.now,
        )
