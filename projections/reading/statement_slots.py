"""Limits on what one person may use: concurrent statements, and rows decoded without a pause."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

T = TypeVar("T")
Person = tuple[str, str]
"""Issuer and subject."""

STATEMENTS: Final = 4
"""Concurrent statements of one person. Further ones wait, to leave connections for others."""
PIECE: Final = 200
"""Rows that are decoded without yielding to the event loop."""


class StatementSlots:
    """Statement slots by person, for one event loop."""

    def __init__(self, patience: float) -> None:
        """patience: longest wait for a slot, in seconds."""
        self._patience = patience
        self._slots: WeakValueDictionary[Person, asyncio.Semaphore] = WeakValueDictionary()

    @asynccontextmanager
    async def slot(self, person: Person | None) -> AsyncIterator[None]:
        """Holds a slot. None stands for internal use, which has no limit. Raises TimeoutError."""
        if person is None:
            yield
            return
        slots = self._slots.get(person)
        if slots is None:
            slots = self._slots[person] = asyncio.Semaphore(STATEMENTS)
        async with asyncio.timeout(self._patience):
            await slots.acquire()
        try:
            yield
        finally:
            slots.release()


async def in_pieces(read: Callable[[Sequence[Any]], T], rows: Sequence[Sequence[Any]]) -> list[T]:
    """Decodes rows, yielding to the event loop between pieces."""
    found: list[T] = []
    for start in range(0, len(rows), PIECE):
        if start:
            await asyncio.sleep(0)
        found.extend(map(read, rows[start : start + PIECE]))
    return found
