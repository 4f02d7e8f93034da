"""Which history of the database this process has read, known by the newest event that it has seen.

Where that event is missing after a connection is made, the database was restored to an earlier point, or a standby that
lagged behind was promoted. What this process remembers is then of another history.
"""

import logging
import threading
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg

AT: Final = "SELECT originator_id, originator_version, recorded_at FROM event_store.events WHERE notification_id = %s"

log = logging.getLogger(__name__)


class Seen(NamedTuple):
    """An event by its place in the log, and what tells it apart from any other at the same place."""

    position: int
    stream: UUID
    version: int
    recorded_at: datetime


class Lineage:
    """Counts the histories that this process has met. Safe to share between threads."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._number = 0
        self._newest: Seen | None = None

    @property
    def number(self) -> int:
        """Take it before reading: what is read is of this history or of a later one."""
        return self._number

    @property
    def newest(self) -> Seen | None:
        """The newest event that was seen of this history."""
        return self._newest

    def see(self, seen: Seen, number: int) -> None:
        """Takes note of an event that was read or recorded. number: as it was taken before that."""
        with self._guard:
            if number == self._number and (self._newest is None or seen.position > self._newest.position):
                self._newest = seen

    def confirm(self, connection: psycopg.Connection[Any]) -> None:
        """Looks for the newest event by a new connection. Without it, another history begins."""
        number, newest = self._number, self._newest
        if newest is None:
            return
        found = connection.execute(AT, [newest.position], prepare=False).fetchone()
        if found is not None and tuple(found) == tuple(newest[1:]):
            return
        with self._guard:
            if number == self._number:
                self._number += 1
                self._newest = None
                log.warning(
                    "the event at position %d is gone from the database, which was restored or failed over: "
                    "all that this process remembers is read again",
                    newest.position,
                )
