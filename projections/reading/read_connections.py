"""The connections that read the views."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import psycopg
from opentelemetry import trace
from psycopg.pq import TransactionStatus
from sqlalchemy import Executable

from projections.reading.pipeline import Pipeline, Rows
from projections.reading.statements import Statements, ViewerSettings
from projections.tables.row_security import READER

Connection = psycopg.AsyncConnection[tuple[Any, ...]]

_tracer = trace.get_tracer("mandate")


class ConnectionLost(Exception):
    """An open connection turned out to be dead, as after a restart. All others are closed as well."""


class Found(Exception):
    """A statement found a row although it should not. The only argument is the row."""


class PoolUse(NamedTuple):
    """Connections in use, open and free, and at most; and how many callers wait for one."""

    used: int
    free: int
    most: int
    waiting: int


class Connections:
    """A pool for one event loop. It connects on first use.

    Those for viewers have the role READER: row-level security applies, and without a viewer they see no row.
    """

    def __init__(self, connect: Callable[[str | None], Awaitable[Connection]], size: int, patience: float) -> None:
        """connect: opens a connection in autocommit mode, with a role if not None. size: most connections at once.
        patience: longest wait for a free one, in seconds."""
        self._connect = connect
        self._size = size
        self._patience = patience
        self._places = asyncio.Semaphore(size)
        self._free: dict[str | None, list[Connection]] = {READER: [], None: []}
        self._used: set[Connection] = set()
        self._pipelines: dict[Connection, Pipeline] = {}
        self._waiting = 0
        self._statements = Statements()

    @asynccontextmanager
    async def connection(self, *, for_viewer: bool = False) -> AsyncIterator[Connection]:
        """A connection. Raises TimeoutError, psycopg.Error, ConnectionLost."""
        role = READER if for_viewer else None
        if self._places.locked():
            await self._wait_for_place()
        else:
            await self._places.acquire()
        try:
            free = self._free[role]
            connection = free.pop() if free else await self._opened(role)
            self._used.add(connection)
            try:
                yield connection
            except psycopg.Error as error:
                if connection.closed:
                    await self._close_all()
                    raise ConnectionLost(str(error)) from error
                raise
            finally:
                await self._give_back(connection, role)
        finally:
            self._places.release()

    async def rows(
        self,
        connection: Connection,
        statement: Executable,
        values: Mapping[str, object] | None = None,
        viewer: ViewerSettings | None = None,
        *,
        unless: tuple[Executable, Mapping[str, object]] | None = None,
    ) -> Rows:
        """Executes a statement.

        viewer: who sees its rows; the connection must be one for viewers. unless: a statement with its values that is
        executed before, in the same round trip. Raises Found if it has a row.
        """
        pipeline = self._pipelines.get(connection)
        if pipeline is None:
            pipeline = self._pipelines[connection] = Pipeline(connection)
        wanted = self._statements.rendered(statement, values or {}, viewer)
        span = _tracer.start_span("statement")
        if span.is_recording():
            span.set_attributes({"db.system.name": "postgresql", "db.query.text": wanted[0]})
        try:
            if unless is None:
                return (await pipeline.rows(wanted))[0]
            first, rows = await pipeline.rows(self._statements.rendered(*unless), wanted)
        finally:
            span.end()
        if first:
            raise Found(first[0])
        return rows

    async def _wait_for_place(self) -> None:
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._places.acquire()
        finally:
            self._waiting -= 1

    @property
    def use(self) -> PoolUse:
        free = sum(map(len, self._free.values()))
        return PoolUse(used=len(self._used), free=free, most=self._size, waiting=self._waiting)

    async def close(self) -> None:
        await self._close_all()

    async def _opened(self, role: str | None) -> Connection:
        """Opens a connection. If there are as many as may be used at once, it replaces a free one of the other role."""
        free = [connection for each in self._free.values() for connection in each]
        if len(free) + len(self._used) >= self._size:
            for each in self._free.values():
                if each:
                    await self._close(each.pop())
                    break
        return await self._connect(role)

    async def _give_back(self, connection: Connection, role: str | None) -> None:
        """Keeps a connection that is idle and not older than a lost one."""
        is_known = connection in self._used
        self._used.discard(connection)
        if is_known and connection.info.transaction_status is TransactionStatus.IDLE:
            self._free[role].append(connection)
        else:
            await self._close(connection)

    async def _close(self, connection: Connection) -> None:
        self._pipelines.pop(connection, None)
        await connection.close()

    async def _close_all(self) -> None:
        """Closes the free connections now, and the used ones when they are given back."""
        self._used.clear()
        free = [connection for each in self._free.values() for connection in each]
        for each in self._free.values():
            each.clear()
        for connection in free:
            await self._close(connection)
