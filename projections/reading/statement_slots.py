"""How much of the reading one person may take: so many statements at once, and rows in pieces."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")
Person = tuple[str, str]
"""Issuer and subject."""

STATEMENTS: Final = 4
"""Of one person at once. More of theirs wait: the other connections are for others."""
PIECE: Final = 200
"""Rows that are decoded in one go."""


class Places:
    """For one event loop."""

    def __init__(self, patience: float) -> None:
        """patience: seconds that a statement waits for the others of its person."""
        self._patience = patience
        self._places: WeakValueDictionary[Person, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def one(self, person: Person | None) -> AsyncIterator[None]:
        """None is the register itself, which does not wait. Raises TimeoutError."""
        if person is None:
            yield
            return
        places = self._places.get(person)
        if places is None:
            places = self._places[person] = asyncio.Semaphore(STATEMENTS)
        async with asyncio.timeout(self._patience):
            await places.acquire()
        try:
            yield
        finally:
            places.release()


async def in_pieces(read: Callable[[Sequence[Any]], T], rows: Sequence[Sequence[Any]]) -> list[T]:
    """What rows are. Between two pieces others are served."""
    found: list[T] = []
    for start in range(0, len(rows), PIECE):
        if start:
            await asyncio.sleep(0)
        found.extend(map(read, rows[start : start + PIECE]))
    return found
