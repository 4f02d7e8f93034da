"""The database's side of following: one leader, a checkpoint that moves with the rows, and being woken."""

import logging
import re
import select
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from domain.recorded import Recorded
from projections.reading.view_status import LOCKS
from projections.tables.checkpoints import FollowerState

CHANNEL: Final = "mandate_events"
"""Notified by every append, with the last position."""
REBUILDS_CHANNEL: Final = "mandate_rebuilds"
"""Notified by whoever asks for a rebuild, with the view."""

OF_ANOTHER_LOG: Final = 0
"""The version of rows that were made from events which are not in the log, as after an older log was restored: older
than that of any code, so that a worker builds them anew."""
IN_THE_LOG: Final = """EXISTS (
    SELECT FROM event_store.events e WHERE e.notification_id = c.position AND e.recorded_at = c.recorded_at
)"""

POSITION: Final = re.compile("[0-9]{1,18}")

ERROR_LENGTH: Final = 2000

SETTINGS: Final = {
    "timezone": "UTC",
    "lock_timeout": "10s",
    "statement_timeout": "60s",
    "idle_in_transaction_session_timeout": "60s",
    "client_connection_check_interval": "1s",
    "synchronous_commit": "off",
    "default_transaction_isolation": "read committed",
}
"""client_connection_check_interval: what a killed process had begun ends, and lets go of its locks.
synchronous_commit: rows and checkpoint are lost together when the server falls, and are derived again."""

ADVANCE: Final = f"""
    UPDATE projections.checkpoints c
    SET position = %s, recorded_at = %s, updated_at = clock_timestamp(),
        state = %s, last_error = CASE WHEN parked > 0 THEN last_error END,
        failed_at = CASE WHEN parked > 0 THEN failed_at END
    WHERE view = %s AND version = %s AND position = %s AND mends = %s AND (position = 0 OR {IN_THE_LOG})
"""  # noqa: S608

log = logging.getLogger(__name__)


class CheckpointMoved(Exception):
    """Somebody else moved the checkpoint: what is remembered here is not what the rows are."""


class OtherVersion(Exception):
    """The rows are of another version of the view than this code is: it must not write them."""


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """Where a checkpoint is. mends: how often its rows were changed by others than its follower.

    clean: whether the last follower said that it stopped. One that was killed could not.
    """

    position: int
    mends: int
    clean: bool = True


@dataclass(frozen=True, slots=True)
class FollowerLimits:
    """Seconds. lead: between two tries to lead. listen: between two looks at `stop`. look: between two at the log,
    should no notification have come. first and longest: waits after an error.

    block: events that are read at once, at most. After an exit that was not clean it begins with one event and doubles:
    what a batch of many brought down, such as the memory, a small one may not.
    """

    lead: float = 1.0
    listen: float = 1.0
    look: float = 10.0
    first: float = 0.5
    longest: float = 2.0
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


def version_of(connection: psycopg.Connection[Any], name: str) -> int | None:
    """The version of the fold that made the rows; None where there are none yet."""
    asked = "SELECT version FROM projections.checkpoints WHERE view = %s AND (position > 0 OR version = %s)"
    row = connection.execute(asked, [name, OF_ANOTHER_LOG]).fetchone()
    return None if row is None else int(row[0])


def is_of_this_log(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether the last event that a checkpoint has taken in is in the log, recorded when it says."""
    asked = f"SELECT position = 0 OR {IN_THE_LOG} FROM projections.checkpoints c WHERE view = %s"  # noqa: S608
    row = connection.execute(asked.encode(), [name]).fetchone()
    return row is None or bool(row[0])


def disown(connection: psycopg.Connection[Any], name: str, version: int) -> None:
    """Says that a checkpoint was made from a log that is not this one. version: OF_ANOTHER_LOG, or that of the course.

    A worker builds the view anew: it is told so.
    """
    with connection.transaction():
        connection.execute(
            """UPDATE projections.checkpoints
               SET version = %s, position = 0, recorded_at = NULL, mends = mends + 1, state = %s,
                   updated_at = clock_timestamp()
               WHERE view = %s""",
            [version, FollowerState.STOPPED.value, name],
        )
        connection.execute("SELECT pg_notify(%s, %s)", [REBUILDS_CHANNEL, name])


def begin(connection: psycopg.Connection[Any], name: str, version: int) -> CheckpointState:
    """Where to go on from. version: of the fold. A view that holds nothing yet takes it on.

    Raises OtherVersion.
    """
    connection.execute(
        """INSERT INTO projections.checkpoints (view, version, position, updated_at, state)
           VALUES (%s, %s, 0, clock_timestamp(), %s)
           ON CONFLICT (view) DO UPDATE SET version = excluded.version
           WHERE checkpoints.position = 0 AND checkpoints.version <> %s""",
        [name, version, FollowerState.STOPPED.value, OF_ANOTHER_LOG],
    )
    row = connection.execute(
        """UPDATE projections.checkpoints c SET state = %s
           FROM (SELECT view, state FROM projections.checkpoints WHERE view = %s FOR UPDATE) AS before
           WHERE c.view = before.view AND c.version = %s RETURNING c.position, c.mends, before.state""",
        [FollowerState.RUNNING.value, name, version],
    ).fetchone()
    if row is None:
        raise OtherVersion(f"the rows of {name} are not of version {version}")
    return CheckpointState(int(row[0]), int(row[1]), row[2] == FollowerState.STOPPED)


def advance(
    connection: psycopg.Connection[Any],
    name: str,
    version: int,
    standing: CheckpointState,
    events: Sequence[Recorded[Any]],
) -> CheckpointState:
    """Moves the checkpoint past the events, first of all in their transaction, and returns where it is then.

    Raises Overtaken where it does not stand there any more.
    """
    last = events[-1]
    moved = connection.execute(
        ADVANCE.encode(),
        [
            last.position,
            last.recorded_at,
            FollowerState.RUNNING.value,
            name,
            version,
            standing.position,
            standing.mends,
        ],
    )
    if moved.rowcount != 1:
        raise CheckpointMoved(f"the checkpoint of {name} is no longer where it was at {standing.position}")
    return CheckpointState(last.position, standing.mends)


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


def wait_for_append(connection: psycopg.Connection[Any], seconds: float) -> int:
    """The last position that an append told of, waiting so long at most; 0 where none did.

    Raises psycopg.OperationalError.
    """
    last = _last_told(connection)
    if last == 0 and select.select([connection], [], [], seconds)[0]:
        last = _last_told(connection)
    return last


def last_position(notifies: Iterable[psycopg.Notify]) -> int:
    """The last position of these notifications; 0 where they tell none: any role may notify of anything."""
    payloads = [notify.payload for notify in notifies]
    for strange in (payload for payload in payloads if not POSITION.fullmatch(payload)):
        log.warning("a notification of appends that tells no position is passed over: %.100r", strange)
    return max((int(payload) for payload in payloads if POSITION.fullmatch(payload)), default=0)


def _last_told(connection: psycopg.Connection[Any]) -> int:
    """All are taken before any is read: what is raised while the connection gives them keeps it locked."""
    return last_position(list(connection.notifies(timeout=0)))
