"""Random bytes of the system, drawn by the bufferful.

Each call of the system's source lets go of the interpreter, and whoever calls it queues for that again behind every
other thread: with 32 at work, three calls a command cost more than the decision.
"""

import os
import threading
from typing import Final
from uuid import UUID

BUFFER_SIZE: Final = 8192


class RandomSource:
    """Safe to share between threads; a forked process draws its own."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self.forget()
        os.register_at_fork(after_in_child=self.forget)

    def forget(self) -> None:
        """Draws anew the next time."""
        self._drawn = b""
        self._used = 0

    def bytes(self, count: int) -> bytes:
        """None of them is handed out twice."""
        with self._guard:
            if self._used + count > len(self._drawn):
                self._drawn = os.urandom(max(count, BUFFER_SIZE))
                self._used = 0
            taken = self._drawn[self._used : self._used + count]
            self._used += count
        return taken


_SOURCE: Final = RandomSource()
random_bytes: Final = _SOURCE.bytes


def random_id() -> UUID:
    """A UUID of version 4."""
    return UUID(bytes=random_bytes(16), version=4)
