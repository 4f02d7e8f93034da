"""The parts of a process, put together in one place: what production runs is what tests run."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from service.commands.actor_names import ActorNames
from service.commands.dispatcher import Dispatcher
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.connections import ConnectionLimits
from service.event_store.store import EventStore
from service.processes.health import HealthTolerance
from service.settings import Settings

Clock = Callable[[], datetime]

COMPILED: Final = 128
"""Statements of the views whose text is kept. More are not asked for day by day, and some take half a megabyte."""


def now() -> datetime:
    """The clock of this machine."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSide:
    """What records: the store, and the one way to it."""

    store: EventStore
    state_cache: StateCache
    dispatcher: Dispatcher
    actor_names: ActorNames


def limits(settings: Settings) -> ConnectionLimits:
    """The settings that bound what the database is waited for."""
    return ConnectionLimits(
        connect=settings.connect_timeout,
        answer=settings.answer_timeout,
        lock=settings.lock_timeout,
        pool_size=settings.read_pool_size,
        queue=settings.append_queue,
    )


def tolerance(settings: Settings) -> HealthTolerance:
    """What the settings let pass as healthy."""
    return HealthTolerance(stuck_after=settings.stuck_after, parked=settings.parked_limit)


def async_engine(settings: Settings, url: str, pool_size: int | None = None, patience: float = 0) -> AsyncEngine:
    """For reading the views; the URL counts as libpq reads it. Nothing is connected yet.

    patience: seconds that a connection is waited for in vain, where that is more than to make one takes.
    """

    async def connect() -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            url, autocommit=True, connect_timeout=max(2, round(settings.connect_timeout)), options=options
        )

    # One plan for all values goes along the wrong index for some: a list of few, or a count of then, took a second.
    # To begin processes for an answer takes longer than to give it.
    # What is looked up for each row is another one each time: to remember it finds nothing again.
    options = (
        f"-c statement_timeout={settings.answer_timeout * 1000:.0f} -c timezone=UTC "
        "-c plan_cache_mode=force_custom_plan -c max_parallel_workers_per_gather=0 -c enable_memoize=off "
        "-c default_transaction_isolation=read\\ committed"
    )
    return create_async_engine(
        "postgresql+psycopg://",
        async_creator=connect,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        query_cache_size=COMPILED,
        pool_size=pool_size or settings.view_pool_size,
        max_overflow=0,
        pool_timeout=max(settings.connect_timeout, patience),
    )


@contextmanager
def write_side(settings: Settings, url: str, clock: Clock = now) -> Iterator[WriteSide]:
    """Opens the write side of a process; at the end, what was accepted is recorded.

    clock: by which people were seen. Decisions are made by the database's.
    """
    with closing(EventStore(url, limits(settings), warns=True)) as store:
        states = StateCache(store, most_bytes=settings.states_bytes)
        dispatcher = Dispatcher(
            store, states, StreamLocks(settings.turn_timeout), two_administrators=settings.two_administrators
        )
        yield WriteSide(store=store, state_cache=states, dispatcher=dispatcher, actor_names=ActorNames(store, clock))
