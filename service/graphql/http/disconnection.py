"""Cancels the work for a client that has gone, and with it the statements in the database."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

from starlette.types import Receive

from service.graphql.http.body import Disconnected

T = TypeVar("T")

WATCHED_AFTER: Final = 0.1
"""Seconds. Work that takes less is not worth the watching."""


async def while_connected(receive: Receive, work: Awaitable[T]) -> T:
    """The result of the work. Raises Disconnected, and cancels the work, if the client goes away. The request's body
    has been read."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    watches: list[asyncio.Task[None]] = []
    is_gone = False

    async def watch() -> None:
        nonlocal is_gone
        while (await receive())["type"] != "http.disconnect":
            pass
        is_gone = True
        task.cancel()

    start = loop.call_later(WATCHED_AFTER, lambda: watches.append(loop.create_task(watch())))
    try:
        return await work
    except asyncio.CancelledError:
        if is_gone and task.uncancel() == 0:
            raise Disconnected from None
        raise
    finally:
        start.cancel()
        for each in watches:
            each.cancel()
