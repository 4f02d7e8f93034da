"""One at a time for each stream, in the order of arrival, so that commands on a busy one neither clash nor starve."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from uuid import UUID

from service.errors import Unavailable


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
                raise Unavailable("too many commands wait for the same subject")

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
