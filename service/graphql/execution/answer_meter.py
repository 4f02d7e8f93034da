"""Counts the cost and the size of a response while it grows."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from graphql import GraphQLError

from service.graphql.execution.field_charges import COST, READ

if TYPE_CHECKING:
    from service.graphql.schema.context import Context

LONGEST: Final = 4 * 1024 * 1024
"""Bytes of a response."""
STEP: Final = 64 * 1024
"""Bytes reserved from the person's quota at a time. A response below this size reserves none."""
FRAME: Final = 4
"""Bytes per value: quotation marks, a colon and a comma."""
COMPILED: Final = 8
"""Compiled fields that take as long as one that graphql-core executes."""


class TooMuch(GraphQLError):
    """The response exceeds a limit: none of it is sent."""


class AnswerMeter:
    """The cost check before execution estimates list lengths; this counts the actual ones.

    `spend` raises TooMuch and QuotaExceeded.
    """

    def __init__(self, context: "Context") -> None:
        self._context = context
        self.note = context.disclosures.note
        self._cost = self._paced = self._size = 0
        self._reserved = STEP

    def spend(self, units: int, size: int) -> None:
        self._cost += units
        if self._cost > COST:
            raise TooMuch(f"The answer costs more than {COST:,} fields: ask for shorter pages or fewer fields.")
        self._size += size
        while self._size > self._reserved:
            if self._size > LONGEST:
                raise TooMuch(f"The answer has more than {LONGEST:,} bytes: ask for shorter pages or fewer fields.")
            self._context.reserve(STEP)
            self._reserved += STEP

    def spend_value(self, value: object) -> None:
        self.spend(0, json_size(value))

    @property
    def is_spent(self) -> bool:
        """Whether the person's slice is spent, with the compiled fields since the last time."""
        pace = self._context.pace
        pace.spend((self._cost - self._paced) // COMPILED)
        self._paced = self._cost
        return pace.is_spent

    async def pause(self, resolvers: int = 0) -> None:
        """Waits for the person's next slice if this one is spent."""
        await self._context.pace.point(READ * resolvers)


def json_size(value: Any) -> int:
    """Approximate size of a value as JSON, in bytes."""
    if isinstance(value, str):
        return len(value) if value.isascii() else 4 * len(value)
    total, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        total += FRAME
        if isinstance(each, str):
            total += len(each) if each.isascii() else 4 * len(each)
        elif isinstance(each, Mapping):
            waiting.extend(each.keys())
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return total
