"""The database side of a follower: leader lock, checkpoint, notifications."""

import logging
import re
import select
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from domain.recorded_event import Recorded
from projections.reading.view_status import LOCKS
from projections.tables.checkpoints import FollowerState

CHANNEL: Final = "mandate_events"
"""Channel on which every append notifies, with the last position."""
REBUILDS_CHANNEL: Final = "mandate_rebuilds"
"""Channel on which requests for a rebuild notify, with the view."""

OF_ANOTHER_LOG: Final = 0
"""The version of rows made from events that are not in the log, as after an older log was restored. It is lower than
that of any code, so a worker rebuilds them."""
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
"""client_connection_check_interval: the server ends statements of a killed process, which releases its locks.
synchronous_commit: a server crash loses rows and checkpoint together, and they are derived again."""

ADVANCE: Final = f"""
    UPDATE projections.checkpoints c
    SET position = %s, recorded_at = %s, updated_at = clock_timestamp(),
        state = %s, last_error = CASE WHEN parked > 0 THEN last_error END,
        failed_at = CASE WHEN parked > 0 THEN failed_at END
    WHERE view = %s AND version = %s AND position = %s AND mends = %s AND (position = 0 OR {IN_THE_LOG})
"""  # noqa: S608

log = logging.getLogger(__name__)


class CheckpointMoved(Exception):
    """Another process moved the checkpoint: cached state does not match the rows."""


class OtherVersion(Exception):
    """The rows are of another version of the view than this code, which must not write them."""


@dataclass(frozen=True, slots=True)
class CheckpointState:
    """A checkpoint. mends: how often its rows were changed by others than its follower.

    clean: whether the last follower stopped in order. A killed one cannot record that.
    """

    position: int
    mends: int
    clean: bool = True


@dataclass(frozen=True, slots=True)
class FollowerLimits:
    """Intervals in seconds. lead: between attempts to lead. listen: between checks of `stop`. look: between reads of
    the log without a notification. first and longest: of the backoff after an error.

    block: most events that are read at once. After an unclean exit, batches start at one event and double: a small
    batch may succeed where a large one ran out of memory.
    """

    lead: float = 1.0
    listen: float = 1.0
    look: float = 10.0
    first: float = 0.5
    longest: float = 2.0
    block: int = 500


def connect(url: str, name: str) -> psycopg.Connection[Any]:
    """A connection for one follower: it listens, leads and writes. Raises psycopg.OperationalError."""
    connection = psycopg.connect(
        url, autocommit=True, connect_timeout=5, application_name=name, keepalives_idle=10, tcp_user_timeout=30_000
    )
    for setting, value in SETTINGS.items():
        connection.execute("SELECT set_config(%s, %s, false)", [setting, value])
    return connection


def try_to_lead(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether this connection leads, until it closes: the lock does not outlive the connection that writes."""
    row = connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", [LOCKS, name]).fetchone()
    return row is not None and bool(row[0])


def version_of(connection: psycopg.Connection[Any], name: str) -> int | None:
    """The version of the fold that made the rows; None if there are none."""
    statement = "SELECT version FROM projections.checkpoints WHERE view = %s AND (position > 0 OR version = %s)"
    row = connection.execute(statement, [name, OF_ANOTHER_LOG]).fetchone()
    return None if row is None else int(row[0])


def is_of_this_log(connection: psycopg.Connection[Any], name: str) -> bool:
    """Whether the log contains the last event of the checkpoint, with the same recording time."""
    statement = f"SELECT position = 0 OR {IN_THE_LOG} FROM projections.checkpoints c WHERE view = %s"  # noqa: S608
    row = connection.execute(statement.encode(), [name]).fetchone()
    return row is None or bool(row[0])


def disown(connection: psycopg.Connection[Any], name: str, version: int) -> None:
    """Resets a checkpoint that was made from another log. version: OF_ANOTHER_LOG, or that of the consumer.

    Notifies the workers, one of which rebuilds the view.
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
    """Takes over the checkpoint and returns it. version: of the fold. A view without rows takes this version.

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
    """Moves the checkpoint past the events, as the first statement of their transaction, and returns it.

    Raises CheckpointMoved if another process moved it meanwhile.
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
        raise CheckpointMoved(f"the checkpoint of {name} is no longer at {standing.position}")
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
    """The last position that an append notified, after at most so many seconds; 0 if none did.

    Raises psycopg.OperationalError.
    """
    last = _last_notified(connection)
    if last == 0 and select.select([connection], [], [], seconds)[0]:
        last = _last_notified(connection)
    return last


def last_position(notifies: Iterable[psycopg.Notify]) -> int:
    """The last position of these notifications; 0 if they contain none: any role can notify anything."""
    payloads = [notify.payload for notify in notifies]
    for strange in (payload for payload in payloads if not POSITION.fullmatch(payload)):
        log.warning("ignored a notification of appends without a position: %.100r", strange)
    return max((int(payload) for payload in payloads if POSITION.fullmatch(payload)), default=0)


def _last_notified(connection: psycopg.Connection[Any]) -> int:
    """Fetches all notifications before it parses any: an error during iteration would leave the connection locked."""
    return last_position(list(connection.notifies(timeout=0)))
