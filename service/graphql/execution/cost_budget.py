"""Budget of each person: a token bucket, charged with the cost of each document and of each event of a subscription."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from service.graphql.execution.person_quotas import Person, QuotaExceeded

MOST: Final = 10_000
"""Buckets in memory. Beyond, full ones are forgotten: a new one is full."""


class BudgetExceeded(QuotaExceeded):
    """A person's budget does not cover the cost yet. Nothing was executed."""


class CostBudget:
    """Buckets of one process. A bucket holds the units of a minute and is refilled steadily."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        """per_minute: units of cost; 0 for no limit."""
        self._capacity = per_minute
        self._rate = per_minute / 60
        self._clock = clock
        self._buckets: dict[Person, tuple[float, float]] = {}

    def charge(self, person: Person, units: int) -> None:
        """Raises BudgetExceeded, and then charges nothing. A cost above the capacity takes a full bucket."""
        if not self._capacity:
            return
        units = min(units, self._capacity)
        now = self._clock()
        level, at = self._buckets.get(person, (self._capacity, now))
        level = min(self._capacity, level + (now - at) * self._rate)
        if level < units:
            wait = (units - level) / self._rate
            raise BudgetExceeded(
                f"You have used your budget of {self._capacity:,} units of cost a minute: ask again in {wait:.0f} s.",
                retry_after=wait,
            )
        self._buckets[person] = level - units, now
        if len(self._buckets) > MOST:
            self._forget_full(now)

    def _forget_full(self, now: float) -> None:
        self._buckets = {
            person: (level, at)
            for person, (level, at) in self._buckets.items()
            if level + (now - at) * self._rate < self._capacity
        }
