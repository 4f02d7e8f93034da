"""What subscriptions are told: the events from a position on, and a request each time that it changes.

Both are read from the views, as whoever subscribed may see them at that moment: nothing is kept for a client, however
slowly it reads, and what it gets after a reconnect is what it would have got without. Where one person has several
subscriptions that stand at the same position, as on several screens, what they are told is read once.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, TypeVar
from uuid import UUID

from strawberry.dataloader import DataLoader

from domain.vocabulary import SYSTEM, Actor
from projections import audit_trail, authorities, deployment_requests, incidents
from projections.audit_trail_queries import AuditTrailFilter
from projections.next_entries import next_entries
from projections.reading import view_status
from projections.reading.reader import DatabaseUnavailable, EventParked, Reader, ViewBehind
from projections.reading.single_flight import SingleFlight
from projections.reading.stream_events import lengths_of
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.node_types import as_node
from service.graphql.schema.requests.types import DeploymentRequest
from service.graphql.subscriptions.limits import Slots
from service.graphql.subscriptions.watermark import PAUSE, LowWatermark

T = TypeVar("T")

VIEWS: Final = (audit_trail.NAME, authorities.NAME, deployment_requests.NAME, incidents.NAME)
"""Those that decide what a viewer sees, and those that an event is told with."""
AT_ONCE: Final = 100
"""Events that are read together."""
FRESH: Final = 5.0
"""Seconds after which what was read and not yet told is read again: the viewer may see less by then."""

UNKNOWN: Final = "There is no such request, or it is none that you may see."


@dataclass(frozen=True, slots=True)
class _Page:
    """Events, and the position up to which there are no others. stale: when they are to be read again."""

    events: Sequence[RecordedEvent]
    end: int
    stale: float


class EventFeed:
    """Raises Full where there are too many subscriptions, and at the beginning ViewBehind and Unanswered. Once it has
    begun, a database that is away or a view that is behind is waited for: the client would have to do the same.
    SetAside is raised where the domain itself cannot apply the events of what is to be told. Ended is raised between
    two answers, so that what is being read is read to its end."""

    def __init__(self, reader: Reader, watermark: LowWatermark, slots: Slots, clock: Callable[[], datetime]) -> None:
        self._reader = reader
        self._watermark = watermark
        self._slots = slots
        self._clock = clock
        self._blocks: SingleFlight[Hashable, _Page] = SingleFlight()
        self._requests: SingleFlight[Hashable, DeploymentRequest] = SingleFlight()
        self._versions: DataLoader[tuple[UUID, int], int] = DataLoader(self._newest_versions, cache=False)

    async def events(
        self, actor: Actor, after: int | None, types: Sequence[str] | None, *, subjects: bool
    ) -> AsyncGenerator[RecordedEvent, None]:
        """after: the last position that is not wanted; None is the last one that there is now.

        subjects: whether what the events happened to will be asked for: it is read for several at once.
        """
        with self._slots.occupied((actor.issuer, actor.subject)):
            position, wanted = await self._begin(after), None if types is None else tuple(types)
            async with self._watermark.watched():
                while True:
                    reached = await self._watermark.wait_beyond(position)
                    block = (actor, wanted, position, reached, subjects)
                    passed = await _patiently(partial(self._blocks.read, block, partial(self._next_page, *block)))
                    for event in passed.events:
                        yield event
                        position = event.position
                        if self._watermark.has_ended or asyncio.get_running_loop().time() > passed.stale:
                            break
                    else:
                        if not passed.events and passed.end <= position:
                            await asyncio.sleep(PAUSE)  # the database fell, and its views are behind what was told
                        position = max(position, passed.end)

    def end(self) -> None:
        """Every subscription raises Ended, as soon as it has told what it is about to tell."""
        self._watermark.end()

    async def request(self, actor: Actor, id: UUID) -> AsyncGenerator[DeploymentRequest, None]:
        """As it is, and then as it is after it changed: each time, or the newest where it changed several times."""
        with self._slots.occupied((actor.issuer, actor.subject)):
            found = await self._first(actor, id)
            yield found
            version, position = found.version, 0
            async with self._watermark.watched():
                while True:
                    position = await self._watermark.wait_beyond(position)
                    if await _patiently(partial(self._versions.load, (id, position))) <= version:
                        continue
                    state = (actor, id, position)
                    found = await _patiently(partial(self._requests.read, state, partial(self._seen, *state)))
                    if found.version > version:
                        yield found
                        version = found.version

    async def _begin(self, after: int | None) -> int:
        head = await self._head()
        if after is not None and after > head:
            raise BadUserInput("after", f"The last event is at position {head}: {after} is none of this register's.")
        return head if after is None else after

    async def _next_page(
        self, actor: Actor, types: Sequence[str] | None, position: int, reached: int, subjects: bool
    ) -> _Page:
        """The next events up to where all views are: whoever looks is known at least as of then."""
        stale = asyncio.get_running_loop().time() + FRESH
        loaders, wanted = self._sources(actor, reached), AuditTrailFilter(type=types)
        rows = await loaders.rows(lambda scope: next_entries(scope, wanted, AT_ONCE, position, VIEWS))
        bound = min(reached, rows[0][0])
        entries = [entry for _, entry in rows if entry is not None and entry.position <= bound]
        events: Sequence[RecordedEvent] = await presentation.present_entries(entries, loaders)
        if subjects:
            events = await _with_their_subjects(events)
        is_all = len(events) == len(entries) < AT_ONCE
        return _Page(events, bound if is_all else events[-1].position, stale)

    async def _first(self, actor: Actor, id: UUID) -> DeploymentRequest:
        """One that was just submitted may not be in the view yet."""
        try:
            return await self._seen(actor, id)
        except BadUserInput:
            return await self._seen(actor, id, await self._head())

    async def _seen(self, actor: Actor, id: UUID, reached: int | None = None) -> DeploymentRequest:
        """What is asked of it, as of its hold or history, is read where the views have got to what it is."""
        found = await self._sources(actor, reached).requests.load(id)
        if found is None:
            raise BadUserInput("id", UNKNOWN)
        return DeploymentRequest.of(found, self._sources(actor, await self._head()))

    async def _head(self) -> int:
        reading = await self._reader.reading(SYSTEM)
        return (await reading.rows(view_status.head()))[0]

    async def _newest_versions(self, wanted: list[tuple[UUID, int]]) -> list[int]:
        """Of requests, as they are at least at a position: in one statement for all who were woken, and another where
        the view has set aside some."""
        reading = await self._reader.reading(SYSTEM, reached=max(position for _, position in wanted))
        found = dict(await reading.rows(deployment_requests.newest_versions(each for each, _ in wanted)))
        set_aside = await self._reader.parked_streams(deployment_requests.NAME)
        if apart := [each for each, _ in wanted if each in set_aside]:
            found |= dict(await reading.rows(lengths_of(apart)))
        return [found.get(each, 0) for each, _ in wanted]

    def _sources(self, actor: Actor, reached: int | None = None) -> Loaders:
        return Loaders(self._reader, as_node, actor, self._clock(), reached=reached)


async def _with_their_subjects(events: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    """Those before the first whose subject cannot be told; where that is the first of all, raises why."""
    found = await asyncio.gather(*(event.subject() for event in events), return_exceptions=True)
    for number, subject in enumerate(found):
        if isinstance(subject, BaseException):
            if not number:
                raise subject
            return events[:number]
    return events


async def _patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """Asks until there is an answer. Raises SetAside: that does not pass by itself."""
    while True:
        try:
            return await ask()
        except EventParked:
            raise
        except (ViewBehind, DatabaseUnavailable):
            await asyncio.sleep(PAUSE)
