"""The database's side of following: one leader, a checkpoint that moves with the rows, and being woken."""

import select
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from domain.recorded import Recorded
from projections.checkpoints import LOCKS, FollowerState

CHANNEL: Final = "mandate_events"
"""Notified by every append, with the last position."""

ERROR_LENGTH: Final = 2000

SETTINGS: Final = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "synchronous_commit": "off",
}
"""synchronous_commit: rows and checkpoint are lost together when the server falls, and are derived again."""


class Overtaken(Exception):
    """Somebody else moved the checkpoint: what is remembered here is not what the rows are."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds. lead: between two tries to lead. listen: between two looks at `stop`. look: between two at the log,
    should no notification have come. first and longest: waits after an error.

    block: events that are read at once, at most.
    """

    lead: float = 1.0
    listen: float = 1.0
    look: float = 10.0
    first: float = 0.5
    longest: float = 30.0
    block: int = 500


def connect(url: str, name: str) -> psycopg.Connection[Any]:
    """For one follower, alone: it listens, leads and writes. Raises psycopg.OperationalError."""
    connection = psycopg.connect(
        url, autocommit=True, connect_timeout=5, application_name=name, keepalives_idle=10, tcp_user_timeout=30_000
    )
    for setting, value in SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", [setting, value])
    return connection


def try_to_lead(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether this connection leads now, and as long as it lives: no lock outlives the connection that writes."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCKS, name]).fetchone()
    return row is not None and bool(row[0])


def begin(connection: psycopg.Connection[Any], name: str, version: int) -> int:
    """The position to go on from. version: of the fold, for a checkpoint that is not there yet."""
    connection.execute(
        """INSERT INTO projections.checkpoints (view, version, position, updated_at, state)
           VALUES (%s, %s, 0, clock_timestamp(), %s) ON CONFLICT DO NOTHING""",
        [name, version, FollowerState.RUNNING.value],
    )
    row = connection.execute(
        """UPDATE projections.checkpoints SET state = %s, updated_at = clock_timestamp()
           WHERE view = %s RETURNING position""",
        [FollowerState.RUNNING.value, name],
    ).fetchone()
    assert row is not None
    return int(row[0])


def advance(connection: psycopg.Connection[Any], name: str, position: int, events: Sequence[Recorded[Any]]) -> int:
    """Moves the checkpoint past the events, first of all in their transaction, and returns where it is then.

    Raises Overtaken where it is not at `position` any more.
    """
    last = events[-1]
    moved = connection.execute(
        """UPDATE projections.checkpoints
           SET position = %s, recorded_at = %s, updated_at = clock_timestamp(),
               state = %s, last_error = NULL, failed_at = NULL
           WHERE view = %s AND position = %s""",
        [last.position, last.recorded_at, FollowerState.RUNNING.value, name, position],
    )
    if moved.rowcount != 1:
        raise Overtaken(f"the checkpoint of {name} is no longer at {position}")
    return last.position


def fail(connection: psycopg.Connection[Any], name: str, error: BaseException) -> None:
    connection.execute(
        """UPDATE projections.checkpoints SET state = %s, last_error = %s, updated_at = clock_timestamp(),
               failed_at = coalesce(failed_at, clock_timestamp())
           WHERE view = %s""",
        [FollowerState.FAILED.value, f"{error}"[:ERROR_LENGTH].replace("\x00", ""), name],
    )


def stopped(connection: psycopg.Connection[Any], name: str) -> None:
    connection.execute(
        "UPDATE projections.checkpoints SET state = %s, updated_at = clock_timestamp() WHERE view = %s AND state = %s",
        [FollowerState.STOPPED.value, name, FollowerState.RUNNING.value],
    )


def heard(connection: psycopg.Connection[Any], seconds: float) -> int:
    """The last position that an append told of, waiting so long at most; 0 where none did.

    Raises psycopg.OperationalError.
    """
    last = _last_told(connection)
    if last == 0 and select.select([connection], [], [], seconds)[0]:
        last = _last_told(connection)
    return last


def _last_told(connection: psycopg.Connection[Any]) -> int:
    return max((int(notify.payload) for notify in connection.notifies(timeout=0)), default=0)
