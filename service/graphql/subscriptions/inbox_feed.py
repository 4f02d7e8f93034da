"""Feed of a person's inbox: what came and what went, each time it changes.

The inbox is read again after each event of the register and, since items begin to wait and fall due as time passes,
once in a while without one. Nothing is kept between two responses but what was last sent.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID

import strawberry

from domain.vocabulary import Actor, Person
from projections.reading.reader import Reader
from projections.reading.single_flight import SingleFlight
from projections.views import inbox
from projections.views.inbox import InboxFilter, InboxPosition, InboxRow
from projections.views.inbox_recipient import Recipient
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.inbox.queries import recipient
from service.graphql.schema.inbox.types import InboxChange, InboxItem
from service.graphql.schema.node_types import as_node
from service.graphql.schema.scalars import Position
from service.graphql.subscriptions.feed import head_of, retry_until_available
from service.graphql.subscriptions.limits import Slots
from service.graphql.subscriptions.watermark import PAUSE, LowWatermark

TRACKED: Final = 1_000
"""Items that are followed: the earliest due."""
SENT: Final = 100
"""Items that one response describes."""
PERIOD: Final = 20.0
"""Longest time between two reads, in seconds."""
EVERYTHING: Final = InboxFilter()


@dataclass(frozen=True, slots=True)
class _Sent:
    """An item as it was last sent. place: in the order of the inbox."""

    row: InboxRow
    place: InboxPosition
    overdue: bool


@dataclass(frozen=True, slots=True)
class _Inbox:
    """The tracked items, in order. total: of all items. whole: whether the tracked ones are all."""

    items: dict[UUID, _Sent]
    total: int
    whose: Recipient
    loaders: Loaders

    @property
    def whole(self) -> bool:
        return len(self.items) < TRACKED


class InboxFeed:
    """Raises as EventFeed does."""

    def __init__(
        self,
        reader: Reader,
        watermark: LowWatermark,
        slots: Slots,
        clock: Callable[[], datetime],
        is_blocked: Callable[[Person], bool],
    ) -> None:
        self._reader = reader
        self._watermark = watermark
        self._slots = slots
        self._clock = clock
        self._is_blocked = is_blocked
        self._reads: SingleFlight[Hashable, _Inbox] = SingleFlight()

    async def changes(self, actor: Actor) -> AsyncGenerator[InboxChange, None]:
        """At first the position and the number of items, for a client that reads the inbox at that position."""
        with self._slots.occupied((actor.issuer, actor.subject)):
            position = await head_of(self._reader)
            before = await self._read(actor, position)
            yield InboxChange(total_count=before.total, came=[], went=[], position=Position(position))
            async with self._watermark.watched():
                while True:
                    position = await self._next_position(position)
                    found = await retry_until_available(
                        partial(self._reads.read, (actor, position), partial(self._read, actor, position))
                    )
                    came, went = _came(before, found), _went(before, found)
                    if came or went or found.total != before.total:
                        yield InboxChange(
                            total_count=found.total,
                            came=[InboxItem.of(each.row, found.whose, found.loaders) for each in came[:SENT]],
                            went=[strawberry.ID(str(item)) for item in went],
                            position=Position(position),
                        )
                    before = found
                    await asyncio.sleep(PAUSE)

    async def _next_position(self, position: int) -> int:
        """Waits for an event after the position, but not longer than PERIOD."""
        with suppress(TimeoutError):
            async with asyncio.timeout(PERIOD):
                return await self._watermark.wait_beyond(position)
        return position

    async def _read(self, actor: Actor, position: int) -> _Inbox:
        loaders = Loaders(self._reader, as_node, actor, self._clock(), reached=position)
        loaders.is_blocked = self._is_blocked
        whose = await recipient(loaders)
        rows = await loaders.rows(lambda scope: inbox.page(scope, whose, EVERYTHING, TRACKED))
        items = {row.id: _Sent(row, place, row.is_overdue(loaders.now)) for place, row in rows}
        total = len(rows)
        if total == TRACKED:
            total = await loaders.number(lambda scope: inbox.count(scope, whose, EVERYTHING))
        return _Inbox(items, total, whose, loaders)


def _came(before: _Inbox, now: _Inbox) -> Sequence[_Sent]:
    """Items that are new, or not as they were last sent."""
    return [each for item, each in now.items.items() if before.items.get(item) != each]


def _went(before: _Inbox, now: _Inbox) -> list[UUID]:
    """Items that wait no longer. Of items after the last tracked one, this is not known."""
    gone = [each for item, each in before.items.items() if item not in now.items]
    if not now.whole:
        last = next(reversed(now.items.values())).place
        gone = [each for each in gone if each.place < last]
    return [each.row.id for each in gone]
