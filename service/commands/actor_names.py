"""Records the names of actors. Names are stored apart from the events."""

import asyncio
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Final

from projections.bounded_cache import BoundedCache
from service.access.identity import Identity
from service.event_store.store import EventStore

REFRESH_AFTER: Final = timedelta(hours=1)
"""How often the last appearance of a person is updated."""
MAX_BYTES: Final = 8 * 1024 * 1024
PERSON_BYTES: Final = 400
BYTES_PER_CHARACTER: Final = 4
"""Estimated memory of a recorded name: the base, and for each character of the person and the name."""


class ActorNames:
    """Records who acts, in one event loop."""

    def __init__(self, store: EventStore, threads: Executor | None = None) -> None:
        """threads: for writes; None uses those of the event loop."""
        self._store = store
        self._threads = threads
        self._lineage = store.lineage.number
        self._recorded: BoundedCache[tuple[str, str], tuple[str, datetime]] = BoundedCache(MAX_BYTES)

    def is_current(self, identity: Identity) -> bool:
        """Whether there is nothing to write now; a write waits for the disk."""
        if identity.name is None:
            return True
        self._drop_stale()
        now = self._store.clock.now()
        name, recorded_at = self._recorded.get(identity.actor.person) or ("", now)
        return name == identity.name and now - recorded_at < REFRESH_AFTER

    async def record(self, identity: Identity) -> None:
        """Stores the person's name from their token. Raises Unavailable."""
        if identity.name is None or self.is_current(identity):
            return
        person, now, lineage = identity.actor.person, self._store.clock.now(), self._store.lineage.number
        write = self._store.record_person_name
        await asyncio.get_running_loop().run_in_executor(self._threads, write, *person, identity.name, now)
        self._drop_stale()
        if lineage == self._lineage:
            size = PERSON_BYTES + BYTES_PER_CHARACTER * sum(map(len, (*person, identity.name)))
            self._recorded.put(person, (identity.name, now), size)

    def _drop_stale(self) -> None:
        """Drops what was recorded in another history of the database."""
        if self._lineage != self._store.lineage.number:
            self._lineage = self._store.lineage.number
            self._recorded.clear()
