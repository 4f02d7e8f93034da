"""The names of those who act: kept apart from the events, for whoever was seen."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from service.event_store import EventStore
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

    def seen(self, identity: Identity) -> None:
        """Keeps the person's name as their token has it. Raises Unavailable."""
        if identity.name is None:
            return
        person, now = identity.actor.person, self._clock()
        with self._guard:
            name, noted_at = self._noted.get(person, ("", now))
        if name == identity.name and now - noted_at < AGAIN:
            return
        self._store.people(*person, identity.name, now)
        with self._guard:
            self._noted[person] = (identity.name, now)
            while len(self._noted) > KEPT:
                self._noted.popitem(last=False)
