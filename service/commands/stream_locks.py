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

TOO_MANY: Final = "too many commands wait for the same subject"


class Turns:
    """The turns of one process. Between processes the store decides who was first."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds that a command waits for its turn at a stream."""
        self._timeout = timeout
        self._guard = threading.Lock()
        self._waiting: dict[UUID, deque[threading.Lock]] = {}

    @contextmanager
    def at(self, streams: Iterable[UUID]) -> Iterator[None]:
        """Holds the turn at all of them. Raises Unavailable where it does not come in time."""
        held: list[UUID] = []
        try:
            for stream in sorted(set(streams)):
                self._take(stream)
                held.append(stream)
            yield
        finally:
            for stream in reversed(held):
                self._pass_on(stream)

    def take_at_once(self, streams: Iterable[UUID]) -> Callable[[], None] | None:
        """Holds the turn at all of them until what it returns is called. None where one would have to be waited for."""
        wanted = set(streams)
        with self._guard:
            if not self._waiting.keys().isdisjoint(wanted):
                return None
            self._waiting.update((stream, deque()) for stream in wanted)
        return partial(self._pass_all_on, wanted)

    def waiting(self, stream: UUID) -> int:
        """How many wait for their turn at the stream."""
        with self._guard:
            return len(self._waiting.get(stream, ()))

    def _take(self, stream: UUID) -> None:
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
                raise Unavailable(TOO_MANY)

    def _pass_all_on(self, streams: Iterable[UUID]) -> None:
        for stream in streams:
            self._pass_on(stream)

    def _pass_on(self, stream: UUID) -> None:
        with self._guard:
            queue = self._waiting[stream]
            if queue:
                queue.popleft().release()
            else:
                del self._waiting[stream]


class LoopTurns:
    """The same in one event loop: who waits there keeps no thread from others."""

    def __init__(self, timeout: float) -> None:
        """timeout: seconds that a command waits for its turn at a stream."""
        self._timeout = timeout
        self._waiting: dict[UUID, deque[asyncio.Future[None]]] = {}

    def take_at_once(self, streams: Iterable[UUID]) -> Callable[[], None] | None:
        """Holds the turn at all of them until what it returns is called. None where one would have to be waited for."""
        wanted = tuple(streams)
        if not self._waiting.keys().isdisjoint(wanted):
            return None
        for stream in wanted:
            self._waiting[stream] = deque()
        return partial(self._pass_all_on, wanted)

    async def take(self, streams: Iterable[UUID]) -> Callable[[], None]:
        """Waits for the turn at all of them, where it must. Raises Unavailable where it does not come in time."""
        held: list[UUID] = []
        try:
            for stream in sorted(set(streams)):
                await self._take(stream)
                held.append(stream)
        except BaseException:
            self._pass_all_on(held)
            raise
        return partial(self._pass_all_on, held)

    async def _take(self, stream: UUID) -> None:
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
                self._pass_on(stream)
            if isinstance(error, TimeoutError):
                raise Unavailable(TOO_MANY) from None
            raise

    def _pass_all_on(self, streams: Iterable[UUID]) -> None:
        for stream in streams:
            self._pass_on(stream)

    def _pass_on(self, stream: UUID) -> None:
        """To the first that has not left."""
        queue = self._waiting[stream]
        while queue:
            turn = queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        del self._waiting[stream]
