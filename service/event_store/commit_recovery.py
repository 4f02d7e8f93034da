"""Finds the outcome of items after the answer to a COMMIT was lost. Nothing is sent again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from service.errors import Unavailable
from service.event_store.batch import AppendOutcome, Committed, PendingItem
from service.event_store.connections import BoundedConnection
from service.event_store.pg_arrays import Bigints, Uuids
from service.event_store.records import AppendConflict, StreamVersion

CURRENT_BACKEND: Final = "SELECT pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()"
TERMINATE: Final = "SELECT pg_terminate_backend(pid, %s) FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
IS_ALIVE: Final = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND backend_start = %s"
WAIT_FOR_APPENDS: Final = "SELECT event_store.position_as_of('-infinity')"
FIND_EVENTS: Final = """
    SELECT e.originator_id, e.originator_version, e.state, e.notification_id, e.recorded_at
    FROM unnest(%b, %b) AS wanted (stream, version)
    JOIN event_store.events e ON e.originator_id = wanted.stream AND e.originator_version = wanted.version
"""


class Backend(NamedTuple):
    """A server process. The start time distinguishes it from a later one with the same pid."""

    pid: int
    started: datetime


class FoundEvent(NamedTuple):
    state: bytes
    position: int
    recorded_at: datetime


def current_backend(connection: BoundedConnection) -> Backend:
    row = connection.execute(CURRENT_BACKEND).fetchone()
    assert row is not None
    return Backend(*row)


def recover_outcomes(
    connection: BoundedConnection, backend: Backend, entries: Sequence[PendingItem]
) -> list[AppendOutcome]:
    """The outcome of each item. Equal bytes at its versions mean success, since they contain a random nonce.

    `backend` ran the append, or still runs it: it is terminated first, and its open transaction is waited for.
    Raises psycopg.Error if the database does not answer.
    """
    terminated = _terminate(connection, backend)
    connection.execute(WAIT_FOR_APPENDS)
    found = _find(connection, entries)
    return [_outcome(entry, found, terminated) for entry in entries]


def _terminate(connection: BoundedConnection, backend: Backend) -> bool:
    """Whether the backend is certain to record nothing more."""
    connection.execute(TERMINATE, [2000, *backend])
    return connection.execute(IS_ALIVE, backend).fetchone() is None


def _find(connection: BoundedConnection, entries: Sequence[PendingItem]) -> dict[StreamVersion, FoundEvent]:
    count = sum(len(entry.events) for entry in entries)
    streams = Uuids.of((entry.streams for entry in entries), count)
    versions = Bigints.of((entry.versions for entry in entries), count)
    rows: Sequence[tuple[Any, ...]] = connection.execute(FIND_EVENTS, [streams, versions], binary=True).fetchall()
    return {(stream, version): FoundEvent(*found) for stream, version, *found in rows}


def _outcome(entry: PendingItem, found: dict[StreamVersion, FoundEvent], terminated: bool) -> AppendOutcome:
    matched = [(event, found.get((event.stream, event.version))) for event in entry.events]
    present = [(event, row) for event, row in matched if row is not None]
    if not present:
        if terminated:
            return Unavailable("the connection to the database was lost, and nothing was recorded")
        return Unavailable("the answer was lost: whether it will be recorded is not known", recorded=None)
    if len(present) == len(matched) and all(event.state == row.state for event, row in present):
        return Committed(min(row.position for _, row in present), present[0][1].recorded_at)
    return AppendConflict(frozenset(event.stream for event, row in present if event.state != row.state))
