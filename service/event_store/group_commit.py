"""Group commit: one thread per process sends all queued items in one call, so that they share one lock and one sync."""

import asyncio
import logging
import queue
import select
import threading
import time
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from service.errors import Overloaded, Stopping, Unavailable, first_line
from service.event_store.batch import (
    AppendOutcome,
    Batch,
    Committed,
    PendingItem,
    conflict_with,
    deliver_outcomes,
    wake,
)
from service.event_store.commit_recovery import Backend, current_backend, recover_outcomes
from service.event_store.connections import BoundedConnection, ConnectionLimits, OnConnect, connect
from service.event_store.database_clock import DatabaseClock
from service.event_store.lineage import Lineage, Seen, note_lineage
from service.event_store.pg_arrays import register
from service.event_store.records import AppendConflict

APPEND: Final = (
    "SELECT head, stamp, clock, lost_items, lost_streams FROM event_store.append(%b, %b, %b, %b, %b, %b, %b, %b, %b)"
)
IDLE: Final = 20.0
"""Seconds after which an idle connection is tested before use: a firewall or proxy may have dropped it."""
QUEUE_FULL: Final = "too much is waiting to be recorded"
OUTCOME_UNKNOWN: Final = "the database does not answer: whether it was recorded is not known"
MICROSECOND: Final = timedelta(microseconds=1)

log = logging.getLogger(__name__)


class Appender:
    """Appends items from any number of threads, in the order of one connection."""

    def __init__(
        self, url: str, limits: ConnectionLimits, on_connect: OnConnect, lineage: Lineage, clock: DatabaseClock
    ) -> None:
        """Connects with the first item; raises nothing here. on_connect: called with each new connection."""
        self._url = url
        self._limits = limits
        self._on_connect = on_connect
        self._lineage = lineage
        self._clock = clock
        self._waiting: queue.SimpleQueue[PendingItem | None] = queue.SimpleQueue()
        self._gate = threading.Lock()
        self._closing = False
        self._connection: BoundedConnection | None = None
        self._cursor: psycopg.Cursor[Any] | None = None
        self._backend: Backend | None = None
        self._used = 0.0
        self._patience = 2 * (limits.connect + limits.lock + limits.answer)
        self._thread = threading.Thread(target=self._run, name="appender", daemon=True)
        self._thread.start()

    def append(self, entry: PendingItem) -> Committed | AppendConflict:
        """Raises Unavailable, which says whether it is certain that nothing was recorded."""
        entry.waiter = delivered = threading.Event()
        self._accept(entry)
        if not delivered.wait(self._limits.answer) and entry.take():
            raise Overloaded(QUEUE_FULL)
        delivered.wait(self._patience)
        return _outcome(entry)

    async def append_async(self, entry: PendingItem) -> Committed | AppendConflict:
        """`append` for an event loop. If the caller is cancelled, the item stays in the queue."""
        loop = asyncio.get_running_loop()
        entry.waiter = delivered = loop.create_future()
        self._accept(entry)

        def expire() -> None:
            if entry.take():
                entry.outcome = Overloaded(QUEUE_FULL)
                wake([delivered])
            else:
                loop.call_later(self._patience, wake, [delivered])

        expiry = loop.call_later(self._limits.answer, expire)
        try:
            await delivered
        finally:
            expiry.cancel()
        return _outcome(entry)

    def _accept(self, entry: PendingItem) -> None:
        with self._gate:
            if self._closing:
                raise Stopping
            if self.waiting >= self._limits.queue:
                raise Overloaded(QUEUE_FULL)
            self._waiting.put(entry)

    @property
    def waiting(self) -> int:
        """Queued items."""
        return self._waiting.qsize()

    def close(self) -> None:
        """Waits, with a limit, until accepted items are recorded. Nothing is accepted from now on."""
        with self._gate:
            if not self._closing:
                self._closing = True
                self._waiting.put(None)
        self._thread.join(self._patience)

    def _run(self) -> None:
        held: list[PendingItem] = []
        open_ = True
        while open_ or held:
            batch, held, open_ = self._gather(held, open_)
            if batch.entries:
                held = self._send(batch, held)
        self._disconnect()

    def _gather(self, held: list[PendingItem], open_: bool) -> tuple[Batch, list[PendingItem], bool]:
        """The next batch, the items that must wait, and whether the queue is still open."""
        batch = Batch()
        held = [entry for entry in held if not batch.add(entry)]
        while open_ and not batch.is_full:
            try:
                entry = self._waiting.get(block=not batch.entries and not held)
            except queue.Empty:
                break
            if entry is None:
                open_ = False
            elif not batch.add(entry):
                held.append(entry)
        return batch, held, open_

    def _send(self, batch: Batch, held: list[PendingItem]) -> list[PendingItem]:
        """Delivers the outcome of every item of the batch. Returns the items of `held` that have not lost to it."""
        try:
            outcomes = self._outcomes(batch)
        except Exception:  # no caller may be left waiting, and the thread must survive
            log.exception("the appender failed")
            outcomes = _for_each(batch, "the appender failed", recorded=None)
        deliver_outcomes(batch.entries, outcomes)
        committed = [e for e, outcome in zip(batch.entries, outcomes, strict=True) if isinstance(outcome, Committed)]
        return [entry for entry in held if not _has_lost(entry, committed)]

    def _outcomes(self, batch: Batch) -> list[AppendOutcome]:
        try:
            connection = self._connected()
        except psycopg.Error as error:
            self._disconnect()
            return _for_each(batch, f"the database cannot be reached: {first_line(error)}")
        lineage = self._lineage.number
        if any(entry.lineage not in (None, lineage) for entry in batch.entries):
            return self._without_stale(batch, lineage)
        cursor = self._cursor
        assert cursor is not None
        try:
            row = cursor.execute(APPEND, batch.parameters()).fetchone()
        except psycopg.Error as error:
            if connection.closed or connection.broken:
                return self._after_lost_answer(batch)
            return self._after_refusal(batch, error)
        self._used = time.monotonic()
        assert row is not None
        head, stamp, clock, *lost = row
        self._clock.set(clock)
        outcomes = _append_outcomes(batch, head, stamp, *lost)
        self._note_newest(batch, outcomes, lineage)
        return outcomes

    def _without_stale(self, batch: Batch, lineage: int) -> list[AppendOutcome]:
        """Items decided on another lineage conflict with everything that they rest on."""
        return [
            AppendConflict(entry.writes | entry.consults)
            if entry.lineage not in (None, lineage)
            else self._outcomes(Batch.alone(entry))[0]
            for entry in batch.entries
        ]

    def _note_newest(self, batch: Batch, outcomes: list[AppendOutcome], lineage: int) -> None:
        for entry, outcome in zip(batch.entries, outcomes, strict=True):
            if isinstance(outcome, Committed) and entry.events:
                last = entry.events[-1]
                position = outcome.first + len(entry.events) - 1
                self._lineage.note(Seen(position, last.stream, last.version, outcome.recorded_at), lineage)

    def _after_refusal(self, batch: Batch, error: psycopg.Error) -> list[AppendOutcome]:
        """The database answered, so nothing of the batch was recorded. One bad item must not fail the others."""
        if isinstance(error, psycopg.errors.ReadOnlySqlTransaction):
            self._disconnect()  # read-only is a property of the session: a new one may write
            return _for_each(batch, f"the database refused: {first_line(error)}")
        if isinstance(error, psycopg.OperationalError):
            return _for_each(batch, f"the database refused: {first_line(error)}")
        if len(batch.entries) == 1:
            return [error]
        return [outcome for entry in batch.entries for outcome in self._outcomes(Batch.alone(entry))]

    def _after_lost_answer(self, batch: Batch) -> list[AppendOutcome]:
        """The COMMIT may have succeeded: the versions are read back, and nothing is sent again."""
        backend = self._backend
        assert backend is not None
        self._disconnect()
        try:
            connection = self._connected()
            lineage = self._lineage.number
            outcomes = recover_outcomes(connection, backend, batch.entries)
            self._note_newest(batch, outcomes, lineage)
            return outcomes
        except psycopg.Error as error:
            self._disconnect()
            unknown = f"the answer was lost, and whether it was recorded cannot be determined now: {first_line(error)}"
            return _for_each(batch, unknown, recorded=None)

    def _connected(self) -> BoundedConnection:
        connection = self._connection
        if connection is not None:
            if time.monotonic() - self._used < IDLE and not _has_unread_input(connection):
                return connection
            try:
                self._clock.query(connection)
            except psycopg.Error:
                self._disconnect()
            else:
                return connection
        connection = connect(self._url, self._limits, self._on_connect)
        try:
            register(connection)
            self._backend = current_backend(connection)
            if (warning := note_lineage(connection)) is not None:
                log.warning("%s", warning)
        except psycopg.Error:
            connection.close()
            raise
        self._connection = connection
        # One cursor for all calls: it caches how parameters are sent and rows are read.
        self._cursor = connection.cursor(binary=True)
        return connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _for_each(batch: Batch, reason: str, recorded: bool | None = False) -> list[AppendOutcome]:
    return [Unavailable(reason, recorded=recorded) for _ in batch.entries]


def _append_outcomes(
    batch: Batch, head: int, stamp: datetime, lost_items: list[int] | None, lost_streams: list[UUID] | None
) -> list[AppendOutcome]:
    """The function stamps each item a microsecond after the previous one, and assigns positions in the same order."""
    lost: dict[int, set[UUID]] = {}
    for item, stream in zip(lost_items or (), lost_streams or (), strict=True):
        lost.setdefault(item, set()).add(stream)
    outcomes: list[AppendOutcome] = []
    for index, entry in enumerate(batch.entries):
        if index in lost:
            outcomes.append(AppendConflict(frozenset(lost[index])))
        else:
            outcomes.append(Committed(head + 1, stamp + index * MICROSECOND))
            head += len(entry.events)
    return outcomes


def _has_lost(entry: PendingItem, committed: list[PendingItem]) -> bool:
    lost = conflict_with(entry, committed) if committed else None
    if lost is None:
        return False
    if entry.take():
        deliver_outcomes([entry], [lost])
    return True


def _outcome(entry: PendingItem) -> Committed | AppendConflict:
    if entry.outcome is None:
        raise Unavailable(OUTCOME_UNKNOWN, recorded=None)
    if isinstance(entry.outcome, Exception):
        raise entry.outcome
    return entry.outcome


def _has_unread_input(connection: BoundedConnection) -> bool:
    """Whether the server sent something unasked: usually that it shuts down."""
    poll = select.poll()
    poll.register(connection.pgconn.socket, select.POLLIN)
    return bool(poll.poll(0))
