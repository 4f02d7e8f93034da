"""Reader: the only way to query the views, for a viewer, at least at a position, within a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
from sqlalchemy import Executable

from domain.visibility import Viewer, viewer
from domain.vocabulary import Actor, iso_time
from projections.reading import parked_streams
from projections.reading.position_queries import LACKING, PARKED, POSITION_AS_OF, POSITIONS
from projections.reading.positions import EventParked, ViewBehind, ViewPositions
from projections.reading.queries import Query, ViewerScope
from projections.reading.read_connections import ConnectionLost, Connections, Found
from projections.reading.single_flight import SingleFlight
from projections.reading.statement_slots import Person, StatementSlots, in_pieces
from projections.reading.statements import ViewerSettings, settings_of, viewed
from projections.reading.viewer_cache import Mark, StandingOf, ViewerCache, disclosed_row
from projections.tables.row_security import MARKINGS_MISSING

__all__ = ["DatabaseUnavailable", "EventParked", "InstantAhead", "Reader", "Reading", "ViewBehind"]

T = TypeVar("T")

RETRY_AFTER: Final = 1.0
PAST_KEPT: Final = 4096
"""Instants whose positions are cached: clients send several queries for the same instant."""


class InstantAhead(Exception):
    """The instant is later than the database's clock and the last event: its position is not yet determined."""


class DatabaseUnavailable(Exception):
    """The database did not answer, or not in time. retry_after: seconds."""

    def __init__(self, reason: str, *, retry_after: float = RETRY_AFTER) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class Reading:
    """Queries of one viewer, now or in the past, at least at a position. Made by Reader."""

    def __init__(
        self, reader: "Reader", scope: ViewerScope, at_least: int, reached: int, now: datetime, person: Person | None
    ) -> None:
        """now: when the mandates of the viewer's authority were checked. person: who reads."""
        self.viewer_scope = scope
        self.now = now
        self._reader = reader
        self._at_least = at_least
        self._reached = reached
        self._person = person
        self._viewer_settings = settings_of(scope.viewer)

    @property
    def viewer(self) -> Viewer:
        return self.viewer_scope.viewer

    async def rows(self, query: Query[T]) -> list[T]:
        """Requests are returned as the viewer may see them. Raises ViewBehind, DatabaseUnavailable."""
        found = await self._reader.answer(
            query,
            self._at_least,
            self.viewer_scope.position,
            viewer=self._viewer_settings,
            reached=self._reached,
            person=self._person,
        )
        viewer = self.viewer
        return found if viewer.tokens is None else [disclosed_row(row, viewer) for row in found]

    async def one(self, query: Query[T]) -> T | None:
        """The first row of the answer."""
        return next(iter(await self.rows(query)), None)

    async def parked_streams(self, view: str) -> Mapping[UUID, int]:
        """The streams that the view has parked at an event up to the instant, each with the position of that event.

        Up to a second old, but complete up to the position of this reading. Raises ViewBehind, DatabaseUnavailable.
        """
        until = self.viewer_scope.position
        found = await self._reader.parked_streams(view, self._at_least, self._reached)
        return found if until is None else {stream: at for stream, at in found.items() if at <= until}


class Reader:
    """Runs queries. Each statement is its own transaction; no transaction stays open between two."""

    def __init__(
        self,
        connections: Connections,
        standing_of: StandingOf,
        *,
        patience: float = 5.0,
        answer_limit: float = 5.0,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """standing_of: queries what an actor's visibility depends on.

        patience: longest wait for a view, in seconds. answer_limit: longest wait for the database, in seconds.
        """
        self._slots = StatementSlots(answer_limit)
        self._connections = connections
        self._patience = patience
        self._limit = answer_limit
        self._clock = clock
        self._positions = ViewPositions(self._ask_positions)
        self._parking: set[str] = set()
        self._past: dict[datetime, int] = {}
        self._marks: frozenset[tuple[str, int, int]] = frozenset()
        self._parked_streams: SingleFlight[Hashable, Mapping[str, Mapping[UUID, int]]] = SingleFlight()
        self._updated: dict[str, Mark] = {}
        self._viewers = ViewerCache(standing_of)

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
        """Begins a reading: determines what the actor may see now, and the position of `as_of`.

        at_least, reached: as in `answer`. position: of `as_of`, if known. now: the current time, if not that of the
        clock. Raises InstantAhead, ViewBehind, DatabaseUnavailable.
        """
        now = now or self._clock()
        position = await self._position_as_of(as_of) if as_of is not None and position is None else position
        wanted = max(at_least or 0, position or 0)
        seen_by = await self._viewer(actor, now, max(wanted, reached or 0))
        scope = ViewerScope(viewer=seen_by, as_of=as_of, position=position, clock=now)
        return Reading(self, scope, wanted, reached or 0, now, None if actor.is_system else actor.person)

    async def answer(
        self,
        query: Query[T],
        at_least: int = 0,
        as_of: int | None = None,
        *,
        viewer: ViewerSettings | None,
        reached: int = 0,
        person: Person | None = None,
    ) -> list[T]:
        """Runs a query.

        at_least: position of an event that the answer must include. as_of: position up to which no event may be
        missing. viewer: whose rows it reads, unless the query is unrestricted; None for the register itself. reached:
        position that the views must have reached, parked events aside. person: whose statement slots it uses. Raises
        ViewBehind, DatabaseUnavailable.

        It waits until the views have every recorded change of a marking: a viewer never reads by an earlier one.
        """
        settings = None if viewer is None or query.unrestricted else {**viewer, "viewed": viewed(query.views)}
        wanted = max(at_least, reached)

        async def rows() -> Sequence[Sequence[Any]]:
            await self._positions.wait_until(query.views, wanted, self._patience)
            parking = self._parking.intersection(query.views) if query.refuses_parked else ()
            if at_least and parking:
                missing = parked_streams.missing(parking, at_least, as_of)
                for view, position in await self._rows(missing.limit(1)):
                    raise EventParked(view, position, at_least)
            try:
                give_back = await self._slots.take(person)
            except TimeoutError:
                raise DatabaseUnavailable("other statements of the same person take too long") from None
            try:
                return await self._execute(query.statement, query.values, query.views, wanted, settings)
            finally:
                give_back()

        while True:
            try:
                return await in_pieces(query.read, await self._with_retry(rows))
            except _MarkingMissing as missing:
                wanted = missing.position

    async def parked_streams(self, view: str, *positions: int) -> Mapping[UUID, int]:
        """As `Reading.parked_streams`. positions: that the view must have reached."""
        await self._positions.wait_until([view], max(positions, default=0), self._patience)
        found = await self._parked_streams.read(self._marks, self._query_parked_streams)
        return found.get(view, {})

    async def _query_parked_streams(self) -> Mapping[str, Mapping[UUID, int]]:
        found: dict[str, dict[UUID, int]] = {}
        for view, stream, position in await self._rows(PARKED):
            found.setdefault(view, {})[stream] = int(position)
        return found

    async def reached(self, views: Iterable[str]) -> int:
        """The lowest current position of these views. Raises DatabaseUnavailable."""
        return await self._positions.minimum(views)

    async def marks(self) -> Mapping[str, Mark]:
        """Each view's position, and when its checkpoint last changed. Raises DatabaseUnavailable."""
        await self._positions.look()
        return self._updated

    async def _viewer(self, actor: Actor, now: datetime, at_least: int) -> Viewer:
        """The viewer, no older than the last look at the positions."""
        if actor.is_system:
            return viewer(actor, registered=True, holds=())
        await self._positions.look()
        await self._positions.wait_until(self._viewers.query(actor.authority).views, at_least, self._patience)
        return await self._viewers.viewer(
            actor, now, self._updated, partial(self.answer, at_least=at_least, viewer=None)
        )

    async def _position_as_of(self, instant: datetime) -> int:
        """The position of an instant. It never changes while the database keeps its history, so it is cached."""
        past = self._past
        cached = past.get(instant)
        if cached is not None:
            return cached
        position, clock = (await self._rows(POSITION_AS_OF, {"instant": instant}))[0]
        if position is None:
            raise InstantAhead(f"{iso_time(instant)} has not come yet: the register's clock says {iso_time(clock)}")
        if len(past) >= PAST_KEPT:
            past.clear()
        past[instant] = int(position)
        return int(position)

    async def _ask_positions(self) -> dict[str, int]:
        found = await self._rows(POSITIONS)
        self._parking = {row[0] for row in found if row[2]}
        self._marks = frozenset((row[0], row[2], row[3]) for row in found if row[2])
        self._updated = {row[0]: (row[1], row[4]) for row in found}
        return {row[0]: row[1] for row in found}

    async def _rows(self, statement: Executable, values: Mapping[str, object] | None = None) -> Sequence[Sequence[Any]]:
        return await self._with_retry(partial(self._execute, statement, values))

    async def _with_retry(self, ask: Callable[[], Awaitable[Sequence[Sequence[Any]]]]) -> Sequence[Sequence[Any]]:
        """Once more if a pooled connection is dead, or views have lost steps: their known positions are then reset."""
        try:
            with suppress(ConnectionLost, _Lost):
                return await ask()
            return await ask()
        except (ConnectionLost, _Lost) as error:
            raise DatabaseUnavailable(f"the database does not answer: {error}") from error

    async def _execute(
        self,
        statement: Executable,
        values: Mapping[str, object] | None,
        views: Sequence[str] = (),
        wanted: int = 0,
        viewer: ViewerSettings | None = None,
    ) -> Sequence[Sequence[Any]]:
        """Raises _Lost if a view is no longer at the wanted position, although it was known to have reached it."""
        try:
            async with (
                asyncio.timeout(self._limit + 1),
                self._connections.connection(for_viewer=viewer is not None) as connection,
            ):
                unless = (LACKING, {"views": list(views), "wanted": wanted}) if wanted and views else None
                return await self._connections.rows(connection, statement, values, viewer, unless=unless)
        except Found as found:
            self._positions.reset()
            raise _Lost(f"the view {found.args[0][0]} is no longer at {wanted}") from None
        except (TimeoutError, psycopg.Error, ConnectionLost) as error:
            if isinstance(error, psycopg.Error) and error.sqlstate == MARKINGS_MISSING:
                raise _MarkingMissing(int(error.diag.message_primary or 0)) from None
            self._past = {}
            self._viewers.clear()
            raise self._failure(error) from error

    def _failure(self, error: Exception) -> Exception:
        """What to raise for an error of a statement. The next connection may find a database that was restored."""
        if isinstance(error, TimeoutError):
            return DatabaseUnavailable("the database does not answer in time")
        if isinstance(error, psycopg.OperationalError):
            return DatabaseUnavailable(f"the database does not answer: {error}")
        if isinstance(error, ConnectionLost):
            self._positions.reset()
        return error


class _MarkingMissing(Exception):
    """A view lacks the change of a marking at a position."""

    def __init__(self, position: int) -> None:
        super().__init__(position)
        self.position = position


class _Lost(Exception):
    """A view is not as far as its known position."""
