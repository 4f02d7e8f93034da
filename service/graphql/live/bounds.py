"""How much of a process subscriptions may take."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from graphql import GraphQLError

from service.graphql.errors import UNAVAILABLE

LONGEST_MESSAGE: Final = 256 * 1024
"""Bytes that a client may send at once over a WebSocket. What is longer goes by POST."""
RETRY_AFTER: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Seconds, and how many at once. operations: of one WebSocket.

    patience: that a client may take to accept a message. farewell: that it may take to learn why its connection was
    closed. greeting: until its connection_init. beat: between two signs of life on a silent event stream. origins: of
    pages beside our own that may open a WebSocket.
    """

    operations: int = 50
    patience: float = 10.0
    farewell: float = 10.0
    greeting: float = 5.0
    beat: float = 12.0
    origins: frozenset[str] = frozenset()


class Full(GraphQLError):
    """All places are taken: try again later."""

    def __init__(self, what: str, most: int) -> None:
        message = f"There are {most} {what} already: end one, or try again later."
        super().__init__(message, extensions={"code": UNAVAILABLE, "retryAfter": RETRY_AFTER})


@dataclass(slots=True)
class Places:
    """So many at once, and no more."""

    what: str
    most: int
    _taken: int = field(default=0)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Raises Full."""
        self.check()
        self._taken += 1
        try:
            yield
        finally:
            self._taken -= 1
            self._left.set()

    def check(self) -> None:
        """Raises Full."""
        if self._taken >= self.most:
            raise Full(self.what, self.most)

    async def until_none_is_taken(self) -> None:
        while self._taken:
            self._left.clear()
            await self._left.wait()
