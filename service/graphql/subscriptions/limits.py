"""Limits on subscriptions and their connections."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from graphql import GraphQLError

from service.access.identity import Identity
from service.graphql.execution.graphql_errors import UNAVAILABLE

LONGEST_MESSAGE: Final = 256 * 1024
"""Bytes of one WebSocket message. Use POST for longer requests."""
LONGEST_BEFORE_INIT: Final = 16 * 1024
"""Bytes of one message before connection_init is accepted: enough for the longest token."""
MESSAGES_BEFORE_INIT: Final = 10
"""Messages before connection_init is accepted (pings)."""
RETRY_AFTER: Final = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionLimits:
    """Durations in seconds. operations: per WebSocket.

    send_timeout: time for a client to accept a message. close_timeout: time to receive the reason of a close.
    connection_init_timeout: time until connection_init. keep_alive_interval: of a silent event stream. origins:
    additional origins whose pages may open a WebSocket.
    """

    operations: int = 50
    send_timeout: float = 10.0
    close_timeout: float = 10.0
    connection_init_timeout: float = 5.0
    keep_alive_interval: float = 12.0
    origins: frozenset[str] = frozenset()


Person = tuple[str, str]
"""Issuer and subject."""


def person_of(identity: Identity) -> Person:
    return identity.actor.issuer, identity.actor.subject


class LimitReached(GraphQLError):
    """All slots are in use: retry later."""

    def __init__(self, message: str) -> None:
        super().__init__(message, extensions={"code": UNAVAILABLE, "retryAfter": RETRY_AFTER})


@dataclass(slots=True)
class Slots:
    """Counted slots: a maximum per process and per person."""

    what: str
    capacity: int
    each: int
    _taken: Counter[Person] = field(default_factory=Counter)
    _left: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def taken(self) -> int:
        return self._taken.total()

    @contextmanager
    def occupied(self, person: Person) -> Iterator[None]:
        """Raises LimitReached."""
        if self._taken.total() >= self.capacity:
            raise LimitReached(f"There are already {self.capacity} {self.what}: end one, or try again later.")
        if self._taken[person] >= self.each:
            raise LimitReached(f"You already have {self.each} {self.what}: end one, or try again later.")
        self._taken[person] += 1
        try:
            yield
        finally:
            self._taken[person] -= 1
            self._taken += Counter()
            self._left.set()

    async def wait_until_free(self) -> None:
        while self._taken:
            self._left.clear()
            await self._left.wait()


@dataclass(slots=True)
class Lobby:
    """Connections that have not authenticated yet. If there are too many, the oldest is closed: a client with a token
    sends it at once and cannot be crowded out by clients without one."""

    most: int
    _waiting: dict[asyncio.Event, None] = field(default_factory=dict)

    @contextmanager
    def one(self, leave: asyncio.Event) -> Iterator[None]:
        """leave: set when this connection has to close."""
        if len(self._waiting) >= self.most:
            oldest = next(iter(self._waiting))
            del self._waiting[oldest]
            oldest.set()
        self._waiting[leave] = None
        try:
            yield
        finally:
            self._waiting.pop(leave, None)
