"""Lifetime of a connection with subscriptions: it ends when the token expires, the server restarts, or the client
disconnects or is too slow."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from starlette.types import Message, Send

from projections.reading.read_connections import PoolUse
from service.access.blocked_persons import BlockedPersons
from service.access.identity import Blocked, Identity
from service.graphql.execution.graphql_errors import internal_error
from service.graphql.subscriptions.feed import EventFeed
from service.graphql.subscriptions.inbox_feed import InboxFeed
from service.graphql.subscriptions.limits import Lobby, Slots, SubscriptionLimits

LONGEST_SLEEP: Final = 30.0
"""Seconds between checks of the clock, which may be adjusted."""
GRACE: Final = 3.0
"""Seconds for operations in progress to complete at shutdown."""
FAREWELL: Final = 1.0
"""Seconds for clients to receive the close message after that."""


class ConnectionClosed(Exception):
    """Ends a connection. code: WebSocket close code; None if the client is gone."""

    def __init__(self, code: int | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


GONE: Final = None
TOO_LONG: Final = 1009
RESTART: Final = 1012
TRY_LATER: Final = 1013
BAD_MESSAGE: Final = 4400
UNAUTHORIZED: Final = 4401
FORBIDDEN: Final = 4403
NO_SUBPROTOCOL: Final = 4406
NOT_GREETED: Final = 4408
DUPLICATE: Final = 4409
GREETED_TWICE: Final = 4429
FAULT: Final = 4500

EXPIRED: Final = "The token has expired: connect again with a new one."
CLIENT_TOO_SLOW: Final = "Messages were not read in time: resume from the last position."
CROWDED: Final = "Too many connections wait for their connection_init: send it at once."
SERVER_RESTARTS: Final = "The server restarts: connect again."


@dataclass(slots=True)
class SubscriptionServices:
    """Services of the app for subscriptions."""

    feed: EventFeed
    inbox: InboxFeed
    limits: SubscriptionLimits
    connections: Slots
    subscriptions: Slots
    lobby: Lobby
    blocked: BlockedPersons
    pool_use: Callable[[], PoolUse]
    _draining: asyncio.Event = field(default_factory=asyncio.Event)

    async def drain(self) -> None:
        """Ends every connection at shutdown: subscriptions at once, operations in progress when complete. Returns when
        all connections are closed, or after GRACE + FAREWELL seconds."""
        self.feed.end()
        self._draining.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(GRACE + FAREWELL):
                await self.connections.wait_until_free()

    async def until_drained(self) -> None:
        """Waits until the shutdown begins."""
        await self._draining.wait()

    async def serve_until_closed(self, serve: Callable[[asyncio.TaskGroup], Awaitable[None]]) -> ConnectionClosed:
        """Serves a connection until a task raises ConnectionClosed, and returns that."""
        endings: BaseExceptionGroup[BaseException]
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._until_grace_has_passed())
                await serve(tasks)
        except* ConnectionClosed as raised:
            endings = raised
        except* Exception as faults:  # noqa: BLE001
            endings = BaseExceptionGroup("", [ConnectionClosed(FAULT, internal_error(faults)["message"])])
        return _first_closed(endings)

    async def _until_grace_has_passed(self) -> None:
        await self.until_drained()
        await asyncio.sleep(GRACE)
        raise ConnectionClosed(RESTART, SERVER_RESTARTS)

    async def until_unauthorized(self, identity: Identity) -> None:
        """Waits, and raises ConnectionClosed when the token expires or the person is blocked."""
        while True:
            changed = self.blocked.changed
            self.check(identity)
            left = identity.expires_at - datetime.now(UTC)
            with suppress(TimeoutError):
                async with asyncio.timeout(min(left.total_seconds(), LONGEST_SLEEP)):
                    await changed.wait()

    def check(self, identity: Identity) -> None:
        """Raises ConnectionClosed if the token has expired or the person is blocked."""
        if identity.expires_at <= datetime.now(UTC):
            raise ConnectionClosed(UNAUTHORIZED, EXPIRED)
        try:
            self.blocked.admit(identity)
        except Blocked as blocked:
            raise ConnectionClosed(FORBIDDEN, str(blocked)) from None


def _first_closed(endings: BaseExceptionGroup[BaseException]) -> ConnectionClosed:
    first = endings.exceptions[0]
    if isinstance(first, BaseExceptionGroup):
        return _first_closed(first)
    assert isinstance(first, ConnectionClosed)
    return first


class TimedSender:
    """Sends messages with a timeout for clients that do not read."""

    def __init__(self, send: Send, patience: float) -> None:
        self._send = send
        self._patience = patience

    async def __call__(self, message: Message | dict[str, Any], patience: float | None = None) -> None:
        """Raises ConnectionClosed."""
        try:
            async with asyncio.timeout(patience or self._patience):
                await self._send(message)
        except TimeoutError:
            raise ConnectionClosed(TRY_LATER, CLIENT_TOO_SLOW) from None
        except OSError:
            raise ConnectionClosed(GONE) from None
