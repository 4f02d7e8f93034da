"""The event store: append, stream, feed. eventsourcing's Application, over a mapper and a recorder of our own."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.utils import Environment, EnvType

from domain import catalogue
from service.event_store.batch import AsyncPendingItem, Committed, PendingItem
from service.event_store.connections import ConnectionLimits, open_pool
from service.event_store.database_clock import DatabaseClock
from service.event_store.eventsourcing_adapter import Factory, LibraryMapper, environment
from service.event_store.group_commit import Appender
from service.event_store.lineage import Lineage
from service.event_store.log import Log, unavailable_where_it_does_not_answer
from service.event_store.mapper import Mapper
from service.event_store.records import (
    AppendConflict,
    Appended,
    AppendItem,
    EncodedEvent,
    StreamVersion,
    UnrecordedEvent,
)

__all__ = ["AppendConflict", "AppendItem", "Appended", "EventStore", "UnrecordedEvent"]

NAMED: Final = """
    INSERT INTO event_store.people AS known (issuer, subject, name, seen_at) VALUES (%s, %s, %s, %s)
    ON CONFLICT (issuer, subject) DO UPDATE SET name = excluded.name, seen_at = excluded.seen_at
    WHERE known.seen_at < excluded.seen_at
      AND (known.name <> excluded.name OR known.seen_at < excluded.seen_at - interval '1 minute')
"""


log = logging.getLogger(__name__)


class EventStore(Application[UUID]):
    """What happened, and the one way to add to it. Safe to share between threads, not across a fork.

    Every method raises Unavailable where the database does not answer in time, and reading raises CorruptEvent.
    """

    name = "mandate"

    def __init__(
        self, url: str, limits: ConnectionLimits | None = None, mapper: Mapper | None = None, *, warns: bool = False
    ) -> None:
        """Starts the appender's thread and opens the pool in the background: nothing is raised here.

        warns: whether it is logged once that the database does not keep all commits.
        """
        self._warns = warns
        limits = limits or ConnectionLimits()
        self._encoding = mapper or Mapper(catalogue.EVENTS, catalogue.SCHEMAS, catalogue.UPCASTERS)
        self.lineage = Lineage()
        self.clock = DatabaseClock(self.lineage)
        self._pool = open_pool(url, limits, self._met)
        self._appender = Appender(url, limits, self._met, self.lineage, self.clock)
        reading = Log(self._pool, self._encoding, self.lineage)
        self.stream = reading.stream
        self.streams = reading.streams
        self.pages = reading.pages
        self.feed = reading.feed
        self.rows = reading.rows
        self.head = reading.head
        self.position_as_of = reading.position_as_of
        super().__init__()

    def _met(self, connection: psycopg.Connection[Any]) -> None:
        if self._warns and (warning := _durability_warning(connection)) is not None:
            self._warns = False
            log.warning("%s", warning)
        self.clock.ask(connection)
        self.lineage.confirm(connection)

    def set_clock(self) -> None:
        """Asks the database what time it is, unless it was heard lately. Raises Unavailable."""
        if not self.clock.is_fresh:
            with unavailable_where_it_does_not_answer(), self._pool.connection() as connection:
                self.clock.ask(connection)

    def now(self) -> datetime:
        """The database's time. Raises Unavailable."""
        self.set_clock()
        return self.clock.now()

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        return environment(name)

    def construct_factory(self, env: Environment) -> Factory:  # type: ignore[override]
        return Factory(env, self._pool, self._appender)

    @property
    def waiting(self) -> int:
        """Items that wait to be appended."""
        return self._appender.waiting

    def construct_mapper(self) -> LibraryMapper:
        return LibraryMapper(self._encoding)

    def append(self, item: AppendItem) -> Appended | AppendConflict:
        """Records all of the item, or nothing of it where a stream that it writes or rests on has moved.

        Raises ValueError for an event that cannot be stored, or versions of a stream that do not follow each other.
        """
        answer = self.append_together([item])
        return answer if isinstance(answer, AppendConflict) else answer[0]

    def append_together(self, items: Sequence[AppendItem]) -> tuple[Appended, ...] | AppendConflict:
        """Records several items, of which a later one may go on where an earlier one ends: all of them, or none.

        Raises ValueError as append does.
        """
        lineages = [item.lineage for item in items if item.lineage is not None]
        lineage = min(lineages, default=None)
        outcome = self._appender.append(PendingItem(self._encoded(items), _reads(items), lineage))
        if isinstance(outcome, AppendConflict):
            return outcome
        position, appended = outcome.first, []
        for item in items:
            appended.append(to_appended(item, Committed(position, outcome.recorded_at)))
            position += len(item.events)
        return tuple(appended)

    def submit(self, item: AppendItem, on_told: Callable[[Committed | AppendConflict | Exception], None]) -> None:
        """As append, for the running event loop: on_told is called there once, with what append answers or raises.

        Committed is told as it is: see `placed`. Raises ValueError and Unavailable, and tells nothing then.
        """
        self._appender.submit(AsyncPendingItem(self._encoded([item]), item.reads, on_told, item.lineage))

    def _encoded(self, items: Sequence[AppendItem]) -> list[EncodedEvent]:
        _check([unrecorded for item in items for unrecorded in item.events])
        return [self._encoding.encode(event, item.reads) for item in items for event in item.events]

    def durability_warning(self) -> str | None:
        """What an operator should know of how the database keeps commits. Raises Unavailable."""
        with unavailable_where_it_does_not_answer(), self._pool.connection() as connection:
            return _durability_warning(connection)

    def probe(self) -> None:
        """Takes the way of a command, and records nothing. Raises Unavailable where none can be recorded."""
        with unavailable_where_it_does_not_answer(), self._pool.connection() as connection:
            connection.execute("SELECT 1")
        self._appender.append(PendingItem((), ()))

    def record_person_name(self, issuer: str, subject: str, name: str, seen_at: datetime) -> None:
        """Keeps the name of whoever was seen: names live here and nowhere else. Written once a minute at most."""
        with unavailable_where_it_does_not_answer(), self._pool.connection() as connection:
            connection.execute(NAMED, [issuer, subject, name, seen_at])

    def close(self) -> None:
        """Records what was accepted, then lets go of every connection."""
        if not self.closing.is_set():
            self._appender.close()
        super().close()


def to_appended(item: AppendItem, committed: Committed) -> Appended:
    """The item's events as they stand from there on."""
    events = enumerate(item.events, start=committed.first)
    return Appended(tuple([event.at(at, committed.recorded_at, item.reads) for at, event in events]))


def _durability_warning(connection: psycopg.Connection[Any]) -> str | None:
    row = connection.execute("SELECT current_setting('synchronous_commit')", prepare=False).fetchone()
    if row is None or row[0] != "off":
        return None
    return (
        "synchronous_commit is off in the database: events are recorded with it on, but views and names may lose their "
        "last changes when it fails. Set it to on"
    )


def _check(events: Sequence[UnrecordedEvent]) -> None:
    following: dict[UUID, int] = {}
    for unrecorded in events:
        version: Any = following.setdefault(unrecorded.stream, unrecorded.version)
        if unrecorded.version != version or version < 1:
            raise ValueError(f"version {unrecorded.version} of stream {unrecorded.stream} does not follow")
        following[unrecorded.stream] = version + 1
    if not following:
        raise ValueError("an item holds one event at least")


def _reads(items: Sequence[AppendItem]) -> tuple[StreamVersion, ...]:
    """What all of them rest on and none of them writes: the places that they write are checked by themselves."""
    if len(items) == 1:
        return items[0].reads
    written = {event.stream for item in items for event in item.events}
    first: dict[UUID, int] = {}
    for item in items:
        for stream, version in item.reads:
            if stream not in written:
                first.setdefault(stream, version)
    return tuple(first.items())
