"""What appends tell to a process that does not follow the log: one connection that listens, for all who wait in it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

import psycopg

from projections.following.leadership import CHANNEL, last_position
from service.errors import Unavailable

WaitForAppend = Callable[[float], Awaitable[int]]
"""Waits so many seconds at most, and returns the last position that an append told of; 0 where none did."""
OpenListener = Callable[[], AbstractAsyncContextManager[WaitForAppend]]
"""Listens for as long as the context lasts. Raises Unavailable, and so does what it gives."""

NAME: Final = "mandate live"


def append_listener(url: str, connect_timeout: float) -> OpenListener:
    """To the appends of this database. Nothing is connected yet."""

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

                async def heard(seconds: float) -> int:
                    notifies = [notify async for notify in connection.notifies(timeout=seconds, stop_after=1)]
                    notifies += [notify async for notify in connection.notifies(timeout=0)]
                    return last_position(notifies)

                yield heard
        except psycopg.OperationalError as error:
            raise Unavailable(f"the database does not tell of appends: {error}") from error

    return listen
