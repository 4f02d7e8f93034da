"""Reads that several subscriptions ask for at the same time: each is done once, and all get what it found."""

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from functools import partial
from typing import Any, Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

KEPT: Final = 1.0
"""Seconds for which what was found is there for those who come a little later."""


class SingleFlight(Generic[K, T]):
    """A key says all that what is found depends on, and so who looks. What failed is asked for again by the next."""

    def __init__(self) -> None:
        self._reads: dict[K, asyncio.Task[T]] = {}

    async def read(self, key: K, ask: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Raises what asking raises. Whoever does not wait any longer takes it away from nobody."""
        read = self._reads.get(key)
        if read is None:
            read = self._reads[key] = asyncio.create_task(ask())
            read.add_done_callback(partial(self._keep, key))
        return await asyncio.shield(read)

    def _keep(self, key: K, read: asyncio.Task[T]) -> None:
        if read.cancelled() or read.exception():
            del self._reads[key]
        else:
            asyncio.get_running_loop().call_later(KEPT, self._reads.pop, key)
