"""The names of those who act: kept apart from the events, for whoever was seen."""

import asyncio
import threading
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor
from datetime import datetime, timedelta
from typing import Final

from service.event_store.store import EventStore
from service.identity import Identity

REFRESH_AFTER: Final = timedelta(hours=1)
"""How often it is noted that a person was seen."""
KEPT: Final = 10_000


class ActorNames:
    """Notes who was seen, from any thread."""

    def __init__(self, store: EventStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._guard = threading.Lock()
        self._noted: OrderedDict[tuple[str, str], tuple[str, datetime]] = OrderedDict()

    def is_current(self, identity: Identity) -> bool:
        """Whether there is nothing to be kept now: to keep it waits for the disk."""
        if identity.name is None:
            return True
        now = self._clock()
        with self._guard:
            name, noted_at = self._noted.get(identity.actor.person, ("", now))
        return name == identity.name and now - noted_at < REFRESH_AFTER

    def record(self, identity: Identity) -> None:
        """Keeps the person's name as their token has it. Raises Unavailable."""
        if identity.name is None or self.is_current(identity):
            return
        person, now = identity.actor.person, self._clock()
        self._store.record_person_name(*person, identity.name, now)
        with self._guard:
            self._noted[person] = (identity.name, now)
            while len(self._noted) > KEPT:
                self._noted.popitem(last=False)


def async_recorder(people: ActorNames, threads: Executor) -> Callable[[Identity], Awaitable[None]]:
    """`ActorNames.record` for an event loop."""

    async def see(identity: Identity) -> None:
        if not people.is_current(identity):
            await asyncio.get_running_loop().run_in_executor(threads, people.record, identity)

    return see
