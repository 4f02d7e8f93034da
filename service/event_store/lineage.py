"""Detects that the database has another history than the one this process has read, by the newest event seen.

If that event is missing after a reconnect, the database was restored to an earlier point, or a lagging standby was
promoted. Everything cached in this process then belongs to another history.

The database itself records where each of its lineages began. Positions are consecutive, so later ones may have been
given to other events before.
"""

import logging
import threading
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg

from domain.vocabulary import iso_time

EVENT_AT: Final = (
    "SELECT originator_id, originator_version, recorded_at FROM event_store.events WHERE notification_id = %s"
)

NOTE: Final = "SELECT event_store.note_lineage()"
NEWEST: Final = """
    SELECT position, began_at, count(*) OVER () FROM event_store.lineages ORDER BY began_at DESC, position DESC LIMIT 1
"""

log = logging.getLogger(__name__)


class Seen(NamedTuple):
    """An event's position, with the fields that distinguish it from any other event at the same position."""

    position: int
    stream: UUID
    version: int
    recorded_at: datetime


class Lineage:
    """Counts the histories that this process has seen. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._number = 0
        self._newest: Seen | None = None

    @property
    def number(self) -> int:
        """Read it before reading events: they belong to this history or a later one."""
        return self._number

    @property
    def newest(self) -> Seen | None:
        """The newest event seen of this history."""
        return self._newest

    def note(self, event: Seen, number: int) -> None:
        """Notes an event that was read or recorded. number: the lineage's number before that."""
        with self._guard:
            if number == self._number and (self._newest is None or event.position > self._newest.position):
                self._newest = event

    def confirm(self, connection: psycopg.Connection[Any]) -> None:
        """Looks up the newest event on a new connection. If it is missing, a new lineage begins."""
        number, newest = self._number, self._newest
        if newest is None:
            return
        found = connection.execute(EVENT_AT, [newest.position], prepare=False).fetchone()
        if found is not None and tuple(found) == tuple(newest[1:]):
            return
        with self._guard:
            if number == self._number:
                self._number += 1
                self._newest = None
                log.warning(
                    "the event at position %d is gone from the database, which was restored or failed over: "
                    "the caches of this process are dropped",
                    newest.position,
                )


def note_lineage(connection: psycopg.Connection[Any]) -> str | None:
    """Records after which position the server's system and timeline begin. Call it before the first append.

    Returns a warning if they are new: the database was restored or failed over. Raises psycopg.Error.
    """
    try:
        row = connection.execute(NOTE, prepare=False).fetchone()
    except psycopg.errors.UndefinedFunction:
        return None  # not migrated
    return lineage_warning(connection) if row is not None and row[0] else None


def lineage_warning(connection: psycopg.Connection[Any]) -> str | None:
    """Where the present lineage began, or None if it is the first. Raises psycopg.Error."""
    row = connection.execute(NEWEST, prepare=False).fetchone()
    if row is None or row[2] == 1:
        return None
    position, began_at, _ = row
    return (
        f"the database was restored, moved or failed over after position {position} (noted at {iso_time(began_at)}): "
        "later positions that clients saw before that are gone, or belong to other events now. "
        "docs/operations/backup.md says what to do"
    )
