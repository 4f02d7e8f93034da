"""Buffered random bytes of the operating system.

Each call of os.urandom releases the GIL, and the thread then competes for it with every other one. With 32 busy
threads, three calls per command cost more than the decision.
"""

import os
import threading
from typing import Final
from uuid import UUID

BUFFER_SIZE: Final = 8192


class RandomSource:
    """Thread-safe. A forked process draws its own bytes."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self.clear()
        os.register_at_fork(after_in_child=self.clear)

    def clear(self) -> None:
        """Empties the buffer."""
        self._buffer = b""
        self._used = 0

    def bytes(self, count: int) -> bytes:
        """No byte is returned twice."""
        with self._guard:
            if self._used + count > len(self._buffer):
                self._buffer = os.urandom(max(count, BUFFER_SIZE))
                self._used = 0
            chunk = self._buffer[self._used : self._used + count]
            self._used += count
        return chunk


_SOURCE: Final = RandomSource()
random_bytes: Final = _SOURCE.bytes


def random_id() -> UUID:
    """A UUID, version 4."""
    return UUID(bytes=random_bytes(16), version=4)
