"""The connections that read the views."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import Executable

from projections.reading.statements import Statements

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

PREPARED_AFTER: Final = 2
"""Executions on one connection after which a statement is prepared."""


class ConnectionLost(Exception):
    """An open connection turned out to be dead, as after a restart. All others are closed as well."""


class Connections:
    """A pool for one event loop. It connects on first use."""

    def __init__(self, connect: Callable[[], Awaitable[Connection]], size: int, patience: float) -> None:
        """connect: opens a connection in autocommit mode. size: most connections at once. patience: longest wait for a
        free one, in seconds."""
        self._connect = connect
        self._patience = patience
        self._places = asyncio.Semaphore(size)
        self._free: list[Connection] = []
        self._used: set[Connection] = set()
        self._statements = Statements()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection. Raises TimeoutError, psycopg.Error, ConnectionLost."""
        async with asyncio.timeout(self._patience):
            await self._places.acquire()
        try:
            connection = self._free.pop() if self._free else await self._opened()
            self._used.add(connection)
            try:
                yield connection
            except psycopg.Error as error:
                if connection.closed:
                    await self._close_all()
                    raise ConnectionLost(str(error)) from error
                raise
            finally:
                await self._give_back(connection)
        finally:
            self._places.release()

    async def rows(
        self, connection: Connection, statement: Executable, values: Mapping[str, object] | None = None
    ) -> Sequence[Sequence[Any]]:
        """Executes a statement."""
        text, parameters = self._statements.rendered(statement, values or {})
        cursor = await connection.execute(text, parameters)
        return await cursor.fetchall()

    async def close(self) -> None:
        await self._close_all()

    async def _opened(self) -> Connection:
        connection = await self._connect()
        connection.prepare_threshold = PREPARED_AFTER
        return connection

    async def _give_back(self, connection: Connection) -> None:
        """Keeps a connection that is idle and not older than a lost one."""
        is_known = connection in self._used
        self._used.discard(connection)
        if is_known and connection.info.transaction_status is TransactionStatus.IDLE:
            self._free.append(connection)
        else:
            await connection.close()

    async def _close_all(self) -> None:
        """Closes the free connections now, and the used ones when they are given back."""
        self._used.clear()
        free, self._free = self._free, []
        for connection in free:
            await connection.close()
