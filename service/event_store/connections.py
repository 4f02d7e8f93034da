"""Connections that never hang: making one, waiting for a lock, for an answer, each has its limit."""

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
    """Seconds, and how much at once. answer: for one statement. idle: that a transaction may be left open.

    pool: for a connection to be free. queue: items that wait to be appended; beyond that, callers are turned away.
    """

    connect: float = 3.0
    answer: float = 5.0
    lock: float = 2.0
    idle: float = 5.0
    pool: float = 2.0
    pool_size: int = 8
    queue: int = 2000


class BoundedConnection(psycopg.Connection[Any]):
    """Closed, with an OperationalError, when an answer takes longer than `answer_limit` seconds. Not for LISTEN."""

    answer_limit: float | None = None

    def wait(self, gen: PQGen[T], interval: float = 0.1, timeout: float | None = None) -> T:
        try:
            return super().wait(gen, interval, self.answer_limit if timeout is None else timeout)
        except psycopg.OperationalError:
            if not self.closed and self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                self.close()
            raise


Met = Callable[[psycopg.Connection[Any]], None]
"""Is shown each new connection before it is used."""


def connect(url: str, limits: ConnectionLimits, met: Met) -> BoundedConnection:
    """For writing: autocommit, statements prepared at once. Raises psycopg.Error."""
    connection = BoundedConnection.connect(
        url, autocommit=True, prepare_threshold=0, connect_timeout=_whole(limits.connect)
    )
    try:
        _configure(connection, limits)
        met(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def open_pool(url: str, limits: ConnectionLimits, met: Met) -> ConnectionPool[BoundedConnection]:
    """For reading streams and the log, always by their keys. It connects in the background; nothing is raised here.

    How many wait is not limited. The pool counts callers who gave up until it makes its next connection, and at a limit
    it turns callers away before it connects again: after an outage it would never recover.
    """

    def configure(connection: BoundedConnection) -> None:
        connection.autocommit = True
        _configure(connection, limits)
        # Statistics of a young table lead to plans that read all of it, and a prepared one outlives its youth.
        settings = "SET enable_seqscan = off; SET enable_hashjoin = off; SET plan_cache_mode = force_generic_plan"
        connection.execute(settings, prepare=False)
        connection.prepare_threshold = 0
        met(connection)

    return ConnectionPool(
        url,
        connection_class=BoundedConnection,
        kwargs={"connect_timeout": _whole(limits.connect)},
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
    # What waited for a lock, and what is read back, must see what others committed meanwhile.
    connection.execute("SET default_transaction_isolation = 'read committed'", prepare=False)


def _whole(seconds: float) -> int:
    """libpq counts whole seconds, and takes 1 for 2."""
    return max(2, round(seconds))
