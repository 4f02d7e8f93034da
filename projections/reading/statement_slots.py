"""Limits on what one person may use: concurrent statements, and rows decoded without a pause."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import nullcontext
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

    async def take(self, person: Person | None) -> Callable[[], None]:
        """Takes a slot, and returns what gives it back. None stands for internal use, which has no limit.

        Raises TimeoutError.
        """
        if person is None:
            return _nothing
        slots = self._slots.get(person)
        if slots is None:
            slots = self._slots[person] = asyncio.Semaphore(STATEMENTS)
        async with asyncio.timeout(self._patience) if slots.locked() else nullcontext():
            await slots.acquire()
        return slots.release


def _nothing() -> None:
    """Internal use took no slot."""


async def in_pieces(read: Callable[[Sequence[Any]], T], rows: Sequence[Sequence[Any]]) -> list[T]:
    """Decodes rows, yielding to the event loop between pieces."""
    found: list[T] = []
    for start in range(0, len(rows), PIECE):
        if start:
            await asyncio.sleep(0)
        found.extend(map(read, rows[start : start + PIECE]))
    return found
