"""What tests of views do: append, apply, ask, and look at rows as they are."""

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from threading import Event, Thread
from time import monotonic
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Table

from domain.recorded_event import Recorded
from domain.vocabulary import SYSTEM, Actor
from projections.catalogue import VIEWS
from projections.following import leadership
from projections.following.follower import Consumer, ReadFeed, follow, view_consumer
from projections.following.leadership import FollowerLimits
from projections.reading.queries import Query, ViewerScope
from projections.reading.reader import Reader
from projections.reading.view_status import ViewStatus, statuses
from projections.tables.view import View
from projections.views.authorities import standing_of
from service.event_store.records import AppendItem
from service.event_store.store import AppendConflict, EventStore
from service.processes.composition import reading_connections
from service.settings import DatabaseUrls, Settings
from tests.reading import whole_log

T = TypeVar("T")

PATIENT = FollowerLimits(lead=0.02, listen=0.05, look=3600, first=0.02, longest=0.1, block=50)
"""Nothing but a notification wakes a follower that has caught up."""


@dataclass(frozen=True, slots=True)
class World:
    urls: DatabaseUrls
    store: EventStore

    def append(self, items: Iterable[AppendItem]) -> None:
        for item in items:
            answer = self.store.append(item)
            assert not isinstance(answer, AppendConflict), answer

    def log(self) -> list[Recorded[Any]]:
        """Everything that was recorded."""
        return whole_log(self.store)

    def apply(self, views: Sequence[View] = VIEWS, block: int = 500, until: int | None = None) -> None:
        """Brings views up to date as their followers do, in blocks of this size."""
        for view in views:
            course = view_consumer(view)
            with psycopg.connect(self.urls.worker, autocommit=True) as connection:
                standing = leadership.begin(connection, view.name, view.version)
                while events := self.store.feed(
                    standing.position, block if until is None else min(block, until - standing.position)
                ):
                    with connection.transaction():
                        standing = leadership.advance(connection, view.name, view.version, standing, events)
                        course.apply(connection, events)
                    course.committed()
                    if standing.position == until:
                        break

    def ask(
        self,
        actor: Actor,
        question: Callable[[ViewerScope], Query[T]],
        *,
        at_least: int | None = None,
        as_of: datetime | None = None,
    ) -> list[T]:
        return self.ask_all(actor, [question], at_least=at_least, as_of=as_of)[0]

    def ask_all(
        self,
        actor: Actor,
        questions: Iterable[Callable[[ViewerScope], Query[T]]],
        *,
        at_least: int | None = None,
        as_of: datetime | None = None,
    ) -> list[list[T]]:
        async def answers() -> list[list[T]]:
            connections = reading_connections(Settings(), self.urls.api)
            try:
                reading = await Reader(connections, standing_of, patience=1).reading(
                    actor, at_least=at_least, as_of=as_of
                )
                return [await reading.rows(question(reading.viewer_scope)) for question in questions]
            finally:
                await connections.close()

        return asyncio.run(answers())

    def rows(self, table: Table) -> list[tuple[Any, ...]]:
        """Every row as text, in the order of the key."""
        key = ", ".join(column.name for column in table.primary_key)
        with psycopg.connect(self.urls.owner) as connection:
            return connection.execute(f"SELECT t::text FROM {table} t ORDER BY {key}".encode()).fetchall()

    def all_rows(self, views: Sequence[View] = VIEWS) -> dict[str, list[tuple[Any, ...]]]:
        return {table.name: self.rows(table) for view in views for table in view.tables}

    @contextmanager
    def following(
        self,
        *courses: Consumer,
        limits: FollowerLimits = PATIENT,
        feed: ReadFeed | None = None,
        passing: tuple[type[Exception], ...] = (),
    ) -> Iterator[None]:
        """Followers as a worker runs them, until the end of the block; then they have ended what was under way."""
        stop = Event()
        rest = (self.urls.worker, feed or self.store.feed, stop, limits, passing)
        threads = [Thread(target=follow, args=(course, *rest)) for course in courses]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        assert not any(thread.is_alive() for thread in threads)

    def wait(self, condition: Callable[[ViewStatus], bool], view: str) -> ViewStatus:
        """The first status of a view that meets the condition; it has half a minute."""
        return wait_for(lambda: next(filter(condition, self.statuses(view)), None))

    def reach(self, view: str, position: int) -> None:
        """Waits until a view is there."""
        with psycopg.connect(self.urls.api, autocommit=True) as connection:
            asked = "SELECT 1 FROM projections.checkpoints WHERE view = %s AND position >= %s"
            wait_for(lambda: connection.execute(asked, [view, position]).fetchone())

    def statuses(self, view: str) -> list[ViewStatus]:
        return [status for status in self.ask(SYSTEM, lambda _: statuses()) if status.view == view]


def wait_for(find: Callable[[], T | None], seconds: float = 30.0) -> T:
    """What is looked for, looked for again and again."""
    deadline = monotonic() + seconds
    while (found := find()) is None:
        assert monotonic() < deadline, "it did not come to be"
        Event().wait(0.005)
    return found
