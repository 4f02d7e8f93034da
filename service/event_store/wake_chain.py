"""Threads that wait for the same thing, woken in a row: whoever wakes up wakes the next.

Woken all at once, they would all queue for the interpreter, and wake up again and again to find it taken: with 32 at
work, three changes of thread for each command instead of one.
"""

import threading
from collections.abc import Sequence
from itertools import pairwise


class Waiter:
    """One thread that waits, once or several times; at last it was woken, or it leaves."""

    def __init__(self) -> None:
        self._woken = threading.Lock()
        self._woken.acquire()
        self._next: Waiter | None = None
        self._left = False

    def sleep(self, seconds: float) -> bool:
        """Whether it was woken in time."""
        try:
            woken = self._woken.acquire(timeout=seconds)
        except BaseException:
            self.leave()
            raise
        if woken:
            self._wake_next()
        return woken

    def leave(self) -> bool:
        """Sleeps no more, so that whoever is woken after it is not left waiting. Whether it was woken after all."""
        self._left = True
        woken = self._woken.acquire(blocking=False)
        if woken:
            self._wake_next()
        return woken

    def _wake_next(self) -> None:
        sleeper, self._next = self._next, None
        while sleeper is not None:
            sleeper._woken.release()
            # Of the one that left and this one, whoever gets the lock goes on.
            if not (sleeper._left and sleeper._woken.acquire(blocking=False)):
                return
            sleeper = sleeper._next


def wake_all(sleepers: Sequence[Waiter]) -> None:
    """Wakes all of them, each once in its life."""
    row = [Waiter(), *sleepers]
    for sleeper, following in pairwise(row):
        sleeper._next = following
    row[0]._wake_next()
