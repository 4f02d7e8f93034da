"""Parked streams: an event that the fold of a view cannot apply, and all later events of its stream.

No event is skipped: parked events are kept in order, are reported, and are applied once the fold is fixed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.recorded_event import Recorded
from projections.following.fold_cache import FoldCache
from projections.following.leadership import ERROR_LENGTH, OtherVersion, connect
from projections.following.replay import TABLES, TOPIC, Decode, at_positions
from projections.following.row_writer import LIVE, InconsistentRows, UnappliableEvent, apply
from projections.tables.parked import events, streams
from projections.tables.view import View

OF_THE_EVENT: Final = (
    UnappliableEvent,
    psycopg.DataError,
    psycopg.IntegrityError,
    psycopg.errors.ProgramLimitExceeded,
    psycopg.errors.StatementTooComplex,
)
"""Errors caused by a single event, such as a value too long for an index. Any other error may occur with every event,
and stops the view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryResult:
    """Result of a retry. error: of the next pending event; None if none is pending any more."""

    view: str
    stream: UUID
    applied: int
    error: str | None


def divert(connection: psycopg.Connection[Any], view: View, found: Sequence[Recorded[Any]]) -> Sequence[Recorded[Any]]:
    """Parks the events of parked streams, and returns the others."""
    subjects = {view.subject(recorded) for recorded in found if view.keeps(recorded)}
    statement = "SELECT stream FROM projections.parked_streams WHERE view = %s AND stream = ANY(%s)"
    parked = {row[0] for row in connection.execute(statement, [view.name, list(subjects)])} if subjects else set()
    if not parked:
        return found
    rest = []
    for recorded in found:
        if view.keeps(recorded) and view.subject(recorded) in parked:
            _wait(connection, view, recorded)
        else:
            rest.append(recorded)
    return rest


def park(connection: psycopg.Connection[Any], view: View, recorded: Recorded[Any], error: Exception) -> bool:
    """Parks a stream from this event on, in the transaction that moves the checkpoint past it.

    Returns whether it did: it does not if the view stops on errors, or if a single event does not cause the error.
    """
    if not (view.parks and view.keeps(recorded) and isinstance(error, OF_THE_EVENT)):
        return False
    park_stream(connection, view.name, view.subject(recorded), recorded.position, error_text(error))
    return True


def park_stream(connection: psycopg.Connection[Any], name: str, stream: UUID, position: int, error: str) -> None:
    """Records that a stream is parked from this event on, for a view or another consumer. No-op if it already is."""
    connection.execute(
        "INSERT INTO projections.parked_streams (view, stream, position, error, parked_at)"
        " VALUES (%s, %s, %s, %s, clock_timestamp()) ON CONFLICT DO NOTHING",
        [name, stream, position, error],
    )
    connection.execute(
        "INSERT INTO projections.parked_events (view, stream, position) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        [name, stream, position],
    )
    settle(connection, name)


def clear(connection: psycopg.Connection[Any], view: str, stream: UUID | None = None) -> None:
    """Unparks a stream or the whole view: its rows include everything up to the checkpoint."""
    for table in (streams, events):
        connection.execute(
            f"DELETE FROM {table} WHERE view = %(view)s AND (%(stream)s::uuid IS NULL OR stream = %(stream)s)".encode(),  # noqa: S608
            {"view": view, "stream": stream},
        )
    settle(connection, view, mends=1)


def is_parked(connection: psycopg.Connection[Any], view: View, stream: UUID) -> bool:
    """Whether a stream is parked in the live view."""
    statement = "SELECT 1 FROM projections.parked_streams WHERE view = %s AND stream = %s"
    return view.parks and connection.execute(statement, [view.name, stream]).fetchone() is not None


def replace(
    connection: psycopg.Connection[Any],
    view: View,
    found: Mapping[UUID, UnappliableEvent],
    wanted: Sequence[str],
    served: int,
    until: int,
) -> None:
    """Replaces what is parked of a view whose rows are swapped: these streams, from their error on.

    wanted: the stored names of the view's events. served, until: the positions of its live and its new rows.
    Raises the UnappliableEvent of a stream that was not parked although the live rows include its event.
    """
    at = f"SELECT stream, parked_at FROM {streams} WHERE view = %s"  # noqa: S608
    now = datetime.now(UTC)
    since = dict(connection.execute(at.encode(), [view.name]).fetchall())
    clear(connection, view.name)
    for stream, error in found.items():
        if stream not in since and error.position <= served:
            raise error
        connection.execute(
            f"INSERT INTO {streams} VALUES (%s, %s, %s, %s, %s)".encode(),  # noqa: S608
            [view.name, stream, error.position, error_text(error), since.get(stream, now)],
        )
        connection.execute(
            f"""INSERT INTO {events} SELECT %s, e.originator_id, e.notification_id FROM {TABLES}
                WHERE e.originator_id = %s AND e.notification_id BETWEEN %s AND %s AND {TOPIC} = ANY(%s)""".encode(),  # noqa: S608
            [view.name, stream, error.position, until, list(wanted)],
        )
    settle(connection, view.name)


def settle(connection: psycopg.Connection[Any], view: str, mends: int = 0) -> None:
    """Updates the parked counts and errors of a checkpoint. mends: 1 if others than the follower changed rows."""
    connection.execute(
        """UPDATE projections.checkpoints c
           SET parked = (SELECT count(*) FROM projections.parked_streams p WHERE p.view = c.view),
               last_error = (SELECT error FROM projections.parked_streams p WHERE p.view = c.view
                             ORDER BY p.position LIMIT 1),
               failed_at = (SELECT min(parked_at) FROM projections.parked_streams p WHERE p.view = c.view),
               mends = mends + %s, updated_at = clock_timestamp()
           WHERE view = %s""",
        [mends, view],
    )


def retry(view: View, url: str, decode: Decode, stream: UUID) -> RetryResult:
    """Applies the pending events of a stream, as far as possible now. Raises OtherVersion, psycopg.Error."""
    with connect(url, f"mandate retry {view.name}") as connection, connection.transaction():
        held = "SELECT 1 FROM projections.checkpoints WHERE view = %s AND version = %s FOR UPDATE"
        if connection.execute(held, [view.name, view.version]).fetchone() is None:
            raise OtherVersion(f"the rows of {view.name} are not of version {view.version}: rebuild the view")
        pending = "SELECT position FROM projections.parked_events WHERE view = %s AND stream = %s ORDER BY position"
        waiting = [row[0] for row in connection.execute(pending, [view.name, stream])]
        states = FoldCache(view, LIVE)
        for applied, recorded in enumerate(at_positions(connection, decode, waiting)):
            try:
                with connection.transaction():
                    folded = apply(view, connection, LIVE, [recorded], states)
            except (*OF_THE_EVENT, InconsistentRows) as error:
                _wait_from(connection, view, stream, recorded, error)
                return RetryResult(view=view.name, stream=stream, applied=applied, error=error_text(error))
            states.keep((each.subject, each.state) for each in folded)
        clear(connection, view.name, stream)
        return RetryResult(view=view.name, stream=stream, applied=len(waiting), error=None)


def _wait(connection: psycopg.Connection[Any], view: View, recorded: Recorded[Any]) -> None:
    connection.execute(
        "INSERT INTO projections.parked_events (view, stream, position) VALUES (%s, %s, %s)",
        [view.name, view.subject(recorded), recorded.position],
    )


def _wait_from(
    connection: psycopg.Connection[Any], view: View, stream: UUID, recorded: Recorded[Any], error: Exception
) -> None:
    """Moves the stream's first pending event to this one: those before it are applied."""
    place = [view.name, stream, recorded.position]
    connection.execute("DELETE FROM projections.parked_events WHERE view = %s AND stream = %s AND position < %s", place)
    connection.execute(
        "UPDATE projections.parked_streams SET position = %s, error = %s WHERE view = %s AND stream = %s",
        [recorded.position, error_text(error), view.name, stream],
    )
    settle(connection, view.name, mends=1)


def error_text(error: object) -> str:
    """An error as stored: of bounded length and without NUL, which PostgreSQL texts cannot hold."""
    return f"{error}"[:ERROR_LENGTH].replace("\x00", "")
