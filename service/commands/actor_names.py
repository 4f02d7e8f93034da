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

AGAIN: Final = timedelta(hours=1)
"""How often it is noted that a person was seen."""
KEPT: Final = 10_000


class People:
    """Notes who was seen, from any thread."""

    def __init__(self, store: EventStore, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._clock = clock
        self._guard = threading.Lock()
        self._noted: OrderedDict[tuple[str, str], tuple[str, datetime]] = OrderedDict()

    def is_noted(self, identity: Identity) -> bool:
        """Whether there is nothing to be kept now: to keep it waits for the disk."""
        if identity.name is None:
            return True
        now = self._clock()
        with self._guard:
            name, noted_at = self._noted.get(identity.actor.person, ("", now))
        return name == identity.name and now - noted_at < AGAIN

    def seen(self, identity: Identity) -> None:
        """Keeps the person's name as their token has it. Raises Unavailable."""
        if identity.name is None or self.is_noted(identity):
            return
        person, now = identity.actor.person, self._clock()
        self._store.people(*person, identity.name, now)
        with self._guard:
            self._noted[person] = (identity.name, now)
            while len(self._noted) > KEPT:
                self._noted.popitem(last=False)


def seeing(people: People, threads: Executor) -> Callable[[Identity], Awaitable[None]]:
    """`People.seen` for an event loop."""

    async def see(identity: Identity) -> None:
        if not people.is_noted(identity):
            await asyncio.get_running_loop().run_in_executor(threads, people.seen, identity)

    return see
