"""The folded states of the streams used last: what commands are decided on, without reading what is at hand.

A state here may be old. An append checks every stream that its decision rested on, and a refusal is answered only after
`refresh`, so that neither rests on an old one.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any, Final, NamedTuple
from uuid import UUID

import msgspec

from domain.catalogue import AGGREGATE_OF
from domain.recorded import Recorded
from service.event_store.stream_store import Streams

MOST_BYTES: Final = 128 * 1024 * 1024
A_STATE: Final = 2000
AN_EVENT: Final = 200
A_BYTE: Final = 2
"""What a state takes in memory, in bytes: by itself, for each of its events, and for each byte of their JSON."""
ABSENT_KEPT: Final = 10_000
"""Streams that are known to have no event. They are kept apart: ids that nobody knows take no place from states."""

log = logging.getLogger(__name__)


class Kept(NamedTuple):
    state: Any
    size: int


class StateCache:
    """A bounded cache of states by stream; None is the state of a stream that has no event.

    lineage, of the methods: that of the store before the first of these states was loaded. What was read of another
    history than the present one is not kept.
    """

    def __init__(self, store: Streams, *, most_bytes: int = MOST_BYTES) -> None:
        """most_bytes: of memory for all that is kept, as far as it can be estimated."""
        self._store = store
        self._most_bytes = most_bytes
        self._guard = threading.Lock()
        self._lineage = store.lineage.number
        self._kept: OrderedDict[UUID, Kept] = OrderedDict()
        self._absent: OrderedDict[UUID, None] = OrderedDict()
        self._bytes = 0

    @property
    def size(self) -> int:
        """The estimated bytes of all that is kept."""
        return self._bytes

    def load(self, streams: Iterable[UUID]) -> dict[UUID, Any]:
        """The states of the streams, read where they are not at hand."""
        lineage = self._store.lineage.number
        found: dict[UUID, Any] = {}
        missing: dict[UUID, Any] = {}
        with self._guard:
            self._settle()
            for stream in streams:
                if self._is_at_hand(stream):
                    found[stream] = self._use(stream)
                else:
                    missing[stream] = None
        return found | self._read(missing, lineage) if missing else found

    def cached(self, streams: Iterable[UUID]) -> dict[UUID, Any] | None:
        """The states of the streams, None where one of them would have to be read."""
        found: dict[UUID, Any] = {}
        with self._guard:
            self._settle()
            for stream in streams:
                if not self._is_at_hand(stream):
                    return None
                found[stream] = self._use(stream)
        return found

    def refresh(self, states: dict[UUID, Any], lineage: int | None = None) -> dict[UUID, Any]:
        """Those of the states that moved on, as they are now."""
        fresh = self._read(states, self._store.lineage.number if lineage is None else lineage)
        return {stream: state for stream, state in fresh.items() if state is not states[stream]}

    def renew(self, states: dict[UUID, Any], lost: Iterable[UUID], lineage: int) -> dict[UUID, Any]:
        """Those of the states that changed, read after an append on them lost at the streams `lost`.

        Where none of these has gone on, the database holds less than what was read from it: it was restored to an
        earlier point. Everything that is kept is dropped then, and the states are read from the beginning.
        """
        if lineage == self._store.lineage.number:
            moved = self.refresh(states, lineage)
            if not moved.keys().isdisjoint(lost):
                return moved
            log.warning("the database holds less than what was read from it: all states are read again")
        self.clear()
        return self.load(states)

    def clear(self) -> None:
        """Keeps nothing of what was read."""
        with self._guard:
            self._clear()

    def advance(self, state: Any, recorded: Recorded[Any], lineage: int) -> Any:
        """The state after one more event of its stream, kept from now on."""
        after = AGGREGATE_OF[type(recorded.event)].evolve(state, recorded)
        with self._guard:
            self._settle()
            size = self._size_of(recorded.stream, state)
            if size is not None:
                self._keep(recorded.stream, after, size + _size(recorded), lineage)
        return after

    def _read(self, states: dict[UUID, Any], lineage: int) -> dict[UUID, Any]:
        known = [(stream, version_of(state)) for stream, state in states.items()]
        fresh = dict(states)
        added = dict.fromkeys(states, 0)
        for recorded in self._store.streams(known):
            aggregate = AGGREGATE_OF[type(recorded.event)]
            fresh[recorded.stream] = aggregate.evolve(fresh[recorded.stream], recorded)
            added[recorded.stream] += _size(recorded)
        with self._guard:
            self._settle()
            for stream, state in fresh.items():
                size = self._size_of(stream, states[stream])
                if size is not None:
                    self._keep(stream, state, size + added[stream], lineage)
        return fresh

    def _settle(self) -> None:
        """Drops what is of an earlier history."""
        if self._lineage != self._store.lineage.number:
            self._clear()

    def _is_at_hand(self, stream: UUID) -> bool:
        return stream in self._kept or stream in self._absent

    def _use(self, stream: UUID) -> Any:
        kept = self._kept.get(stream)
        if kept is None:
            self._absent.move_to_end(stream)
            return None
        self._kept.move_to_end(stream)
        return kept.state

    def _size_of(self, stream: UUID, state: Any) -> int | None:
        """None where it is not known: the state was dropped, or another is kept."""
        if state is None:
            return A_STATE
        kept = self._kept.get(stream)
        return kept.size if kept is not None and kept.state.version == state.version else None

    def _keep(self, stream: UUID, state: Any, size: int, lineage: int) -> None:
        if lineage != self._lineage:
            return
        kept = self._kept.get(stream)
        if state is None:
            if kept is None:
                self._absent[stream] = None
                self._absent.move_to_end(stream)
                if len(self._absent) > ABSENT_KEPT:
                    self._absent.popitem(last=False)
            return
        if kept is None or state.version >= kept.state.version:
            self._absent.pop(stream, None)
            self._kept[stream] = Kept(state, size)
            self._kept.move_to_end(stream)
            self._bytes += size - (0 if kept is None else kept.size)
            while self._bytes > self._most_bytes:
                self._bytes -= self._kept.popitem(last=False)[1].size

    def _clear(self) -> None:
        self._lineage = self._store.lineage.number
        self._kept.clear()
        self._absent.clear()
        self._bytes = 0


def version_of(state: Any) -> int:
    """How many events a stream has."""
    return 0 if state is None else int(state.version)


def _size(recorded: Recorded[Any]) -> int:
    """What an event adds to a state, roughly."""
    return AN_EVENT + A_BYTE * len(msgspec.json.encode(recorded.event, enc_hook=lambda text: text.value))
