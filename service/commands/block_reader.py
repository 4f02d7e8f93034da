"""Follows who is blocked: reads the newest events of one stream, several times a second."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any, Final

from domain.blocked_persons import STREAM, BlockedPersons
from domain.catalogue import BLOCKED_PERSONS, version_of
from service.access import blocked_persons as access
from service.errors import Unavailable
from service.event_store.store import EventStore

INTERVAL: Final = 0.3
"""Seconds between two reads."""

_log = logging.getLogger(__name__)


class BlockReader:
    """Reads who is blocked. If the database was restored to an earlier point, it reads from the beginning."""

    def __init__(self, store: EventStore) -> None:
        self._store = store
        self._lineage = store.lineage.number
        self._state: Any = None

    def read(self) -> frozenset[tuple[str, str]]:
        """(issuer, subject) of each. Raises Unavailable, CorruptEvent."""
        if self._lineage != self._store.lineage.number:
            self._lineage, self._state = self._store.lineage.number, None
        for recorded in self._store.streams([(STREAM, version_of(self._state))]):
            self._state = BLOCKED_PERSONS.evolve(self._state, recorded)
        return self._state.persons if isinstance(self._state, BlockedPersons) else frozenset()


@asynccontextmanager
async def following_blocks(store: EventStore) -> AsyncIterator[access.BlockedPersons]:
    """Who is blocked, kept up to date while the context is open. While the database is away, as last read."""
    blocked, reader = access.BlockedPersons(), BlockReader(store)
    known: frozenset[tuple[str, str]] | None = None

    async def read() -> None:
        nonlocal known
        try:
            newest = await asyncio.to_thread(reader.read)
        except Unavailable:
            return
        except Exception:  # noqa: BLE001 - it is read again: nothing may end the following
            _log.exception("it cannot be read who is blocked")
            return
        if newest != known:
            known = newest
            blocked.update(newest)

    async def follow() -> None:
        while True:
            await asyncio.sleep(INTERVAL)
            await read()

    await read()
    following = asyncio.create_task(follow())
    try:
        yield blocked
    finally:
        following.cancel()
        with suppress(asyncio.CancelledError):
            await following
