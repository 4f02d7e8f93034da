"""The folded states of the streams used last: what commands are decided on, without reading what is at hand.

A state here may be old. An append checks every stream that its decision rested on, and a refusal is answered only after
`refresh`, so that neither rests on an old one.
"""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from domain.catalogue import AGGREGATE_OF
from domain.recorded import Recorded
from service.event_store import EventStore

log = logging.getLogger(__name__)


class States:
    """A bounded cache of states by stream; None is the state of a stream that has no event."""

    def __init__(self, store: EventStore, capacity: int) -> None:
        """capacity: how many states are kept."""
        self._store = store
        self._capacity = capacity
        self._guard = threading.Lock()
        self._kept: OrderedDict[UUID, Any] = OrderedDict()

    def load(self, streams: Iterable[UUID]) -> dict[UUID, Any]:
        """The states of the streams, read where they are not at hand."""
        found: dict[UUID, Any] = {}
        missing: dict[UUID, Any] = {}
        with self._guard:
            for stream in streams:
                if stream in self._kept:
                    found[stream] = self._kept[stream]
                    self._kept.move_to_end(stream)
                else:
                    missing[stream] = None
        return found | self._read(missing) if missing else found

    def at_hand(self, streams: Iterable[UUID]) -> dict[UUID, Any] | None:
        """The states of the streams, None where one of them would have to be read."""
        found: dict[UUID, Any] = {}
        with self._guard:
            for stream in streams:
                if stream not in self._kept:
                    return None
                found[stream] = self._kept[stream]
                self._kept.move_to_end(stream)
        return found

    def refresh(self, states: dict[UUID, Any]) -> dict[UUID, Any]:
        """Those of the states that moved on, as they are now."""
        fresh = self._read(states)
        return {stream: state for stream, state in fresh.items() if state is not states[stream]}

    def renew(self, states: dict[UUID, Any], lost: Iterable[UUID]) -> dict[UUID, Any]:
        """Those of the states that changed, read after an append on them lost at the streams `lost`.

        Where none of these has gone on, the database holds less than what was read from it: it was restored to an
        earlier point. Everything that is kept is dropped then, and the states are read from the beginning.
        """
        moved = self.refresh(states)
        if moved.keys().isdisjoint(lost):
            log.warning("the database holds less than what was read from it: all states are read again")
            self.clear()
            return self.load(states)
        return moved

    def clear(self) -> None:
        """Keeps nothing of what was read."""
        with self._guard:
            self._kept.clear()

    def advance(self, state: Any, recorded: Recorded[Any]) -> Any:
        """The state after one more event of its stream, kept from now on."""
        state = AGGREGATE_OF[type(recorded.event)].evolve(state, recorded)
        self._keep({recorded.stream: state})
        return state

    def _read(self, states: dict[UUID, Any]) -> dict[UUID, Any]:
        known = [(stream, version_of(state)) for stream, state in states.items()]
        fresh = dict(states)
        for recorded in self._store.streams(known):
            aggregate = AGGREGATE_OF[type(recorded.event)]
            fresh[recorded.stream] = aggregate.evolve(fresh[recorded.stream], recorded)
        self._keep(fresh)
        return fresh

    def _keep(self, states: dict[UUID, Any]) -> None:
        with self._guard:
            for stream, state in states.items():
                if version_of(state) >= version_of(self._kept.get(stream)):
                    self._kept[stream] = state
                    self._kept.move_to_end(stream)
            while len(self._kept) > self._capacity:
                self._kept.popitem(last=False)


def version_of(state: Any) -> int:
    """How many events a stream has."""
    return 0 if state is None else int(state.version)
