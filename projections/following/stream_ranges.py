"""The ids of streams cut into parts of about the same size, to be read side by side and one by one."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

EVENTS: Final = 10_000
"""Of a part, about: so few that each is over soon, so many that beginning one is not felt."""
BITS: Final = 128


@dataclass(frozen=True, slots=True)
class StreamRange:
    """The streams whose ids begin with `number`, of so many parts: a power of two. Ids of streams are random."""

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
    """How many parts so many events are cut into."""
    return 1 << (max(events - 1, 0) // EVENTS).bit_length()
