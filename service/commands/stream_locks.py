"""One at a time for each stream, in the order of arrival, so that commands on a busy one neither clash nor starve."""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Final
from uuid import UUID

from service.errors import Unavailable

MAX_WAITERS: Final = "too many commands wait for the same subject"


class StreamLocks:
    """The turns of one process. Between processes the store decides who was first."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds that a command waits for its turn at a stream."""
        self._timeout = timeout
        self._guard = threading.Lock()
        self._waiting: dict[UUID, deque[threading.Lock]] = {}

    @contextmanager
    def held(self, streams: Iterable[UUID]) -> Iterator[None]:
        """Holds the turn at all of them. Raises Unavailable where it does not come in time."""
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
        """Holds the turn at all of them until what it returns is called. None where one would have to be waited for."""
        wanted = set(streams)
        with self._guard:
            if not self._waiting.keys().isdisjoint(wanted):
                return None
            self._waiting.update((stream, deque()) for stream in wanted)
        return partial(self._release_all, wanted)

    def waiter_count(self, stream: UUID) -> int:
        """How many wait for their turn at the stream."""
        with self._guard:
            return len(self._waiting.get(stream, ()))

    def _acquire(self, stream: UUID) -> None:
        with self._guard:
            queue = self._waiting.get(stream)
            if queue is None:
                self._waiting[stream] = deque()
                return
            turn = threading.Lock()
            turn.acquire()
            queue.append(turn)
        if turn.acquire(timeout=self._timeout):
            return
        with self._guard:
            if turn in queue:
                queue.remove(turn)
                raise Unavailable(MAX_WAITERS)

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
    """The same in one event loop: who waits there keeps no thread from others."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds that a command waits for its turn at a stream."""
        self._timeout = timeout
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    def try_acquire(self, streams: Iterable[UUID]) -> Callable[[], None] | None:
        """Holds the turn at all of them until what it returns is called. None where one would have to be waited for."""
        wanted = tuple(streams)
        if not self._waiting.keys().isdisjoint(wanted):
            return None
        for stream in wanted:
            self._waiting[stream] = deque()
        return partial(self._release_all, wanted)

    async def acquire(self, streams: Iterable[UUID]) -> Callable[[], None]:
        """Waits for the turn at all of them, where it must. Raises Unavailable where it does not come in time."""
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
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            async with asyncio.timeout(self._timeout):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                self._release(stream)
            if isinstance(error, TimeoutError):
                raise Unavailable(MAX_WAITERS) from None
            raise

    def _release_all(self, streams: Iterable[UUID]) -> None:
        for stream in streams:
            self._release(stream)

    def _release(self, stream: UUID) -> None:
        """To the first that has not left."""
        queue = self._waiting[stream]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[stream]
