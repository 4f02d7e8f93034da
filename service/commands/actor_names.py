"""Records the names of actors. Names are stored apart from the events."""

import asyncio
from collections import OrderedDict
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Final

from service.event_store.store import EventStore
from service.identity import Identity

REFRESH_AFTER: Final = timedelta(hours=1)
"""How often the last appearance of a person is updated."""
CACHE_SIZE: Final = 10_000


class ActorNames:
    """Records who acts, in one event loop."""

    def __init__(self, store: EventStore, threads: Executor | None = None) -> None:
        """threads: for writes; None uses those of the event loop."""
        self._store = store
        self._threads = threads
        self._lineage = store.lineage.number
        self._recorded: OrderedDict[tuple[str, str], tuple[str, datetime]] = OrderedDict()

    def is_current(self, identity: Identity) -> bool:
        """Whether there is nothing to write now; a write waits for the disk."""
        if identity.name is None:
            return True
        self._drop_stale()
        now = self._store.clock.now()
        name, recorded_at = self._recorded.get(identity.actor.person, ("", now))
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
            self._recorded[person] = (identity.name, now)
        while len(self._recorded) > CACHE_SIZE:
            self._recorded.popitem(last=False)

    def _drop_stale(self) -> None:
        """Drops what was recorded in another history of the database."""
        if self._lineage != self._store.lineage.number:
            self._lineage = self._store.lineage.number
            self._recorded.clear()
