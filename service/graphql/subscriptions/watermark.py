"""Low-water mark of the views behind subscriptions. Active only while a subscription waits.

Each append notifies its position to every listening process. The views follow a few milliseconds later: their
checkpoints are polled, once for all subscriptions, until they reach it. Followers do not notify: PostgreSQL commits one
notifying transaction at a time, so their commits and those of appends would wait for each other.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from projections.reading.reader import DatabaseUnavailable
from service.errors import Unavailable
from service.event_store.append_listener import OpenListener, WaitForAppend
from service.graphql.execution.graphql_errors import SubscriptionsEnded

SHORTEST: Final = 0.005
LONGEST: Final = 1.0
"""Seconds between two polls of views that are behind; doubles while they do not move."""
POLL: Final = 5.0
"""Seconds between two polls without a notification, in case one was lost."""
PAUSE: Final = 0.5
"""Seconds before a retry after a database error."""

_log = logging.getLogger(__name__)


class LowWatermark:
    def __init__(
        self, listen: OpenListener, reached: Callable[[], Awaitable[int]], head: Callable[[], Awaitable[int]]
    ) -> None:
        """reached: returns the position that all views have reached. head: that of the last event."""
        self._listen = listen
        self._reached = reached
        self._head = head
        self._position = 0
        self._moved = asyncio.Event()
        self._waiters = 0
        self._watch: asyncio.Task[None] | None = None
        self.has_ended = False

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Keeps the mark up to date while the context lasts."""
        self._waiters += 1
        if self._watch is None:
            self._watch = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._waiters -= 1
            if not self._waiters:
                self._watch.cancel()
                self._watch = None

    async def wait_beyond(self, position: int) -> int:
        """Waits until all views are beyond a position, and returns theirs. Raises SubscriptionsEnded."""
        while not self.has_ended:
            if self._position > position:
                return self._position
            await self._moved.wait()
        raise SubscriptionsEnded

    def end(self) -> None:
        """Makes current and future waits raise SubscriptionsEnded."""
        self.has_ended = True
        self._wake()

    async def _run(self) -> None:
        while True:
            try:
                async with self._listen() as wait_for_append:
                    await self._follow(wait_for_append)
            except (Unavailable, DatabaseUnavailable) as error:
                _log.warning("subscriptions are paused: %s", error)
            except Exception:  # noqa: BLE001
                _log.exception("subscriptions are paused")
            await asyncio.sleep(PAUSE)

    async def _follow(self, wait_for_append: WaitForAppend) -> None:
        """Polls after the listener has started, so that no append goes unnoticed. Views may be behind earlier ones."""
        target, pause = await self._head(), SHORTEST
        while True:
            position = await self._reached()
            pause = SHORTEST if position != self._position else min(pause * 2, LONGEST)
            self._move(position)
            notified = await wait_for_append(POLL if position >= target else pause)
            if notified > target:
                target, pause = notified, SHORTEST
                await asyncio.sleep(SHORTEST)

    def _move(self, position: int) -> None:
        """Sets the mark, also backwards: after a crash, the views may repeat their last steps."""
        if position != self._position:
            self._position = position
            self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
