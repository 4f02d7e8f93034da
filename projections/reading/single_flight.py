"""Single flight: concurrent reads with the same key share one query and its result."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

REUSED: Final = 1.0
"""Seconds for which a result is reused."""


class SingleFlight(Generic[K, T]):
    """A key includes everything that the result depends on, and so the viewer. Failed reads are not reused."""

    def __init__(self) -> None:
        self._reads: dict[K, asyncio.Task[T]] = {}

    async def read(self, key: K, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Raises errors of `ask`. Cancelling one waiter does not cancel the read for the others."""
        read = self._reads.get(key)
        if read is None:
            read = self._reads[key] = asyncio.create_task(ask())
            read.add_done_callback(partial(self._keep, key))
        return await asyncio.shield(read)

    def _keep(self, key: K, read: asyncio.Task[T]) -> None:
        if read.cancelled() or read.exception():
            del self._reads[key]
        else:
            asyncio.get_running_loop().call_later(REUSED, self._reads.pop, key)
