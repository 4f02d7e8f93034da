"""What tests of views do: append, apply, ask, and look at rows as they are."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import psycopg
from sqlalchemy import Table

from domain.recorded import Recorded
from domain.vocabulary import Actor
from projections import following
from projections.asking import Question, Sight
from projections.catalogue import VIEWS
from projections.follower import course_of
from projections.reading import Reader
from projections.view import View
from service.container import async_engine
from service.database import DatabaseUrls
from service.event_store import Appended, EventStore
from service.items import Item
from service.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class World:
    urls: DatabaseUrls
    store: EventStore

    def append(self, items: Iterable[Item]) -> None:
        for item in items:
            answer = self.store.append(item)
            assert isinstance(answer, Appended), answer

    def log(self) -> list[Recorded[Any]]:
        """Everything that was recorded."""
        found: list[Recorded[Any]] = []
        while events := self.store.feed(found[-1].position if found else 0, 1000):
            found += events
        return found

    def apply(self, views: Sequence[View] = VIEWS, block: int = 500, until: int | None = None) -> None:
        """Brings views up to date as their followers do, in blocks of this size."""
        for view in views:
            course = course_of(view)
            with psycopg.connect(self.urls.worker, autocommit=True) as connection:
                position = following.begin(connection, view.name, view.version)
                while events := self.store.feed(position, block if until is None else min(block, until - position)):
                    with connection.transaction():
                        position = following.advance(connection, view.name, position, events)
                        course.apply(connection, events)
                    course.committed()
                    if position == until:
                        break

    def ask(
        self,
        actor: Actor,
        question: Callable[[Sight], Question[T]],
        *,
        at_least: int | None = None,
        as_of: datetime | None = None,
    ) -> list[T]:
        return self.ask_all(actor, [question], at_least=at_least, as_of=as_of)[0]

    def ask_all(
        self,
        actor: Actor,
        questions: Iterable[Callable[[Sight], Question[T]]],
        *,
        at_least: int | None = None,
        as_of: datetime | None = None,
    ) -> list[list[T]]:
        async def answers() -> list[list[T]]:
            engine = async_engine(Settings(), self.urls.api)
            try:
                reading = await Reader(engine, patience=1).reading(actor, at_least=at_least, as_of=as_of)
                return [await reading.rows(question(reading.sight)) for question in questions]
            finally:
                await engine.dispose()

        return asyncio.run(answers())

    def rows(self, table: Table) -> list[tuple[Any, ...]]:
        """Every row as text, in the order of the key."""
        key = ", ".join(column.name for column in table.primary_key)
        with psycopg.connect(self.urls.owner) as connection:
            return connection.execute(f"SELECT t::text FROM {table} t ORDER BY {key}".encode()).fetchall()

    def all_rows(self, views: Sequence[View] = VIEWS) -> dict[str, list[tuple[Any, ...]]]:
        return {table.name: self.rows(table) for view in views for table in view.tables}
