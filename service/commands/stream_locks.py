"""FIFO lock per stream, so that commands on a busy stream neither conflict nor starve."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final
from uuid import UUID

from service.errors import Unavailable

TIMED_OUT: Final = "too many commands wait for the same subject"


class StreamLocks:
    """The locks of one process. Between processes, the append detects conflicts."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds to wait for a stream's lock."""
        self._timeout = timeout
        self._guard = threading.Lock()
        self._waiting: dict[UUID, deque[threading.Lock]] = {}

    @contextmanager
    def held(self, streams: Iterable[UUID]) -> Iterator[None]:
        """Holds the locks of all streams. Raises Unavailable after the timeout."""
        held: list[UUID] = []
        try:
            for stream in sorted(set(streams)):
                self._acquire(stream)
                held.append(stream)
            yield
        finally:
            for stream in reversed(held):
                self._release(stream)

    def try_acquire(self, streams: Iterable[UUID]) -> Callable[[], None] | None:
        """Acquires all locks without waiting. Returns the function that releases them, or None if one is taken."""
        wanted = set(streams)
        with self._guard:
            if not self._waiting.keys().isdisjoint(wanted):
                return None
            self._waiting.update((stream, deque()) for stream in wanted)
        return partial(self._release_all, wanted)

    def waiter_count(self, stream: UUID) -> int:
        """How many threads wait for the stream's lock."""
        with self._guard:
            return len(self._waiting.get(stream, ()))

    def _acquire(self, stream: UUID) -> None:
        with self._guard:
            queue = self._waiting.get(stream)
            if queue is None:
                self._waiting[stream] = deque()
                return
            waiter = threading.Lock()
            waiter.acquire()
            queue.append(waiter)
        if waiter.acquire(timeout=self._timeout):
            return
        with self._guard:
            if waiter in queue:
                queue.remove(waiter)
                raise Unavailable(TIMED_OUT)

    def _release_all(self, streams: Iterable[UUID]) -> None:
        for stream in streams:
            self._release(stream)

    def _release(self, stream: UUID) -> None:
        with self._guard:
            queue = self._waiting[stream]
            if queue:
                queue.popleft().release()
            else:
                del self._waiting[stream]


class AsyncStreamLocks:
    """The same within one event loop: waiting occupies no thread."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds to wait for a stream's lock."""
        self._timeout = timeout
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    def try_acquire(self, streams: Iterable[UUID]) -> Callable[[], None] | None:
        """Acquires all locks without waiting. Returns the function that releases them, or None if one is taken."""
        wanted = tuple(streams)
        if not self._waiting.keys().isdisjoint(wanted):
            return None
        for stream in wanted:
            self._waiting[stream] = deque()
        return partial(self._release_all, wanted)

    async def acquire(self, streams: Iterable[UUID]) -> Callable[[], None]:
        """Acquires all locks and returns the function that releases them. Raises Unavailable after the timeout."""
        held: list[UUID] = []
        try:
            for stream in sorted(set(streams)):
                await self._acquire(stream)
                held.append(stream)
        except BaseException:
            self._release_all(held)
            raise
        return partial(self._release_all, held)

    async def _acquire(self, stream: UUID) -> None:
        queue = self._waiting.get(stream)
        if queue is None:
            self._waiting[stream] = deque()
            return
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(waiter)
        try:
            async with asyncio.timeout(self._timeout):
                await waiter
        except BaseException as error:
            if waiter.done() and not waiter.cancelled():
                self._release(stream)
            if isinstance(error, TimeoutError):
                raise Unavailable(TIMED_OUT) from None
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
