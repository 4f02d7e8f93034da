"""LISTEN for appends in a process without followers: one connection for all waiters."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import psycopg

from projections.following.leadership import CHANNEL, last_position
from service.errors import Unavailable

WaitForAppend = Callable[[float], Awaitable[int]]
"""Waits at most this many seconds. Returns the last position notified, 0 if there was none."""
OpenListener = Callable[[], AbstractAsyncContextManager[WaitForAppend]]
"""Listens while the context is open. Raises Unavailable, as does the function that it yields."""

NAME: Final = "mandate live"


def append_listener(url: str, connect_timeout: float) -> OpenListener:
    """A listener for appends to this database. It connects when it is entered."""

    @asynccontextmanager
    async def listen() -> AsyncIterator[WaitForAppend]:
        try:
            connection = await psycopg.AsyncConnection.connect(
                url,
                autocommit=True,
                application_name=NAME,
                connect_timeout=max(2, round(connect_timeout)),
                keepalives_idle=10,
                tcp_user_timeout=30_000,
            )
            async with connection:
                await connection.execute(f"LISTEN {CHANNEL}".encode())

                async def wait_for_append(seconds: float) -> int:
                    notifies = [notify async for notify in connection.notifies(timeout=seconds, stop_after=1)]
                    notifies += [notify async for notify in connection.notifies(timeout=0)]
                    return last_position(notifies)

                yield wait_for_append
        except psycopg.OperationalError as error:
            raise Unavailable(f"no notifications of appends from the database: {error}") from error

    return listen
