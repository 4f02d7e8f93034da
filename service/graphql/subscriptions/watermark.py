"""How far the views are that subscriptions read, for all who wait. It is watched while somebody does, and else rests.

An append tells its position to every process that listens. The views are a few milliseconds behind: from then on their
checkpoints are looked at, once for all who wait, until they are there. Followers notify nobody: that would make their
commits and those of appends wait for each other, since PostgreSQL commits one notifying transaction at a time.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final

from projections.reading.reader import DatabaseUnavailable
from service.errors import Unavailable
from service.event_store.notifications import OpenListener, WaitForAppend
from service.graphql.execution.graphql_errors import SubscriptionsEnded

SHORTEST: Final = 0.005
LONGEST: Final = 1.0
"""Seconds between two looks at views that are behind: more each time that they have not moved."""
LOOK: Final = 5.0
"""Seconds between two looks where nothing was heard, should a notification have been lost."""
PAUSE: Final = 0.5
"""Seconds before the database is tried again."""

_log = logging.getLogger(__name__)


class LowWatermark:
    def __init__(self, listen: OpenListener, reached: Callable[[], Awaitable[int]]) -> None:
        """reached: the position that all of the views have reached."""
        self._listen = listen
        self._reached = reached
        self._position = 0
        self._moved = asyncio.Event()
        self._guests = 0
        self._watch: asyncio.Task[None] | None = None
        self.has_ended = False

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """It moves for as long as the context of one at least lasts."""
        self._guests += 1
        if self._watch is None:
            self._watch = asyncio.create_task(self._run())
        try:
            yield
        finally:
            self._guests -= 1
            if not self._guests:
                self._watch.cancel()
                self._watch = None

    async def wait_beyond(self, position: int) -> int:
        """Waits until all of the views are beyond a position, and returns where they are. Raises Ended."""
        while not self.has_ended:
            if self._position > position:
                return self._position
            await self._moved.wait()
        raise SubscriptionsEnded

    def end(self) -> None:
        """Whoever waits, or would wait, is told that it has ended."""
        self.has_ended = True
        self._wake()

    async def _run(self) -> None:
        while True:
            try:
                async with self._listen() as heard:
                    await self._follow(heard)
            except (Unavailable, DatabaseUnavailable) as error:
                _log.warning("subscriptions wait: %s", error)
            except Exception:  # noqa: BLE001
                _log.exception("subscriptions wait")
            await asyncio.sleep(PAUSE)

    async def _follow(self, heard: WaitForAppend) -> None:
        """It listens already, so that what is appended after the first look is heard of."""
        wanted, pause = 0, SHORTEST
        while True:
            position = await self._reached()
            pause = SHORTEST if position != self._position else min(pause * 2, LONGEST)
            self._move(position)
            told = await heard(LOOK if position >= wanted else pause)
            if told > wanted:
                wanted, pause = told, SHORTEST
                await asyncio.sleep(SHORTEST)

    def _move(self, position: int) -> None:
        """Also back: a server that fell may have lost the last steps of its views, which are taken again."""
        if position != self._position:
            self._position = position
            self._wake()

    def _wake(self) -> None:
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()
