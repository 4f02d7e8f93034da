"""The event store: append, stream, feed."""

import logging
import threading
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.catalogue import Event
from domain.recorded_event import Recorded
from domain.vocabulary import iso_time
from projections.reading.read_connections import PoolUse
from service.event_store.batch import Committed, PendingItem
from service.event_store.connections import ConnectionLimits, open_pool
from service.event_store.database_clock import DatabaseClock
from service.event_store.group_commit import Appender
from service.event_store.lineage import Lineage
from service.event_store.log import Log, outages_as_unavailable
from service.event_store.mapper import MAPPER
from service.event_store.records import (
    AppendConflict,
    AppendItem,
    EncodedEvent,
    StreamVersion,
    UnrecordedEvent,
)

__all__ = ["AppendConflict", "AppendItem", "EventStore", "UnrecordedEvent"]

UPSERT_NAME: Final = """
    INSERT INTO event_store.people AS stored (issuer, subject, name, seen_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at
    WHERE stored.seen_at < excluded.seen_at
      AND (stored.name <> excluded.name OR stored.seen_at < excluded.seen_at - interval '1 minute')
"""


FAILED_ARCHIVING: Final = """
    SELECT last_failed_wal, last_failed_time FROM pg_stat_archiver
    WHERE last_failed_time > coalesce(last_archived_time, '-infinity')
"""

log = logging.getLogger(__name__)


class EventStore:
    """The event log. Thread-safe, but not across a fork.

    Every method raises Unavailable if the database does not answer in time. Reading raises CorruptEvent.
    """

    def __init__(self, url: str, limits: ConnectionLimits | None = None, *, warns: bool = False) -> None:
        """Starts the appender's thread and opens the pool in the background; raises nothing here.

        warns: logs once if the database may lose commits.
        """
        self._warns = warns
        self._guard = threading.Lock()
        limits = limits or ConnectionLimits()
        self.lineage = Lineage()
        self.clock = DatabaseClock(self.lineage)
        self._pool = open_pool(url, limits, self._on_connect)
        self._appender = Appender(url, limits, self._on_connect, self.lineage, self.clock)
        log_reader = Log(self._pool, MAPPER, self.lineage)
        self.event = log_reader.event
        self.stream = log_reader.stream
        self.streams = log_reader.streams
        self.pages = log_reader.pages
        self.feed = log_reader.feed
        self.rows = log_reader.rows
        self.head = log_reader.head
        self.digests = log_reader.digests
        self.position_as_of = log_reader.position_as_of

    def _on_connect(self, connection: psycopg.Connection[Any]) -> None:
        if self._warns and (warning := _durability_warning(connection)) is not None:
            with self._guard:  # connections are opened by several threads at once
                warns, self._warns = self._warns, False
            if warns:
                log.warning("%s", warning)
        self.clock.query(connection)
        self.lineage.confirm(connection)

    def set_clock(self) -> None:
        """Queries the database's time, unless the last log_reader is fresh. Raises Unavailable."""
        if not self.clock.is_fresh:
            with outages_as_unavailable(), self._pool.connection() as connection:
                self.clock.query(connection)

    def now(self) -> datetime:
        """The database's time. Raises Unavailable."""
        self.set_clock()
        return self.clock.now()

    @property
    def waiting(self) -> int:
        """Items waiting to be appended."""
        return self._appender.waiting

    def append(self, item: AppendItem) -> tuple[Recorded[Event], ...] | AppendConflict:
        """Records all of the item, or nothing if a stream that it writes or rests on has a newer version.

        Raises ValueError if an event cannot be stored, or the versions of a stream are not consecutive.
        """
        return self.append_together([item])

    def append_together(self, items: Sequence[AppendItem]) -> tuple[Recorded[Event], ...] | AppendConflict:
        """Records several items, all or none. A later item may continue a stream of an earlier one.

        Raises ValueError as append does.
        """
        return _recorded(items, self._appender.append(self._pending(items)))

    async def append_async(self, item: AppendItem) -> tuple[Recorded[Event], ...] | AppendConflict:
        """`append` for an event loop. If the caller is cancelled, the item is recorded all the same."""
        return _recorded([item], await self._appender.append_async(self._pending([item])))

    def _pending(self, items: Sequence[AppendItem]) -> PendingItem:
        lineages = [item.lineage for item in items if item.lineage is not None]
        return PendingItem(self._encoded(items), _reads(items), min(lineages, default=None))

    def _encoded(self, items: Sequence[AppendItem]) -> list[EncodedEvent]:
        _check([unrecorded for item in items for unrecorded in item.events])
        return [MAPPER.encode(event, item.reads) for item in items for event in item.events]

    def durability_warning(self) -> str | None:
        """A warning about how the database keeps commits, or None. Raises Unavailable."""
        with outages_as_unavailable(), self._pool.connection() as connection:
            return _durability_warning(connection)

    @property
    def pool_use(self) -> PoolUse:
        """Of the connections that read for commands."""
        figures = self._pool.get_stats()
        open_, free = figures.get("pool_size", 0), figures.get("pool_available", 0)
        most, waiting = figures.get("pool_max", 0), figures.get("requests_waiting", 0)
        return PoolUse(used=open_ - free, free=free, most=most, waiting=waiting)

    def archive_warning(self) -> str | None:
        """A warning that the server cannot archive its WAL, or None. Raises Unavailable."""
        with outages_as_unavailable(), self._pool.connection() as connection:
            row = connection.execute(FAILED_ARCHIVING, prepare=False).fetchone()
        if row is None:
            return None
        return f"the WAL is not archived, and is not backed up: segment {row[0]} failed at {iso_time(row[1])}"

    def probe(self) -> None:
        """Takes the path of a command without recording anything. Raises Unavailable if nothing can be recorded."""
        with outages_as_unavailable(), self._pool.connection() as connection:
            connection.execute("SELECT 1")
        self._appender.append(PendingItem((), ()))

    def record_person_name(self, issuer: str, subject: str, name: str, seen_at: datetime) -> None:
        """Stores a person's name; no event contains it. Unchanged names are written at most once a minute."""
        self.execute(UPSERT_NAME, [issuer, subject, name, seen_at])

    def execute(self, statement: str, parameters: Sequence[object]) -> None:
        """Executes a statement that writes no event, in a transaction of its own. Raises Unavailable, psycopg.Error."""
        with outages_as_unavailable(), self._pool.connection() as connection:
            connection.execute(statement.encode(), parameters)

    def close(self) -> None:
        """Records what was accepted, then closes every connection."""
        self._appender.close()
        self._pool.close()


def _recorded(
    items: Sequence[AppendItem], outcome: Committed | AppendConflict
) -> tuple[Recorded[Event], ...] | AppendConflict:
    """The events of the items, in order."""
    if isinstance(outcome, AppendConflict):
        return outcome
    recorded: list[Recorded[Event]] = []
    for item in items:
        recorded.extend(item.recorded(outcome.first + len(recorded), outcome.recorded_at))
    return tuple(recorded)


def _durability_warning(connection: psycopg.Connection[Any]) -> str | None:
    row = connection.execute("SELECT current_setting('synchronous_commit')", prepare=False).fetchone()
    if row is None or row[0] != "off":
        return None
    return (
        "synchronous_commit is off in the database: events are recorded with it on, but views and names may lose their "
        "last changes when it fails. Set it to on"
    )


def _check(events: Sequence[UnrecordedEvent]) -> None:
    next_versions: dict[UUID, int] = {}
    for unrecorded in events:
        version = next_versions.setdefault(unrecorded.stream, unrecorded.version)
        if unrecorded.version != version or version < 1:
            raise ValueError(f"version {unrecorded.version} of stream {unrecorded.stream} does not follow")
        next_versions[unrecorded.stream] = version + 1
    if not next_versions:
        raise ValueError("an item needs at least one event")


def _reads(items: Sequence[AppendItem]) -> tuple[StreamVersion, ...]:
    """The streams that the items rest on and none of them writes. The append checks written streams itself."""
    if len(items) == 1:
        return items[0].reads
    written = {event.stream for item in items for event in item.events}
    first: dict[UUID, int] = {}
    for item in items:
        for stream, version in item.reads:
            if stream not in written:
                first.setdefault(stream, version)
    return tuple(first.items())
