"""Dry run: a store that keeps appended events in memory, so that later lines can rest on them.

The same `HistoryRecorder` runs on it, so rules and order are those of a real import.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST, Event
from domain.recorded_event import Recorded
from service.event_store.lineage import Lineage
from service.event_store.records import AppendConflict, AppendItem, StreamVersion
from service.event_store.store import EventStore


class Rehearsal:
    """An in-memory overlay on the event store. Not thread-safe.

    Events of requests are not kept, because no other history rests on them.
    """

    def __init__(self, store: EventStore, now: datetime) -> None:
        self._store = store
        self._now = now
        self._position = store.head()[0]
        self._events: dict[UUID, list[Recorded[Event]]] = {}
        self._versions: dict[UUID, int] = {}

    @property
    def lineage(self) -> Lineage:
        return self._store.lineage

    def stream(self, stream: UUID) -> list[Recorded[Event]]:
        """The events of a stream, in order."""
        return self._store.stream(stream) + self._events.get(stream, [])

    def streams(self, places: Sequence[StreamVersion]) -> list[Recorded[Event]]:
        """Events of several streams, each after the given version, in order per stream."""
        kept = [each for stream, after in places for each in self._events.get(stream, ()) if each.version > after]
        return self._store.streams(places) + kept

    def append_together(self, items: Sequence[AppendItem]) -> tuple[Recorded[Event], ...] | AppendConflict:
        """Appends in memory. Conflicts if earlier items have advanced a stream that these items write or read."""
        before: dict[UUID, int] = {}
        for item in items:
            for event in item.events:
                before.setdefault(event.stream, event.version - 1)
        for item in items:
            for stream, version in item.reads:
                before.setdefault(stream, version)
        moved = {stream for stream, version in before.items() if self._versions.get(stream, version) > version}
        if moved:
            return AppendConflict(frozenset(moved))
        return tuple(recorded for item in items for recorded in self._append(item))

    def _append(self, item: AppendItem) -> tuple[Recorded[Event], ...]:
        appended = item.recorded(self._position + 1, self._now)
        self._position += len(appended)
        for recorded in appended:
            self._versions[recorded.stream] = recorded.version
            if AGGREGATE_OF[type(recorded.event)] is not DEPLOYMENT_REQUEST:
                self._events.setdefault(recorded.stream, []).append(recorded)
        return appended
