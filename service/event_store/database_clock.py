"""The database's clock, told without asking: what it said last, and how long ago that was by this machine.

Decisions are made by it, so that it does not matter what the clocks of the servers say. It is never ahead of the
database's clock, unless that is set back: a decision is made before the instant at which its events are recorded.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import psycopg

from service.event_store.lineage import Lineage

FRESH: Final = 60.0
"""Seconds after which the database is asked again: clocks of machines drift by milliseconds in that time."""


class DatabaseClock:
    def __init__(self, lineage: Lineage) -> None:
        """lineage: knows the newest event. No decision is made earlier than that was recorded."""
        self._lineage = lineage
        self._heard: tuple[datetime, float] | None = None

    def hear(self, said: datetime) -> None:
        """said: what the database's clock said, in an answer that has just come."""
        self._heard = (said, time.monotonic())

    def ask(self, connection: psycopg.Connection[Any]) -> None:
        row = connection.execute("SELECT clock_timestamp()", prepare=False).fetchone()
        assert row is not None
        self.hear(row[0])

    @property
    def is_fresh(self) -> bool:
        """Whether it was heard lately."""
        return self._heard is not None and time.monotonic() - self._heard[1] < FRESH

    def now(self) -> datetime:
        """Where nothing was heard yet, by this machine's clock."""
        if self._heard is None:
            told = datetime.now(UTC)
        else:
            said, at = self._heard
            told = (said + timedelta(seconds=time.monotonic() - at)).astimezone(UTC)
        newest = self._lineage.newest
        return told if newest is None else max(told, newest.recorded_at.astimezone(UTC))
