"""Sends what is queued: claims it, reads it, sends it outside of any transaction, and writes how that ended.

Any number of workers may send. A message whose sender was killed is sent again, with the same id, when its claim ends.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any, Final
from uuid import UUID

import psycopg

from projections.tables.deliveries import DeliveryState
from service.notifications import queue
from service.notifications.channels import Channels, Delivered, Disable
from service.notifications.contents import Postponed, Unreadable, Withheld
from service.notifications.endpoints import Endpoint
from service.notifications.queue import Delivery, Ending
from service.notifications.schedule import retry_at

POLL: Final = 0.5
"""Seconds between two looks at the queue while nothing is due."""
RETRY: Final = 2.0
"""Seconds before the database is tried again."""
AT_ONCE: Final = 8
"""Messages in progress for one endpoint, so that a slow one takes nothing from the others."""
POSTPONED: Final = timedelta(seconds=5)
DRAIN: Final = 10.0
"""Seconds for messages in progress at shutdown. The claims of others end by themselves."""

log = logging.getLogger(__name__)

Connect = Callable[[], Awaitable[psycopg.AsyncConnection[Any]]]
DisableEndpoint = Callable[[UUID, Disable], Awaitable[None]]
"""Disables an endpoint, as the register. Raises Unavailable."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a sender works with. clock: of the database."""

    connect: Connect
    channels: Channels
    disable: DisableEndpoint
    clock: Callable[[], datetime]


class Sender:
    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._busy: Counter[UUID] = Counter()
        self._tasks: set[asyncio.Task[None]] = set()
        self._ended = asyncio.Event()

    async def run(self, stop: Event) -> None:
        """Sends until `stop` is set, and completes what is in progress."""
        while not stop.is_set():
            try:
                async with await self._parts.connect() as connection:
                    await self._send_due(connection, stop)
                    await self._drain()
            except psycopg.Error as error:
                log.warning("messages are sent later: %s", error)
                await asyncio.sleep(RETRY)
            except Exception:
                log.exception("messages are sent later")
                await asyncio.sleep(RETRY)

    async def _send_due(self, connection: queue.Async, stop: Event) -> None:
        while not stop.is_set():
            self._ended.clear()
            known = {each.id: each for each in await queue.endpoints(connection) if self._parts.channels.reach(each)}
            places = {each: AT_ONCE - self._busy[each] for each in known if self._busy[each] < AT_ONCE}
            claimed = await queue.claim(connection, places) if places else []
            for each in claimed:
                self._begin(connection, known[each.endpoint], each)
            if not claimed:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ended.wait(), POLL)

    def _begin(self, connection: queue.Async, endpoint: Endpoint, delivery: Delivery) -> None:
        self._busy[endpoint.id] += 1
        task = asyncio.create_task(self._deliver(connection, endpoint, delivery))
        self._tasks.add(task)

        def done(_: object) -> None:
            self._busy[endpoint.id] -= 1
            self._tasks.discard(task)
            self._ended.set()

        task.add_done_callback(done)

    async def _drain(self) -> None:
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=DRAIN)
            for task in late:
                task.cancel()

    async def _deliver(self, connection: queue.Async, endpoint: Endpoint, delivery: Delivery) -> None:
        """One attempt. If its end cannot be recorded, the claim ends by itself, and the message is sent again."""
        try:
            ending = await self._attempt(endpoint, delivery)
        except Exception as error:
            log.exception("the message %s cannot be sent", delivery.message_id)
            ending = self._failed(delivery, f"an error of the register: {type(error).__name__}")
        try:
            if not await queue.end(connection, delivery, ending):
                log.warning("another sender has taken the message %s: it may be sent twice", delivery.message_id)
        except psycopg.Error as error:
            log.warning("how the message %s ended is not recorded: it is sent again: %s", delivery.message_id, error)

    async def _attempt(self, endpoint: Endpoint, delivery: Delivery) -> Ending:
        try:
            outcome = await self._parts.channels.deliver(endpoint, delivery)
        except Postponed as later:
            due_at = self._parts.clock() + POSTPONED
            return Ending(state=DeliveryState.PENDING, attempts=delivery.attempts, outcome=str(later), due_at=due_at)
        except Unreadable as error:
            return self._failed(delivery, str(error))
        if isinstance(outcome, Withheld):
            return Ending(state=DeliveryState.WITHHELD, attempts=delivery.attempts, outcome=outcome.reason)
        if isinstance(outcome, Delivered):
            return Ending(state=DeliveryState.DELIVERED, attempts=delivery.attempts, outcome=outcome.outcome)
        if outcome.disable is not None:
            await self._parts.disable(endpoint.id, outcome.disable)
        if outcome.for_good:
            return Ending(state=DeliveryState.DEAD, attempts=delivery.attempts + 1, outcome=outcome.outcome)
        return self._failed(delivery, outcome.outcome, outcome.asked)

    def _failed(self, delivery: Delivery, outcome: str, asked: timedelta | None = None) -> Ending:
        attempts = delivery.attempts + 1
        due_at = retry_at(attempts, self._parts.clock(), asked)
        state = DeliveryState.DEAD if due_at is None else DeliveryState.PENDING
        return Ending(state=state, attempts=attempts, outcome=outcome, due_at=due_at)
