"""How much of a process subscriptions may take."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from graphql import GraphQLError

from service.graphql.execution.graphql_errors import UNAVAILABLE
from service.identity import Identity

LONGEST_MESSAGE: Final = 256 * 1024
"""Bytes that a client may send at once over a WebSocket. What is longer goes by POST."""
LONGEST_GREETING: Final = 16 * 1024
"""Likewise, before its connection_init: that has room for the longest token."""
MESSAGES_BEFORE_GREETING: Final = 10
"""Messages that a client may send until its connection_init: pings, that is."""
RETRY_AFTER: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLimits:
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


Person = tuple[str, str]
"""Issuer and subject."""


def person_of(identity: Identity) -> Person:
    return identity.actor.issuer, identity.actor.subject


class LimitReached(GraphQLError):
    """All places are taken: try again later."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": UNAVAILABLE, "retryAfter": RETRY_AFTER})


@dataclass(slots=True)
class Slots:
    """So many at once in a process, so many of one person, and no more."""

    what: str
    capacity: int
    each: int
    _taken: Counter[Person] = field(default_factory=Counter)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    @contextmanager
    def occupied(self, person: Person) -> Iterator[None]:
        """Raises Full."""
        self.check()
        if self._taken[person] >= self.each:
            raise LimitReached(f"You have {self.each} {self.what} already: end one, or try again later.")
        self._taken[person] += 1
        try:
            yield
        finally:
            self._taken[person] -= 1
            self._taken += Counter()
            self._left.set()

    def check(self) -> None:
        """Raises Full where nobody gets a place."""
        if self._taken.total() >= self.capacity:
            raise LimitReached(f"There are {self.capacity} {self.what} already: end one, or try again later.")

    async def wait_until_free(self) -> None:
        while self._taken:
            self._left.clear()
            await self._left.wait()


@dataclass(slots=True)
class Lobby:
    """Connections of which it is not known yet whose they are. Where there are too many, the oldest has to leave:
    whoever has a token shows it at once, and is not kept out by those who have none."""

    most: int
    _waiting: dict[asyncio.Event, None] = field(default_factory=dict)

    @contextmanager
    def one(self, leave: asyncio.Event) -> Iterator[None]:
        """leave: set when this one has to."""
        if len(self._waiting) >= self.most:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.set()
        self._waiting[leave] = None
        try:
            yield
        finally:
            self._waiting.pop(leave, None)
