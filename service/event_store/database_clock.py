"""Estimates the database's clock without a query: the last value received, plus the monotonic time since then.

Decisions use it, so the clocks of the servers do not matter. It is never ahead of the database's clock, unless that is
set back: a decision is made before the instant at which its events are recorded.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from service.event_store.lineage import Lineage

FRESH: Final = 60.0
"""Seconds until the database is queried again. Clocks drift by milliseconds in that time."""


class DatabaseClock:
    def __init__(self, lineage: Lineage) -> None:
        """lineage: knows the newest event. `now` is never earlier than its recording."""
        self._lineage = lineage
        self._reading: tuple[datetime, float] | None = None

    def set(self, database_time: datetime) -> None:
        """Sets the clock. database_time: the database's time, from an answer that has just arrived."""
        self._reading = (database_time, time.monotonic())

    def query(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute("SELECT clock_timestamp()", prepare=False).fetchone()
        assert row is not None
        self.set(row[0])

    @property
    def is_fresh(self) -> bool:
        """Whether the last reading is less than FRESH seconds old."""
        return self._reading is not None and time.monotonic() - self._reading[1] < FRESH

    def now(self) -> datetime:
        """This machine's clock if there is no reading yet."""
        if self._reading is None:
            estimate = datetime.now(UTC)
        else:
            database_time, at = self._reading
            estimate = (database_time + timedelta(seconds=time.monotonic() - at)).astimezone(UTC)
        newest = self._lineage.newest
        return estimate if newest is None else max(estimate, newest.recorded_at.astimezone(UTC))
