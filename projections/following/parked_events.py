"""Streams set aside: an event that the fold of a view cannot apply, and all that comes after it in its stream.

Nothing is skipped: what is parked waits in order, is told of, and is applied when the fold is mended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.recorded import Recorded
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
"""Errors that are one event's, such as a value that is too long for an index. Any other may come with every event, and
stops the view."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryResult:
    """What came of trying again. error: what the next event that waits met; None where none waits any more."""

    view: str
    stream: UUID
    applied: int
    error: str | None


def divert(connection: psycopg.Connection[Any], view: View, found: Sequence[Recorded[Any]]) -> Sequence[Recorded[Any]]:
    """Sets aside the events of parked streams, and returns the others."""
    subjects = {view.subject(recorded) for recorded in found if view.keeps(recorded)}
    asked = "SELECT stream FROM projections.parked_streams WHERE view = %s AND stream = ANY(%s)"
    known = {row[0] for row in connection.execute(asked, [view.name, list(subjects)])} if subjects else set()
    if not known:
        return found
    rest = []
    for recorded in found:
        if view.keeps(recorded) and view.subject(recorded) in known:
            _wait(connection, view, recorded)
        else:
            rest.append(recorded)
    return rest


def park(connection: psycopg.Connection[Any], view: View, recorded: Recorded[Any], error: Exception) -> bool:
    """Sets a stream aside from this event on, in the transaction that moves the checkpoint past it.

    Whether it did: a view may have chosen to stop, and an error that is not the event's stops it in any case.
    """
    if not (view.parks and view.keeps(recorded) and isinstance(error, OF_THE_EVENT)):
        return False
    set_aside(connection, view.name, view.subject(recorded), recorded.position, told(error))
    return True


def set_aside(connection: psycopg.Connection[Any], name: str, stream: UUID, position: int, error: str) -> None:
    """Says that a stream waits from this event on, in a view or in another course. What waits already waits on."""
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
    """Nothing waits any more, of a stream or of the whole view: its rows hold all up to the checkpoint."""
    for table in (streams, events):
        connection.execute(
            f"DELETE FROM {table} WHERE view = %(view)s AND (%(stream)s::uuid IS NULL OR stream = %(stream)s)".encode(),  # noqa: S608
            {"view": view, "stream": stream},
        )
    settle(connection, view, mends=1)


def is_parked(connection: psycopg.Connection[Any], view: View, stream: UUID) -> bool:
    """Whether a stream of it waits, in the rows that are served."""
    asked = "SELECT 1 FROM projections.parked_streams WHERE view = %s AND stream = %s"
    return view.parks and connection.execute(asked, [view.name, stream]).fetchone() is not None


def replace(
    connection: psycopg.Connection[Any],
    view: View,
    found: Mapping[UUID, UnappliableEvent],
    wanted: Sequence[str],
    served: int,
    until: int,
) -> None:
    """What waits of a view whose rows are replaced by others: of these streams, all from their error on.

    wanted: the stored names of the view's events. served, until: the positions of its old rows and of the new ones.
    Raises the Unappliable of a stream that was not parked though its event is served: others could apply it.
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
            [view.name, stream, error.position, told(error), since.get(stream, now)],
        )
        connection.execute(
            f"""INSERT INTO {events} SELECT %s, e.originator_id, e.notification_id FROM {TABLES}
                WHERE e.originator_id = %s AND e.notification_id BETWEEN %s AND %s AND {TOPIC} = ANY(%s)""".encode(),  # noqa: S608
            [view.name, stream, error.position, until, list(wanted)],
        )
    settle(connection, view.name)


def settle(connection: psycopg.Connection[Any], view: str, mends: int = 0) -> None:
    """Says on the checkpoint what is parked. mends: 1 where rows were changed by others than the follower."""
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
    """Applies what waits, as far as that can be applied now. Raises OtherVersion, psycopg.Error."""
    with connect(url, f"mandate retry {view.name}") as connection, connection.transaction():
        held = "SELECT 1 FROM projections.checkpoints WHERE view = %s AND version = %s FOR UPDATE"
        if connection.execute(held, [view.name, view.version]).fetchone() is None:
            raise OtherVersion(f"the rows of {view.name} are not of version {view.version}: it is to be built anew")
        asked = "SELECT position FROM projections.parked_events WHERE view = %s AND stream = %s ORDER BY position"
        waiting = [row[0] for row in connection.execute(asked, [view.name, stream])]
        states = FoldCache(view, LIVE)
        for applied, recorded in enumerate(at_positions(connection, decode, waiting)):
            try:
                with connection.transaction():
                    folded = apply(view, connection, LIVE, [recorded], states)
            except (*OF_THE_EVENT, InconsistentRows) as error:
                _wait_from(connection, view, stream, recorded, error)
                return RetryResult(view=view.name, stream=stream, applied=applied, error=told(error))
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
    """What was before this event is applied."""
    place = [view.name, stream, recorded.position]
    connection.execute("DELETE FROM projections.parked_events WHERE view = %s AND stream = %s AND position < %s", place)
    connection.execute(
        "UPDATE projections.parked_streams SET position = %s, error = %s WHERE view = %s AND stream = %s",
        [recorded.position, told(error), view.name, stream],
    )
    settle(connection, view.name, mends=1)


def told(error: object) -> str:
    """As it is kept: of bounded length, and without what no text may hold."""
    return f"{error}"[:ERROR_LENGTH].replace("\x00", "")
