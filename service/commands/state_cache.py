"""A cache of folded states of recently used streams, so that commands can be decided without reads.

A cached state may be stale. An append checks every stream that its decision rests on, and a refusal is returned only
after `refresh`, so neither rests on a stale state.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
from opentelemetry import trace

from domain.catalogue import Event, State, evolve, version_of
from domain.recorded_event import Recorded
from projections.bounded_cache import BoundedCache
from service.event_store.stream_store import Streams

MAX_BYTES: Final = 128 * 1024 * 1024
STATE_BYTES: Final = 2000
EVENT_BYTES: Final = 200
BYTES_PER_JSON_BYTE: Final = 2
"""Estimated memory of a state in bytes: the base, for each of its events, and for each byte of their JSON."""
MAX_ABSENT: Final = 10_000
"""Maximum of cached streams without events. They are separate, so that unknown ids evict no states."""

log = logging.getLogger(__name__)
_tracer = trace.get_tracer("mandate")


class CachedState(NamedTuple):
    state: State
    size: int


class StateCache:
    """A bounded cache of states by stream; None is the state of a stream without events. Thread-safe.

    Parameter lineage: the store's lineage before the first of these states was loaded. States of an earlier lineage are
    not cached.
    """

    def __init__(self, store: Streams, *, most_bytes: int = MAX_BYTES) -> None:
        """most_bytes: estimated memory of the whole cache."""
        self._store = store
        self._guard = threading.Lock()
        self._lineage = store.lineage.number
        self._cached: BoundedCache[UUID, CachedState] = BoundedCache(most_bytes)
        self._absent: OrderedDict[UUID, None] = OrderedDict()

    @property
    def size(self) -> int:
        """Estimated bytes of all cached states."""
        return self._cached.size

    def load(self, streams: Iterable[UUID]) -> dict[UUID, State | None]:
        """The states of the streams, read if not cached."""
        lineage = self._store.lineage.number
        found: dict[UUID, State | None] = {}
        missing: dict[UUID, State | None] = {}
        with self._guard:
            self._drop_stale()
            for stream in streams:
                if self._is_cached(stream):
                    found[stream] = self._use(stream)
                else:
                    missing[stream] = None
        return found | self._read(missing, lineage) if missing else found

    def cached(self, streams: Iterable[UUID]) -> dict[UUID, State | None] | None:
        """The states of the streams, None if one of them is not cached."""
        found: dict[UUID, State | None] = {}
        with self._guard:
            self._drop_stale()
            for stream in streams:
                if not self._is_cached(stream):
                    return None
                found[stream] = self._use(stream)
        return found

    def refresh(self, states: dict[UUID, State | None], lineage: int | None = None) -> dict[UUID, State | None]:
        """Those of the states that changed, as they are now."""
        fresh = self._read(states, self._store.lineage.number if lineage is None else lineage)
        return {stream: state for stream, state in fresh.items() if state is not states[stream]}

    def renew(self, states: dict[UUID, State | None], lost: Iterable[UUID], lineage: int) -> dict[UUID, State | None]:
        """Those of the states that changed, read after a conflict at the streams `lost`.

        If none of these has new events, the database holds less than was read from it: it was restored to an earlier
        point. Then the cache is cleared, and the states are read from the beginning.
        """
        if lineage == self._store.lineage.number:
            moved = self.refresh(states, lineage)
            if not moved.keys().isdisjoint(lost):
                return moved
            log.warning("the database holds less than was read from it, as after a restore: the state cache is cleared")
        self.clear()
        return self.load(states)

    def clear(self) -> None:
        """Empties the cache."""
        with self._guard:
            self._clear()

    def advance(self, state: State | None, recorded: Recorded[Event], lineage: int) -> State:
        """The state after one more event of its stream. It is cached."""
        after = evolve(state, recorded)
        with self._guard:
            self._drop_stale()
            size = self._size_of(recorded.stream, state)
            if size is not None:
                self._store_state(recorded.stream, after, size + _size(recorded), lineage)
        return after

    def _read(self, states: dict[UUID, State | None], lineage: int) -> dict[UUID, State | None]:
        known = [(stream, version_of(state)) for stream, state in states.items()]
        fresh = dict(states)
        added = dict.fromkeys(states, 0)
        span = _tracer.start_span("fold")
        try:
            for recorded in self._store.streams(known):
                fresh[recorded.stream] = evolve(fresh[recorded.stream], recorded)
                added[recorded.stream] += _size(recorded)
        finally:
            span.end()
        with self._guard:
            self._drop_stale()
            for stream, state in fresh.items():
                size = self._size_of(stream, states[stream])
                if size is not None:
                    self._store_state(stream, state, size + added[stream], lineage)
        return fresh

    def _drop_stale(self) -> None:
        """Drops states of an earlier lineage."""
        if self._lineage != self._store.lineage.number:
            self._clear()

    def _is_cached(self, stream: UUID) -> bool:
        return stream in self._cached or stream in self._absent

    def _use(self, stream: UUID) -> State | None:
        cached = self._cached.get(stream)
        if cached is None:
            self._absent.move_to_end(stream)
            return None
        return cached.state

    def _size_of(self, stream: UUID, state: State | None) -> int | None:
        """None if unknown: the state was evicted, or another is cached."""
        if state is None:
            return STATE_BYTES
        cached = self._cached.get(stream)
        return cached.size if cached is not None and cached.state.version == state.version else None

    def _store_state(self, stream: UUID, state: State | None, size: int, lineage: int) -> None:
        if lineage != self._lineage:
            return
        cached = self._cached.get(stream)
        if state is None:
            if cached is None:
                self._absent[stream] = None
                self._absent.move_to_end(stream)
                if len(self._absent) > MAX_ABSENT:
                    self._absent.popitem(last=False)
            return
        if cached is None or state.version >= cached.state.version:
            self._absent.pop(stream, None)
            self._cached.put(stream, CachedState(state, size), size)

    def _clear(self) -> None:
        self._lineage = self._store.lineage.number
        self._cached.clear()
        self._absent.clear()


def _size(recorded: Recorded[Event]) -> int:
    """The memory that an event adds to a state, estimated."""
    return EVENT_BYTES + BYTES_PER_JSON_BYTE * len(
        msgspec.json.encode(recorded.event, enc_hook=lambda text: text.value)
    )
