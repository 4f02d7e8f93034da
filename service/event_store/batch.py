"""Append items, encoded by their callers, and the rules for putting them into one batch."""

import asyncio
import threading
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from service.event_store.pg_arrays import Bigints, Blobs, Texts, Uuids, bigint, blob, repeat_indexes
from service.event_store.records import AppendConflict, EncodedEvent, StreamVersion

MAX_BATCH_EVENTS = 1000
MAX_BATCH_BYTES = 8 * 1024 * 1024
"""Size of a batch, unless a single item is larger."""


class Committed(NamedTuple):
    """Positions of an item's events: consecutive, starting at `first`."""

    first: int
    recorded_at: datetime


AppendOutcome = Committed | AppendConflict | Exception


class PendingItem:
    """An item in the append queue. No events: a probe.

    Whoever pops the ticket decides: the appender, that the item is sent; the caller, that it is never sent.
    waiter: what the caller waits for, in a thread or in an event loop.
    """

    def __init__(
        self, events: Sequence[EncodedEvent], reads: Sequence[StreamVersion], lineage: int | None = None
    ) -> None:
        """lineage: see AppendItem."""
        self.events = events
        self.reads = reads
        self.lineage = lineage
        self.writes = frozenset([event.stream for event in events])
        self.consults = frozenset([stream for stream, _ in reads])
        columns = zip(*map(_members, events), strict=True) if events else [()] * 5
        self.streams, self.versions, self.topics, self.states, self.texts = map(b"".join, columns)
        self.size = len(self.states) + len(self.texts)
        self.read_streams = b"".join([blob(stream.bytes) for stream, _ in reads])
        self.read_versions = b"".join([bigint(version) for _, version in reads])
        self.ticket = [None]
        self.outcome: AppendOutcome | None = None
        self.waiter: threading.Event | asyncio.Future[None] | None = None

    def take(self) -> bool:
        """Whether this is the first call."""
        try:
            self.ticket.pop()
        except IndexError:
            return False
        return True


def _members(event: EncodedEvent) -> tuple[bytes, ...]:
    stream, version, topic, state, texts = event
    return blob(stream.bytes), bigint(version), blob(topic.encode()), blob(state), blob(texts)


class Batch:
    """Items sent in one call. No two of them overlap: neither writes a stream that the other writes or consults.

    A probe is sent alone.
    """

    def __init__(self) -> None:
        self.entries: list[PendingItem] = []
        self.events = 0
        self._bytes = 0
        self._written: set[UUID] = set()
        self._consulted: set[UUID] = set()

    @property
    def is_full(self) -> bool:
        return self.events >= MAX_BATCH_EVENTS or self._bytes >= MAX_BATCH_BYTES

    def add(self, entry: PendingItem) -> bool:
        """False if the item must wait for the next batch. An item whose caller gave up is dropped."""
        written = self._written
        if self.entries and not (entry.events and self.events):
            return False
        if not (
            written.isdisjoint(entry.writes)
            and written.isdisjoint(entry.consults)
            and self._consulted.isdisjoint(entry.writes)
        ):
            return False
        if entry.take():
            self._put(entry)
        return True

    @classmethod
    def alone(cls, entry: PendingItem) -> "Batch":
        """A batch of one item that is already taken."""
        batch = cls()
        batch._put(entry)
        return batch

    def _put(self, entry: PendingItem) -> None:
        self.entries.append(entry)
        self.events += len(entry.events)
        self._bytes += entry.size
        self._written |= entry.writes
        self._consulted |= entry.consults

    def parameters(self) -> tuple[bytes, ...]:
        """The parameters of event_store.append, in order."""
        entries, count = self.entries, self.events
        reads = sum(len(entry.reads) for entry in entries)
        return (
            repeat_indexes([len(entry.events) for entry in entries]),
            Uuids.of([entry.streams for entry in entries], count),
            Bigints.of([entry.versions for entry in entries], count),
            Texts.of([entry.topics for entry in entries], count),
            Blobs.of([entry.states for entry in entries], count),
            Blobs.of([entry.texts for entry in entries], count),
            repeat_indexes([len(entry.reads) for entry in entries]),
            Uuids.of([entry.read_streams for entry in entries], reads),
            Bigints.of([entry.read_versions for entry in entries], reads),
        )


def deliver_outcomes(entries: Sequence[PendingItem], outcomes: Sequence[AppendOutcome]) -> None:
    """Wakes the callers: each thread, and each event loop once for all of its items."""
    awaited: dict[asyncio.AbstractEventLoop, list[asyncio.Future[None]]] = {}
    for entry, outcome in zip(entries, outcomes, strict=True):
        entry.outcome = outcome
        if isinstance(entry.waiter, asyncio.Future):
            awaited.setdefault(entry.waiter.get_loop(), []).append(entry.waiter)
        elif entry.waiter is not None:
            entry.waiter.set()
    for loop, waiters in awaited.items():
        with suppress(RuntimeError):  # the loop is closed: nothing waits in it
            loop.call_soon_threadsafe(wake, waiters)


def wake(waiters: Iterable[asyncio.Future[None]]) -> None:
    """Runs in their event loop."""
    for waiter in waiters:
        if not waiter.done():
            waiter.set_result(None)


def conflict_with(entry: PendingItem, committed: Iterable[PendingItem]) -> AppendConflict | None:
    """The conflict, if the item lost to what was just committed. This saves a call to the database."""
    committed_versions = {(event.stream, event.version) for other in committed for event in other.events}
    lost = {event.stream for event in entry.events if (event.stream, event.version) in committed_versions}
    seen = dict(entry.reads)
    lost |= {stream for stream, version in committed_versions if version > seen.get(stream, version)}
    return AppendConflict(frozenset(lost)) if lost else None
