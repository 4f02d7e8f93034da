"""A view built anew beside the one that is served, and put in its place in one short transaction."""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from threading import Event
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.recorded import Recorded
from projections import ordering, parking
from projections.applying import apply, fold, memories
from projections.checkpoints import REBUILDS, Progress
from projections.collecting import collecting_rarely
from projections.following import connect
from projections.loading import load
from projections.ordering import Outcome
from projections.remembering import Remembered
from projections.replaying import Decode, Replay, blocks, count, head, topics
from projections.verification import Comparison, Differs, check_sample, compare, same_moment
from projections.view import Folded, View

log = logging.getLogger(__name__)

NEXT: Final = "projections_next"
CAUGHT_UP: Final = 500
"""Events that are left to the transaction of the swap, at most, before it is tried."""
LOCK_LIMITS: Final = (0.25, 0.25, 0.5, 1.0, 1.5, 2.0)
"""Seconds that the swap waits for readers to end their statements; those that come later wait behind it that long.
An autovacuum gives way after one second."""
TRIES: Final = 60


class BeingRebuilt(Exception):
    """Somebody else builds this view anew."""


class Cancelled(Exception):
    """It was stopped before the swap. What was served is served."""


class NotSwapped(Exception):
    """Readers or others held on to the view's tables too long, time and again. What was served is served."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """position: up to which the new rows are. processed: events that were read for them.

    comparison: with the rows that were served; None where nothing had been followed yet.
    """

    view: str
    position: int
    processed: int
    seconds: float
    comparison: Comparison | None


def rebuild(
    view: View,
    url: str,
    decode: Decode,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Event | None = None,
    *,
    accept: bool = False,
) -> Rebuilt:
    """Builds a view's rows from all events, catches up with those that arrive meanwhile, compares, and swaps.

    Readers see the old rows until they see the new ones, which are never older; nobody who appends waits for anything.
    Where it is killed, the next one begins anew and clears away what it left.
    accept: swaps too where rows of the same version differ from those that are served.
    Raises BeingRebuilt, Cancelled, Differs, NotAsFolded, NotSwapped, Unappliable, psycopg.Error, what decode raises.
    """
    with _building(view, url, decode, progress, stop) as building:
        return building.run(accept)


def verify(
    view: View,
    url: str,
    decode: Decode,
    progress: Callable[[Progress], None] = lambda _: None,
    stop: Event | None = None,
) -> Comparison | None:
    """The comparison alone: the same building, and no swap. None where nothing was followed yet.

    Raises as `rebuild` does, but never Differs.
    """
    with _building(view, url, decode, progress, stop) as building:
        return building.compared()


@contextmanager
def _building(
    view: View, url: str, decode: Decode, progress: Callable[[Progress], None], stop: Event | None
) -> Iterator["_Building"]:
    with connect(url, f"mandate rebuild {view.name}") as connection, _alone(connection, view), collecting_rarely():
        connection.execute("SET statement_timeout = 0")
        building = _Building(view, url, connection, decode, progress, stop or Event())
        try:
            yield building
        finally:
            if not connection.broken:
                building.clear()


@contextmanager
def _alone(connection: psycopg.Connection[Any], view: View) -> Iterator[None]:
    keys = [REBUILDS, view.name]
    row = connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", keys).fetchone()
    if row is None or not row[0]:
        raise BeingRebuilt(f"{view.name} is being rebuilt already")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", keys)


class _Building:
    def __init__(
        self,
        view: View,
        url: str,
        connection: psycopg.Connection[Any],
        decode: Decode,
        progress: Callable[[Progress], None],
        stop: Event,
    ) -> None:
        self._view = view
        self._url = url
        self._connection = connection
        self._decode = decode
        self._report = progress
        self._stop = stop
        self._tables = [table.name for table in view.tables]
        self._states = Remembered(view, NEXT)
        self._started_at = datetime.now(UTC)
        self._processed = 0
        self._total = 0
        self._position = 0
        self._compared: Comparison | None = None

    def run(self, accept: bool) -> Rebuilt:
        comparison = self._compared = self.compared()
        if comparison and comparison.differing:
            log.warning("%s", comparison.told())
            if not (accept or comparison.may_differ):
                raise Differs(comparison)
        self._catch_up(head)
        for attempt in range(TRIES):
            if self._try_to_swap(LOCK_LIMITS[min(attempt, len(LOCK_LIMITS) - 1)]):
                took = (datetime.now(UTC) - self._started_at).total_seconds()
                return Rebuilt(self._view.name, self._position, self._processed, took, comparison)
            self._stop.wait(0.1)
            self._progress(0)
            self._catch_up(head)
        raise NotSwapped(f"{self._view.name} is in use without a break: nothing was changed")

    def compared(self) -> Comparison | None:
        """Builds up to where the served view is, and compares there. What it was not followed for is not built yet."""
        end = head(self._connection)
        followed = self._followed(self._connection)
        self._position = followed or end
        self._total = count(self._connection, self._wanted(), end)
        self.clear()
        self._call("begin_copy")
        self._progress(0)
        self._load()
        return self._compare() if followed else None

    def _compare(self) -> Comparison:
        for _ in range(TRIES):
            self._catch_up(self._followed)
            with same_moment(self._view, self._url, NEXT, self._meet) as seen:
                if seen is not None:
                    found = compare(seen[0], self._view, NEXT, *seen[1:])
                    replay = Replay(self._connection, self._decode, found.position)
                    sampled = check_sample(seen[0], self._view, NEXT, replay, found.position)
                    return replace(found, sampled=sampled)
        raise NotSwapped(f"{self._view.name} and its copy did not meet at one position: nothing was changed")

    def _meet(self, position: int) -> bool:
        """Brings the copy to the position at which the served view is held, where only little is missing."""
        if not 0 <= position - self._position <= CAUGHT_UP:
            return False
        self._advance(position)
        return True

    def clear(self) -> None:
        """Leaves nothing behind."""
        self._connection.execute("DELETE FROM projections.rebuilds WHERE view = %s", [self._view.name])
        self._call("drop_copy")

    def _load(self) -> None:
        """All up to where the log ended in the beginning: rows first, without an index, then what hangs on them."""
        replay = Replay(self._connection, self._decode, self._position)
        wanted = topics(self._view.by_stream)
        too_long: list[UUID] = []
        for block in blocks(replay.by_stream(wanted)):
            too_long += [stream for stream, events in block if events is None]
            whole = [(stream, events) for stream, events in block if events is not None]
            self._load_folded([fold(self._view, stream, None, events) for stream, events in whole])
            self._progress(sum(len(events) for _, events in whole))
        if self._view.derive is not None:
            self._view.derive(self._connection, NEXT, None)
        self._call("index_copy")
        for stream in too_long:
            self._apply_all(replay.of_stream(stream, wanted))
        self._apply_all(replay.by_position(topics(self._view.by_position)))

    def _load_folded(self, folded: list[Folded]) -> None:
        with self._connection.transaction():
            for table in self._view.tables:
                load(self._connection, NEXT, table, [row for each in folded for row in each.rows.get(table, ())])
            for table, rows in memories(self._view, folded).items():
                load(self._connection, NEXT, table, rows)

    def _apply_all(self, events: Iterable[Recorded[Any]]) -> None:
        source = iter(events)
        while block := list(islice(source, CAUGHT_UP)):
            with self._connection.transaction():
                folded = apply(self._view, self._connection, NEXT, block, self._states)
            self._states.keep((each.subject, each.state) for each in folded)
            self._progress(len(block))

    def _catch_up(self, end_of: Callable[[psycopg.Connection[Any]], int]) -> None:
        """Until so few events are left that whoever is kept waiting for them need not wait long."""
        while (end := end_of(self._connection)) - self._position > CAUGHT_UP:
            self._advance(end)

    def _advance(self, end: int) -> None:
        replay = Replay(self._connection, self._decode, end)
        self._apply_all(replay.by_position(self._wanted(), self._position))
        self._position = end

    def _wanted(self) -> list[str]:
        return topics((*self._view.by_stream, *self._view.by_position))

    def _try_to_swap(self, limit: float) -> bool:
        """Holds the checkpoint first, as followers do, so that the live rows stand still; then takes their place."""
        before = self._position
        try:
            with self._connection.transaction():
                self._connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{limit * 1000:.0f}ms"])
                self._followed(self._connection, "FOR UPDATE")
                self._advance(head(self._connection))
                self._call("swap_copy")
                self._write_checkpoint()
        except psycopg.errors.LockNotAvailable:
            log.info("the tables of %s are in use: the swap is tried again", self._view.name)
            self._position = before
            self._states.forget()
            return False
        return True

    def _followed(self, connection: psycopg.Connection[Any], lock: str = "") -> int:
        statement = f"SELECT position FROM projections.checkpoints WHERE view = %s {lock}"  # noqa: S608
        row = connection.execute(statement.encode(), [self._view.name]).fetchone()
        return int(row[0]) if row else 0

    def _write_checkpoint(self) -> None:
        self._connection.execute(
            """INSERT INTO projections.checkpoints AS c (view, version, position, recorded_at, updated_at, state)
               SELECT %(view)s, %(version)s, %(position)s, max(e.recorded_at), clock_timestamp(), 'STOPPED'
               FROM event_store.events e WHERE e.notification_id = %(position)s
               ON CONFLICT (view) DO UPDATE
               SET version = excluded.version, position = excluded.position, recorded_at = excluded.recorded_at,
                   updated_at = excluded.updated_at""",
            {"view": self._view.name, "version": self._view.version, "position": self._position},
        )
        parking.clear(self._connection, self._view.name)
        differing, told = (self._compared.differing, self._compared.told()) if self._compared else (0, "")
        ordering.settle(self._connection, self._view.name, self._view.version, Outcome.SWAPPED, differing, told)

    def _call(self, function: str) -> None:
        self._connection.execute(f"SELECT projections.{function}(%s)".encode(), [self._tables])

    def _progress(self, events: int) -> None:
        """Where others can see it too. Raises Cancelled where it is to stop."""
        if self._stop.is_set():
            raise Cancelled(f"the rebuild of {self._view.name} was stopped")
        self._processed += events
        now = datetime.now(UTC)
        told = Progress(
            processed=self._processed,
            total=max(self._total, self._processed),
            started_at=self._started_at,
            updated_at=now,
        )
        if ordering.tell(self._connection, self._view.name, self._view.version, told):
            raise Cancelled(f"the rebuild of {self._view.name} was cancelled")
        self._report(told)
