"""The connections that read the views."""

import asyncio
from gc import collect
from typing import Any
from weakref import WeakSet

import psycopg
import pytest
from sqlalchemy import func, select

from projections.reading.read_connections import Connection, ConnectionLost, Connections
from service.settings import DatabaseUrls

PID = select(func.pg_backend_pid())


def pool(url: str, size: int = 2, patience: float = 5.0) -> Connections:
    async def opened(role: str | None) -> Connection:
        options = f"-c role={role}" if role else ""
        return await psycopg.AsyncConnection.connect(url, autocommit=True, options=options)

    return Connections(opened, size, patience)


async def pid(connections: Connections) -> int:
    async with connections.connection() as connection:
        [(found,)] = await connections.rows(connection, PID)
    return int(found)


def test_connections_are_reused(database_urls: DatabaseUrls) -> None:
    async def run() -> set[int]:
        connections = pool(database_urls.api)
        try:
            return {await pid(connections) for _ in range(5)}
        finally:
            await connections.close()

    assert len(asyncio.run(run())) == 1


def test_the_number_of_connections_is_limited(database_urls: DatabaseUrls) -> None:
    async def run() -> int:
        connections = pool(database_urls.api, size=2)
        try:
            return len({*await asyncio.gather(*(pid(connections) for _ in range(10)))})
        finally:
            await connections.close()

    assert asyncio.run(run()) <= 2


def test_waiting_for_a_connection_times_out(database_urls: DatabaseUrls) -> None:
    async def run() -> None:
        connections = pool(database_urls.api, size=1, patience=0.05)
        try:
            async with connections.connection():
                await pid(connections)
        finally:
            await connections.close()

    with pytest.raises(TimeoutError):
        asyncio.run(run())


def test_a_dead_connection_closes_the_idle_ones(database_urls: DatabaseUrls) -> None:
    """As after a restart of the server: one failure, not one for each connection."""

    async def run() -> None:
        connections = pool(database_urls.api, size=3)
        try:
            pids = await asyncio.gather(*(pid(connections) for _ in range(3)))
            assert database_urls.superuser is not None
            async with await psycopg.AsyncConnection.connect(database_urls.superuser, autocommit=True) as other:
                for each in pids:
                    await other.execute("SELECT pg_terminate_backend(%s, 5000)", [each])
            with pytest.raises(ConnectionLost):
                await pid(connections)
            assert await pid(connections) not in pids
        finally:
            await connections.close()

    asyncio.run(run())


def test_a_cancelled_statement_does_not_affect_the_next(database_urls: DatabaseUrls) -> None:
    async def run() -> Any:
        connections = pool(database_urls.api, size=1)
        try:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05), connections.connection() as connection:
                    await connections.rows(connection, select(func.pg_sleep(30)))
            return await pid(connections)
        finally:
            await connections.close()

    assert asyncio.run(run()) > 0


def test_a_closed_connection_is_not_kept(database_urls: DatabaseUrls) -> None:
    """One for viewers takes the place of the other: there is one at a time."""

    async def use(connections: Connections, opened: WeakSet[Connection], *, for_viewer: bool) -> None:
        async with connections.connection(for_viewer=for_viewer) as connection:
            await connections.rows(connection, PID)
            opened.add(connection)

    async def run() -> list[object]:
        connections, opened = pool(database_urls.api, size=1), WeakSet[Connection]()
        try:
            for number in range(6):
                await use(connections, opened, for_viewer=number % 2 == 1)
            collect()
            return [*opened]
        finally:
            await connections.close()

    assert len(asyncio.run(run())) == 1


def test_an_error_of_a_statement_keeps_the_connection(database_urls: DatabaseUrls) -> None:
    async def run() -> tuple[int, int]:
        connections = pool(database_urls.api, size=1)
        try:
            before = await pid(connections)
            with pytest.raises(psycopg.errors.DivisionByZero):
                async with connections.connection() as connection:
                    await connections.rows(connection, select(1 / func.length("")))
            return before, await pid(connections)
        finally:
            await connections.close()

    before, after = asyncio.run(run())
    assert before == after
