"""Composition of a process's parts. Production and tests use the same one."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import psycopg

from projections.reading.read_connections import Connections
from service.commands.dispatcher import Dispatcher
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.connections import ConnectionLimits
from service.event_store.store import EventStore
from service.processes.view_problems import HealthTolerance
from service.settings import Settings

Clock = Callable[[], datetime]


def now() -> datetime:
    """This machine's clock."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteSide:
    """The store and the dispatcher, with what they share."""

    store: EventStore
    state_cache: StateCache
    threads: Executor
    dispatcher: Dispatcher


def limits(settings: Settings) -> ConnectionLimits:
    """The connection limits in the settings."""
    return ConnectionLimits(
        connect=settings.connect_timeout,
        answer=settings.statement_timeout,
        lock=settings.lock_timeout,
        pool_size=settings.read_pool_size,
        queue=settings.append_queue,
    )


def tolerance(settings: Settings) -> HealthTolerance:
    """The health tolerance in the settings."""
    return HealthTolerance(stuck_after=settings.stuck_after, parked=settings.parked_limit)


def reading_connections(settings: Settings, url: str, pool_size: int | None = None, patience: float = 0) -> Connections:
    """Connections for reading the views. libpq parses the URL.

    patience: seconds to wait for a pooled connection, if longer than the connect timeout.
    """

    async def connect(role: str | None) -> psycopg.AsyncConnection[Any]:
        return await psycopg.AsyncConnection.connect(
            url,
            autocommit=True,
            connect_timeout=max(2, round(settings.connect_timeout)),
            options=f"{options} -c role={role}" if role else options,
        )

    # A generic plan uses the wrong index for some values: short lists and past counts took a second.
    # Starting parallel workers takes longer than the query.
    # Nested lookups have a different key for each row, so memoize never hits.
    options = (
        f"-c statement_timeout={settings.statement_timeout * 1000:.0f} -c timezone=UTC "
        "-c plan_cache_mode=force_custom_plan -c max_parallel_workers_per_gather=0 -c enable_memoize=off "
        "-c default_transaction_isolation=read\\ committed"
    )
    size = pool_size or settings.view_pool_size
    return Connections(connect, size, max(settings.connect_timeout, patience))


@contextmanager
def write_side(settings: Settings, url: str) -> Iterator[WriteSide]:
    """Opens the write side of a process. On exit, accepted commands are recorded."""
    with (
        closing(EventStore(url, limits(settings), warns=True)) as store,
        ThreadPoolExecutor(settings.command_threads, thread_name_prefix="command") as threads,
    ):
        states = StateCache(store, most_bytes=settings.state_cache_bytes)
        dispatcher = Dispatcher(
            store,
            states,
            StreamLocks(settings.stream_lock_timeout),
            threads=threads,
            two_administrators=settings.two_administrators,
        )
        yield WriteSide(
            store=store,
            state_cache=states,
            threads=threads,
            dispatcher=dispatcher,
        )
