"""Feed of subscriptions: events from a position on, and a request each time it changes.

Both are read from the views with the subscriber's visibility at that moment. Nothing is buffered for a slow client, and
a reconnect returns the same events. Subscriptions of one person at the same position share their reads.
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
from projections.reading import view_status
from projections.reading.reader import DatabaseUnavailable, Reader, ViewBehind
from projections.reading.single_flight import SingleFlight
from projections.views import audit_trail, authorities, deployment_requests, incidents
from projections.views.audit_trail_feed import next_entries
from projections.views.audit_trail_filter import AuditTrailFilter
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders
from service.graphql.loaders.parked_subjects import SubjectParked
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.audit_trail.types import RecordedEvent
from service.graphql.schema.node_types import as_node
from service.graphql.schema.requests.types import DeploymentRequest
from service.graphql.subscriptions.limits import Slots
from service.graphql.subscriptions.watermark import PAUSE, LowWatermark

T = TypeVar("T")

VIEWS: Final = (audit_trail.NAME, authorities.NAME, deployment_requests.NAME, incidents.NAME)
"""The views that decide visibility, and those that events are presented with."""
PAGE_SIZE: Final = 100
"""Events per read."""
FRESH: Final = 5.0
"""Seconds after which unsent events are read again: visibility may have changed."""

PARKED: Final = -1
"""Stands for the version of a parked request."""
UNKNOWN: Final = "There is no such request, or you may not see it."


@dataclass(frozen=True, slots=True)
class _Page:
    """Events, and the position up to which they are complete. stale: loop time at which to read again."""

    events: Sequence[RecordedEvent]
    end: int
    stale: float


async def head_of(reader: Reader) -> int:
    """The position of the last event in the log. Raises DatabaseUnavailable."""
    return (await reader.answer(view_status.head(), viewer=None))[0]


class EventFeed:
    """Raises LimitReached if there are too many subscriptions. ViewBehind and DatabaseUnavailable are raised only at
    the start; later they are retried, as the client would have to. SubscriptionsEnded is raised between two responses,
    so that reads in progress complete."""

    def __init__(self, reader: Reader, watermark: LowWatermark, slots: Slots, clock: Callable[[], datetime]) -> None:
        self._reader = reader
        self._watermark = watermark
        self._slots = slots
        self._clock = clock
        self._pages: SingleFlight[Hashable, _Page] = SingleFlight()
        self._requests: SingleFlight[Hashable, DeploymentRequest | SubjectParked] = SingleFlight()
        self._versions: DataLoader[tuple[UUID, int], int] = DataLoader(self._newest_versions, cache=False)

    async def events(
        self, actor: Actor, after: int | None, wanted: AuditTrailFilter, *, subjects: bool
    ) -> AsyncGenerator[RecordedEvent, None]:
        """after: position of the last event that the client has; None: the current head. wanted: hashable.

        subjects: whether the subjects of the events will be selected: they are loaded in batches.
        """
        with self._slots.occupied((actor.issuer, actor.subject)):
            position = await self._start_position(after)
            async with self._watermark.watched():
                while True:
                    reached = await self._watermark.wait_beyond(position)
                    key = (actor, wanted, position, reached, subjects)
                    page = await retry_until_available(partial(self._pages.read, key, partial(self._next_page, *key)))
                    for event in page.events:
                        yield event
                        position = event.position
                        if self._watermark.has_ended or asyncio.get_running_loop().time() > page.stale:
                            break
                    else:
                        if not page.events and page.end <= position:
                            await asyncio.sleep(PAUSE)  # after a failover the views may be behind the sent position
                        position = max(position, page.end)

    def end(self) -> None:
        """Makes every subscription raise SubscriptionsEnded after its current response."""
        self._watermark.end()

    async def request(self, actor: Actor, id: UUID) -> AsyncGenerator[DeploymentRequest | SubjectParked, None]:
        """The request as it is, then after each change; only the newest state if it changed several times.

        While it is parked, SubjectParked once: graphql-core reports it as the error of that response.
        """
        with self._slots.occupied((actor.issuer, actor.subject)):
            found = await self._initial_state(actor, id)
            yield found
            version, position = _version(found), 0
            async with self._watermark.watched():
                while True:
                    position = await self._watermark.wait_beyond(position)
                    newest = await retry_until_available(partial(self._versions.load, (id, position)))
                    if not _is_news(newest, version):
                        continue
                    state = (actor, id, position)
                    found = await retry_until_available(
                        partial(self._requests.read, state, partial(self._load_visible, *state))
                    )
                    if _is_news(_version(found), version):
                        yield found
                        version = _version(found)

    async def _start_position(self, after: int | None) -> int:
        head = await head_of(self._reader)
        if after is not None and after > head:
            raise BadUserInput("after", f"The last event is at position {head}: {after} is none of this register's.")
        return head if after is None else after

    async def _next_page(
        self, actor: Actor, wanted: AuditTrailFilter, position: int, reached: int, subjects: bool
    ) -> _Page:
        """The next events, up to the low-water mark of the views; the viewer is read at least at that position."""
        stale = asyncio.get_running_loop().time() + FRESH
        loaders = self._loaders_for(actor, reached)
        rows = await loaders.rows(lambda scope: next_entries(scope, wanted, PAGE_SIZE, position, VIEWS))
        bound = min(reached, rows[0][0])
        entries = [entry for _, entry in rows if entry is not None and entry.position <= bound]
        events: Sequence[RecordedEvent] = await presentation.present_entries(entries, loaders)
        if subjects:
            events = await _with_subjects(events)
        is_all = len(events) == len(entries) < PAGE_SIZE
        return _Page(events, bound if is_all else events[-1].position, stale)

    async def _initial_state(self, actor: Actor, id: UUID) -> DeploymentRequest | SubjectParked:
        """The initial state. A request submitted just now may not be in the view yet."""
        try:
            return await self._load_visible(actor, id)
        except BadUserInput:
            return await self._load_visible(actor, id, await head_of(self._reader))

    async def _load_visible(
        self, actor: Actor, id: UUID, reached: int | None = None
    ) -> DeploymentRequest | SubjectParked:
        """The request if visible; its fields are read at least at the head seen after it. Raises BadUserInput."""
        try:
            found = await self._loaders_for(actor, reached).requests.load(id)
        except SubjectParked as parked:
            return parked
        if found is None:
            raise BadUserInput("id", UNKNOWN)
        return DeploymentRequest.of(found, self._loaders_for(actor, await head_of(self._reader)))

    async def _newest_versions(self, wanted: list[tuple[UUID, int]]) -> list[int]:
        """Newest versions of requests, at least at a position: one statement for all waiting subscriptions."""
        reading = await self._reader.reading(SYSTEM, reached=max(position for _, position in wanted))
        found = dict(await reading.rows(deployment_requests.newest_versions(each for each, _ in wanted)))
        found |= dict.fromkeys(await reading.parked_streams(deployment_requests.NAME), PARKED)
        return [found.get(each, 0) for each, _ in wanted]

    def _loaders_for(self, actor: Actor, reached: int | None = None) -> Loaders:
        return Loaders(self._reader, as_node, actor, self._clock(), reached=reached)


async def _with_subjects(events: Sequence[RecordedEvent]) -> Sequence[RecordedEvent]:
    """The events before the first whose subject cannot be loaded yet. If that is the first event, raises its error."""
    found = await asyncio.gather(*(event.subject() for event in events), return_exceptions=True)
    for number, subject in enumerate(found):
        if isinstance(subject, BaseException):
            if not number:
                raise subject
            return events[:number]
    return events


def _version(found: DeploymentRequest | SubjectParked) -> int:
    return PARKED if isinstance(found, SubjectParked) else found.version


def _is_news(version: int, sent: int) -> bool:
    return version > sent or version == PARKED != sent


async def retry_until_available(ask: Callable[[], Awaitable[T]]) -> T:
    """Retries while the views are behind or the database is unavailable."""
    while True:
        try:
            return await ask()
        except (ViewBehind, DatabaseUnavailable):
            await asyncio.sleep(PAUSE)
