"""The database's clock, as a process knows it: what is due by the time does not depend on the clock of its machine."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Final

FRESH: Final = 5.0
"""Seconds after which the database is asked again."""


class DatabaseClock:
    """Asks the database, and counts on from its answer by the machine's monotonic clock. Safe to share by threads.

    It is never ahead of the database: it counts from the moment at which the answer arrives.
    """

    def __init__(self, ask: Callable[[], datetime]) -> None:
        self._ask = ask
        self._guard = Lock()
        self._known: tuple[datetime, float] | None = None

    def __call__(self) -> datetime:
        """Raises what asking raises."""
        with self._guard:
            if self._known is None or monotonic() - self._known[1] > FRESH:
                answer = self._ask()
                self._known = answer, monotonic()
            answer, arrived = self._known
        return answer + timedelta(seconds=monotonic() - arrived)
