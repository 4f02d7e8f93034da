"""Reader: the one way to ask the views, as somebody, at least at a position, within a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Executable, Text, any_, bindparam, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncEngine

from domain.authority import Authority
from domain.jurisdiction import Jurisdiction
from domain.marking import Viewer, viewer
from domain.vocabulary import Actor, AuthorityCode, Region
from projections.reading import parked_streams
from projections.reading.positions import EventParked, ViewBehind, ViewPositions
from projections.reading.queries import Query, ViewerScope
from projections.reading.single_flight import SingleFlight
from projections.reading.statement_slots import Person, Places, in_pieces
from projections.tables import checkpoints, parked
from projections.tables.stored_events import events

__all__ = ["DatabaseUnavailable", "EventParked", "InstantAhead", "Reader", "Reading", "ViewBehind"]

T = TypeVar("T")
StandingOf = Callable[[AuthorityCode], Query[Authority | Jurisdiction]]
"""An authority, where it is registered, and the jurisdictions of its mandates."""

RETRY_AFTER: Final = 1.0
RECENT: Final = 0.05
"""Seconds: a look that began then is one of now, however many ask for it."""
PAST_KEPT: Final = 4096
"""Instants whose positions are remembered: one who looks into the past asks more than one thing of it."""
LAST: Final = select(events.c.recorded_at).order_by(events.c.notification_id.desc()).limit(1).scalar_subquery()
POSITION_AS_OF: Final = select(
    func.event_store.position_as_of(bindparam("instant", type_=TIMESTAMP(timezone=True))),
    func.greatest(func.clock_timestamp(), LAST),
)
PARKED: Final = select(parked.streams.c.view, parked.streams.c.stream, parked.streams.c.position)
POSITIONS: Final = select(
    checkpoints.table.c.view, checkpoints.reached, checkpoints.table.c.parked, checkpoints.table.c.mends
)
LACKING: Final = select(checkpoints.table.c.view).where(
    checkpoints.table.c.view == any_(bindparam("views", type_=ARRAY(Text))),
    checkpoints.reached < bindparam("wanted", type_=BigInteger),
)
"""The views that are not at a position: what is asked of them on the same connection has less than was promised."""


class InstantAhead(Exception):
    """An instant after both the database's clock and the last event: nobody can say what the register will say then."""


class DatabaseUnavailable(Exception):
    """The database did not answer, or not in time. retry_after: seconds."""

    def __init__(self, reason: str, *, retry_after: float = RETRY_AFTER) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Reading:
    """What one viewer reads, as of now or then, at least at a position. Made by Reader."""

    def __init__(
        self, reader: "Reader", scope: ViewerScope, at_least: int, reached: int, now: datetime, person: Person | None
    ) -> None:
        """now: what it was found out at which mandates the viewer's authority holds. person: who reads."""
        self.viewer_scope = scope
        self.now = now
        self._reader = reader
        self._at_least = at_least
        self._reached = reached
        self._person = person

    @property
    def viewer(self) -> Viewer:
        return self.viewer_scope.viewer

    async def rows(self, query: Query[T]) -> list[T]:
        """Raises ViewBehind, Unanswered."""
        return await self._reader.answer(
            query, self._at_least, self.viewer_scope.position, reached=self._reached, person=self._person
        )

    async def one(self, query: Query[T]) -> T | None:
        """The first row of the answer."""
        return next(iter(await self.rows(query)), None)


class Reader:
    """Answers questions. Each statement is a transaction of its own: nothing is held open between two of them."""

    def __init__(
        self,
        engine: AsyncEngine,
        standing_of: StandingOf,
        *,
        patience: float = 5.0,
        answer_limit: float = 5.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """engine: one that commits each statement by itself. standing_of: reads what decides what an actor may see.

        Seconds: patience that a view is waited for, answer_limit that the database is.
        """
        self._places = Places(answer_limit)
        self._engine = engine
        self._standing_of = standing_of
        self._patience = patience
        self._limit = answer_limit
        self._clock = clock
        self._positions = ViewPositions(self._ask_positions)
        self._parking: set[str] = set()
        self._past: dict[datetime, int] = {}
        self._marks: frozenset[tuple[str, int, int]] = frozenset()
        self._parked_streams: SingleFlight[Hashable, Mapping[str, Mapping[UUID, int]]] = SingleFlight()

    async def reading(
        self,
        actor: Actor,
        *,
        at_least: int | None = None,
        reached: int | None = None,
        as_of: datetime | None = None,
        position: int | None = None,
        now: datetime | None = None,
    ) -> Reading:
        """Begins a reading: finds out what the actor may see now, and what position `as_of` stands for.

        at_least, reached: as in `answer`. position: what `as_of` stands for, where that is known. now: the time of who
        asks, where it is not that of the clock. Raises InstantAhead, ViewBehind, Unanswered.
        """
        now = now or self._clock()
        if as_of is not None and position is None:
            position = await self._position_as_of(as_of)
        wanted = max(at_least or 0, position or 0)
        known = await self._viewer(actor, now, max(wanted, reached or 0))
        scope = ViewerScope(viewer=known, as_of=as_of, position=position, clock=now)
        return Reading(self, scope, wanted, reached or 0, now, None if actor.is_system else actor.person)

    async def answer(
        self,
        query: Query[T],
        at_least: int = 0,
        as_of: int | None = None,
        *,
        reached: int = 0,
        person: Person | None = None,
    ) -> list[T]:
        """at_least: the position of an event that may not be missing, as_of: one up to which none may. reached: one
        that the views have to have got to, whatever they set aside on the way. person: among whose statements this one
        counts. Raises ViewBehind, Unanswered."""

        async def rows() -> Sequence[Sequence[Any]]:
            wanted = max(at_least, reached)
            await self._positions.wait_until(query.views, wanted, self._patience)
            if at_least and (set_aside := self._parking.intersection(query.views)):
                missing = parked_streams.missing(set_aside, at_least, as_of, query.subjects)
                for view, position in await self._rows(missing.limit(1)):
                    raise EventParked(view, position, at_least)
            try:
                async with self._places.one(person):
                    return await self._execute(query.statement, query.values, query.views, wanted)
            except TimeoutError:
                raise DatabaseUnavailable("other statements of the same person take too long") from None

        return await in_pieces(query.read, await self._twice(rows))

    async def parked_streams(self, view: str, *, anew: bool = False) -> Mapping[UUID, int]:
        """The streams that a view has set aside, each with the position of the event that it could not apply.

        As of a second ago, and of the last look at how far views are; anew: as of RECENT. Raises Unanswered.
        """
        recent = int(asyncio.get_running_loop().time() / RECENT) if anew else None
        found = await self._parked_streams.read((self._marks, recent), self._query_parked_streams)
        return found.get(view, {})

    async def _query_parked_streams(self) -> Mapping[str, Mapping[UUID, int]]:
        found: dict[str, dict[UUID, int]] = {}
        for view, stream, position in await self._rows(PARKED):
            found.setdefault(view, {})[stream] = int(position)
        return found

    async def reached(self, views: Iterable[str]) -> int:
        """The position that all of these views have reached now. Raises Unanswered."""
        return await self._positions.minimum(views)

    async def _viewer(self, actor: Actor, now: datetime, at_least: int) -> Viewer:
        if actor.is_system:
            return viewer(actor, registered=True, holds=())
        registered, holds = False, list[Region]()
        for found in await self.answer(self._standing_of(actor.authority), at_least):
            if isinstance(found, Authority):
                registered = True
            elif (mandate := found.mandate(now)) is not None and mandate.authority == actor.authority:
                holds.append(mandate.region)
        return viewer(actor, registered=registered, holds=holds)

    async def _position_as_of(self, instant: datetime) -> int:
        """What an instant stands for: once told, it never changes."""
        known = self._past.get(instant)
        if known is not None:
            return known
        position, clock = (await self._rows(POSITION_AS_OF, {"instant": instant}))[0]
        if position is None:
            raise InstantAhead(f"{_told(instant)} has not come yet: the register's clock says {_told(clock)}")
        if len(self._past) >= PAST_KEPT:
            self._past.clear()
        self._past[instant] = int(position)
        return int(position)

    async def _ask_positions(self) -> dict[str, int]:
        found = await self._rows(POSITIONS)
        self._parking = {row[0] for row in found if row[2]}
        self._marks = frozenset((row[0], row[2], row[3]) for row in found if row[2])
        return {row[0]: row[1] for row in found}

    async def _rows(self, statement: Executable, values: Mapping[str, object] | None = None) -> Sequence[Sequence[Any]]:
        return await self._twice(partial(self._execute, statement, values))

    async def _twice(self, ask: Callable[[], Awaitable[Sequence[Sequence[Any]]]]) -> Sequence[Sequence[Any]]:
        """Asks once more where a connection from the pool turns out to be dead, as after a restart, or where views have
        lost steps: what was known of the views does not hold any more."""
        try:
            with suppress(_Dead, _Lost):
                return await ask()
            return await ask()
        except (_Dead, _Lost) as error:
            raise DatabaseUnavailable(f"the database does not answer: {error}") from error

    async def _execute(
        self,
        statement: Executable,
        values: Mapping[str, object] | None,
        views: Sequence[str] = (),
        wanted: int = 0,
    ) -> Sequence[Sequence[Any]]:
        """Raises _Lost where the views are not at the position that is wanted of them, whatever was known of them."""
        try:
            async with asyncio.timeout(self._limit + 1), self._engine.connect() as connection:
                if wanted and views:
                    lacking = await connection.execute(LACKING, {"views": list(views), "wanted": wanted})
                    if (view := lacking.scalar()) is not None:
                        self._positions.reset()
                        raise _Lost(f"the view {view} is no longer at {wanted}")
                return (await connection.execute(statement, values)).all()
        except (TimeoutError, PoolTimeout) as error:
            raise DatabaseUnavailable("the database does not answer in time") from error
        except psycopg.OperationalError as error:
            raise DatabaseUnavailable(f"the database does not answer: {error}") from error
        except DBAPIError as error:
            if error.connection_invalidated:
                self._positions.reset()
                raise _Dead(str(error.orig)) from error
            if isinstance(error.orig, psycopg.OperationalError):
                raise DatabaseUnavailable(f"the database does not answer: {error.orig}") from error
            raise


class _Dead(Exception):
    """A connection that was taken for alive."""


class _Lost(Exception):
    """A view that was taken to be further than it is."""


def _told(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
