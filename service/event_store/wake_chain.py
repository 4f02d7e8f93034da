"""Threads that wait for the same thing are woken in a chain: each wakes the next.

Woken all at once, they would compete for the GIL: with 32 busy threads, three context switches per command instead of
one.
"""

import threading
from collections.abc import Sequence
from itertools import pairwise


class Waiter:
    """A waiting thread. In the end it is woken, or it leaves."""

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
        """Stops waiting, so that the chain continues behind it. Returns whether it was woken after all."""
        self._left = True
        woken = self._woken.acquire(blocking=False)
        if woken:
            self._wake_next()
        return woken

    def _wake_next(self) -> None:
        sleeper, self._next = self._next, None
        while sleeper is not None:
            sleeper._woken.release()
            # If the waiter has left, whichever of the two threads gets the lock continues the chain.
            if not (sleeper._left and sleeper._woken.acquire(blocking=False)):
                return
            sleeper = sleeper._next


def wake_all(sleepers: Sequence[Waiter]) -> None:
    """Wakes all of them. Each may be woken once only."""
    chain = [Waiter(), *sleepers]
    for sleeper, follower in pairwise(chain):
        sleeper._next = follower
    chain[0]._wake_next()
