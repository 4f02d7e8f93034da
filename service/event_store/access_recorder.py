"""Group commit of the access log: the accesses that arrive during one write share the next one."""

import asyncio
import logging
from typing import Final

import psycopg
from sqlalchemy import Text, bindparam, cast, func, select
from sqlalchemy.dialects.postgresql import JSONB

from projections.reading.read_connections import ConnectionLost, Connections
from service.errors import Unavailable, first_line
from service.event_store.access_log import UNWRITABLE, Access, entries_of

BATCH: Final = 64
"""Accesses in one transaction."""
RECORD: Final = select(func.event_store.record_access(cast(bindparam("entries", type_=Text), JSONB)))

_log = logging.getLogger(__name__)


class AccessRecorder:
    """Records accesses of one event loop. One write runs at a time."""

    def __init__(self, connections: Connections, limit: float) -> None:
        """limit: longest wait for the database, in seconds."""
        self._connections = connections
        self._limit = limit
        self._waiting: list[tuple[Access, asyncio.Future[Exception | None]]] = []
        self._writing: asyncio.Task[None] | None = None

    async def record(self, access: Access) -> None:
        """Returns when the access is recorded durably. Raises Unavailable: show nothing then."""
        outcome: asyncio.Future[Exception | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((access, outcome))
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())
        error = await outcome
        if error is not None:
            raise Unavailable(UNWRITABLE) from error

    async def _write(self) -> None:
        try:
            while self._waiting:
                batch, self._waiting = self._waiting[:BATCH], self._waiting[BATCH:]
                error = await self._error_of_writing(entries_of([access for access, _ in batch]))
                for _, outcome in batch:
                    if not outcome.done():
                        outcome.set_result(error)
        finally:
            self._writing = None

    async def _error_of_writing(self, entries: str) -> Exception | None:
        """None if they are recorded. After a lost connection it is tried once more: an entry twice is harmless."""
        try:
            try:
                await self._insert(entries)
            except ConnectionLost:
                await self._insert(entries)
        except (ConnectionLost, TimeoutError) as error:
            return error
        except psycopg.Error as error:
            _log.error("%s: %s", UNWRITABLE, first_line(error))
            return error
        return None

    async def _insert(self, entries: str) -> None:
        async with asyncio.timeout(self._limit), self._connections.connection() as connection:
            await self._connections.rows(connection, RECORD, {"entries": entries})
