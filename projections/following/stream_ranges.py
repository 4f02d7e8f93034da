"""Ranges of stream ids of about the same size, to be processed in parallel and one at a time."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

EVENTS: Final = 10_000
"""Approximate size of a range: small enough to finish soon, large enough for its overhead not to matter."""
BITS: Final = 128


@dataclass(frozen=True, slots=True)
class StreamRange:
    """Range `number` of `of` equal ranges of stream ids. of: a power of two. Stream ids are random."""

    number: int = 0
    of: int = 1

    @property
    def first(self) -> UUID:
        return UUID(int=self.number << self._rest)

    @property
    def last(self) -> UUID:
        return UUID(int=((self.number + 1) << self._rest) - 1)

    @property
    def _rest(self) -> int:
        return BITS + 1 - self.of.bit_length()


ALL: Final = StreamRange()


def range_count(events: int) -> int:
    """The number of ranges for so many events."""
    return 1 << (max(events - 1, 0) // EVENTS).bit_length()
