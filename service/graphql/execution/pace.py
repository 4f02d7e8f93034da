"""Cooperative scheduling: work runs in slices, and the event loop serves others between them."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from time import thread_time
from typing import Final

UNIT: Final = 5e-6
"""Seconds of the processor for one unit of field cost."""
SLICE: Final = 500
"""Units (field cost) that one person may spend in one slice: 2.5 ms. Another query waits for about 20 slices."""


class Pace:
    """The current slice of one person, shared by all their requests."""

    __slots__ = ("_left", "_waiting")

    def __init__(self) -> None:
        self._left = SLICE
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def is_spent(self) -> bool:
        return self._left <= 0

    def spend(self, units: int) -> None:
        """Charges work that cannot wait."""
        self._left -= units

    @contextmanager
    def charged(self) -> Iterator[None]:
        """Charges the processor time of work in one piece whose cost is not known before."""
        began = thread_time()
        try:
            yield
        finally:
            self.spend(int((thread_time() - began) / UNIT))

    @asynccontextmanager
    async def piece(self) -> AsyncIterator[None]:
        """For work in one piece of milliseconds: it has a slice of its own, so that the person has no two of them
        between two turns of the event loop. Charges the processor time."""
        await self.point(SLICE)
        self.spend(-SLICE)
        with self.charged():
            yield

    async def point(self, units: int = 0) -> None:
        """If the slice is spent, waits (FIFO) for the next one."""
        if self._left > 0 and not self._waiting:
            self._left -= units
            return
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._next_slice)
        turn = loop.create_future()
        self._waiting.append((turn, units))
        await turn

    def _next_slice(self) -> None:
        """Resumes waiting work. After a piece of several slices, others have as many turns first."""
        self._left = min(SLICE, self._left + SLICE)
        while self._waiting and self._left > 0:
            turn, units = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._left -= units
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._next_slice)
