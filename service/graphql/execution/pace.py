"""Work in pieces: between two of them the event loop serves others."""

import asyncio
from collections import deque
from typing import Final

PIECE: Final = 8_000
"""Units of work, as fields are charged, that are done for one person in one go: 30 ms."""


class Pace:
    """How far the requests of one person are with their piece."""

    __slots__ = ("_left", "_waiting")

    def __init__(self) -> None:
        self._left = PIECE
        self._waiting: deque[tuple[asyncio.Future[None], int]] = deque()

    @property
    def is_spent(self) -> bool:
        return self._left <= 0

    def begin(self) -> None:
        """A new piece, where nothing was done before."""
        if not self._waiting:
            self._left = PIECE

    def spend(self, units: int) -> None:
        """For work that cannot wait."""
        self._left -= units

    async def point(self, units: int = 0) -> None:
        """Waits where the piece is done until the event loop has been round, in the order of those who ask."""
        if self._left > 0 and not self._waiting:
            self._left -= units
            return
        loop = asyncio.get_running_loop()
        if not self._waiting:
            loop.call_soon(self._begin)
        turn = loop.create_future()
        self._waiting.append((turn, units))
        await turn

    def _begin(self) -> None:
        """The next piece."""
        self._left = PIECE
        while self._waiting and self._left > 0:
            turn, units = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                self._left -= units
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._begin)
