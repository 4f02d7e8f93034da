"""Ticks of a time axis: three to eight round instants."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

MAX_STEPS: Final = 7
STEPS: Final = tuple(
    timedelta(**{unit: count})
    for unit, counts in (
        ("milliseconds", (50, 100, 200, 500)),
        ("seconds", (1, 2, 5, 10, 30)),
        ("minutes", (1, 2, 5, 10, 30)),
        ("hours", (1, 3, 6, 12)),
    )
    for count in counts
) + tuple(timedelta(days=count) for count in (1, 2, 7, 14))
MONTHS: Final = (1, 2, 3, 6, 12, 24, 60, 120, 600, 1200)
EPOCH: Final = datetime(1970, 1, 5, tzinfo=UTC)
"""A Monday, so that steps of weeks start on Mondays."""

Tick = tuple[datetime, str]


def ticks(start: datetime, end: datetime) -> Sequence[Tick]:
    """Round instants from start to end, each with its label."""
    span = end - start
    for step in STEPS:
        if span / step <= MAX_STEPS:
            found = list(_steps(start, end, step))
            return found if len(found) > 1 else [(at, f"{at.day} {at:%b}, {at:%H:%M:%S}") for at in (start, end)]
    months = (end.year - start.year) * 12 + end.month - start.month
    count = next((each for each in MONTHS if months / each <= MAX_STEPS), -(-months // MAX_STEPS // 1200) * 1200)
    return list(_months(start, end, count))


def _steps(start: datetime, end: datetime, step: timedelta) -> Iterator[Tick]:
    at = EPOCH + -(-(start - EPOCH) // step) * step
    day = None
    while at <= end:
        if step >= timedelta(days=1):
            label = f"{at.day} {at:%b %Y}"
        else:
            clock = f"{at:%H:%M:%S}" if step < timedelta(minutes=1) else f"{at:%H:%M}"
            if step < timedelta(seconds=1):
                clock += f".{at.microsecond // 10_000:02}"
            label = clock if at.date() == day else f"{at.day} {at:%b}, {clock}"
            day = at.date()
        yield at, label
        at += step


def _months(start: datetime, end: datetime, count: int) -> Iterator[Tick]:
    month = -(-(start.year * 12 + start.month - 1) // count) * count
    while True:
        year, index = divmod(month, 12)
        if year > 9999:
            return
        at = datetime(year, index + 1, 1, tzinfo=UTC)
        if at > end:
            return
        if at >= start:
            yield at, f"{at:%Y}" if count % 12 == 0 else f"{at:%b %Y}"
        month += count
