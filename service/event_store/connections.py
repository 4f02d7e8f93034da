"""Database connections with time limits for connecting, locks and answers."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import psycopg
from psycopg import sql
from psycopg.abc import PQGen
from psycopg.pq import TransactionStatus
from psycopg_pool import ConnectionPool

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits in seconds, and sizes.

    answer: one statement. lock: one lock. idle: an open transaction without activity. pool: a free connection.
    queue: items waiting to be appended; above it, callers get Unavailable.
    """

    connect: float = 3.0
    answer: float = 5.0
    lock: float = 2.0
    idle: float = 5.0
    pool: float = 2.0
    pool_size: int = 8
    queue: int = 2000


class BoundedConnection(psycopg.Connection[Any]):
    """Closed with an OperationalError if an answer takes longer than `answer_limit` seconds. Not for LISTEN."""

    answer_limit: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, self.answer_limit if timeout is None else timeout)
        except psycopg.OperationalError:
            if not self.closed and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


OnConnect = Callable[[psycopg.Connection[Any]], None]
"""Called with each new connection before it is used."""


def connect(url: str, limits: ConnectionLimits, on_connect: OnConnect) -> BoundedConnection:
    """A connection for appends: autocommit, statements prepared at first use. Raises psycopg.Error."""
    connection = BoundedConnection.connect(
        url, autocommit=True, prepare_threshold=0, connect_timeout=_connect_timeout(limits.connect)
    )
    try:
        _configure(connection, limits)
        on_connect(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_pool(url: str, limits: ConnectionLimits, on_connect: OnConnect) -> ConnectionPool[BoundedConnection]:
    """A pool for reading streams and the log by key. It connects in the background and raises nothing here.

    The number of waiters is not limited. The pool counts callers who gave up until it makes its next connection. With
    a limit it would reject callers before it reconnects, and never recover after an outage.
    """

    def configure(connection: BoundedConnection) -> None:
        connection.autocommit = True
        _configure(connection, limits)
        # Statistics of a nearly empty table lead to sequential scans, and a prepared plan keeps them as it grows.
        settings = "SET enable_seqscan = off; SET enable_hashjoin = off; SET plan_cache_mode = force_generic_plan"
        connection.execute(settings, prepare=False)
        connection.prepare_threshold = 0
        on_connect(connection)

    return ConnectionPool(
        url,
        connection_class=BoundedConnection,
        kwargs={"connect_timeout": _connect_timeout(limits.connect)},
        configure=configure,
        min_size=min(2, limits.pool_size),
        max_size=limits.pool_size,
        timeout=limits.pool,
        reconnect_timeout=limits.connect,
        name="event-store",
        open=True,
    )


def _configure(connection: BoundedConnection, limits: ConnectionLimits) -> None:
    connection.answer_limit = limits.answer + 1
    settings = {
        "lock_timeout": limits.lock,
        "statement_timeout": limits.answer,
        "idle_in_transaction_session_timeout": limits.idle,
    }
    for name, seconds in settings.items():
        connection.execute(sql.SQL("SET {} = {}").format(sql.Identifier(name), int(seconds * 1000)), prepare=False)
    connection.execute("SET timezone = 'UTC'", prepare=False)
    # After a lock wait, and when reading back, a statement must see what others committed meanwhile.
    connection.execute("SET default_transaction_isolation = 'read committed'", prepare=False)


def _connect_timeout(seconds: float) -> int:
    """libpq takes whole seconds, and treats 1 as 2."""
    return max(2, round(seconds))
