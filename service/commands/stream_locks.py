"""FIFO lock per stream, so that commands on a busy stream neither conflict nor starve."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from uuid import UUID

from service.errors import Unavailable


class StreamLocks:
    """The locks of one event loop: waiting occupies no thread. Between processes, the append detects conflicts."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds to wait for a stream's lock."""
        self._timeout = timeout
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    async def acquire(self, streams: Iterable[UUID]) -> Callable[[], None]:
        """Acquires all locks and returns the function that releases them. Raises Unavailable after the timeout."""
        held: list[UUID] = []
        try:
            for stream in sorted(set(streams)):
                if stream in self._waiting:
                    await self._wait(stream)
                else:
                    self._waiting[stream] = deque()
                held.append(stream)
        except BaseException:
            self._release_all(held)
            raise
        return partial(self._release_all, held)

    def is_held(self, stream: UUID) -> bool:
        return stream in self._waiting

    def waiter_count(self, stream: UUID) -> int:
        """How many commands wait for the stream's lock."""
        return len(self._waiting.get(stream, ()))

    async def _wait(self, stream: UUID) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[stream].append(waiter)
        try:
            async with asyncio.timeout(self._timeout):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self._release(stream)
            if isinstance(error, TimeoutError):
                raise Unavailable("too many commands wait for the same subject") from None
            raise

    def _release_all(self, streams: Iterable[UUID]) -> None:
        for stream in streams:
            self._release(stream)

    def _release(self, stream: UUID) -> None:
        """Passes the lock to the first waiter that is still waiting."""
        queue = self._waiting[stream]
        while queue:
            waiter = queue.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        del self._waiting[stream]
