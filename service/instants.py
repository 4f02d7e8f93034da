"""Instants as clients write them, and plain dates, which stand for a day in UTC."""

import re
from datetime import UTC, datetime, time, timedelta
from typing import Final

_INSTANT: Final = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}([.,]\d{1,9})?)?([Zz]|[+-]\d{2}(:?\d{2})?)", re.ASCII
)
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_FORM: Final = "An instant is written with its offset, as in '2024-11-29T18:00:00Z'; a day in UTC as '2024-11-29'."
_LAST: Final = datetime.max.replace(tzinfo=UTC) - timedelta(microseconds=1)


class Day(datetime):
    """A day in UTC, as its first instant. Which instant of it is meant depends on the argument: see below."""


def read_instant(value: object) -> datetime:
    """Parses an instant, or a day. Raises ValueError."""
    if not isinstance(value, str) or not (_INSTANT.fullmatch(value) or _DAY.fullmatch(value)):
        raise ValueError(_FORM)
    try:
        if _DAY.fullmatch(value):
            return Day.fromisoformat(value).replace(tzinfo=UTC)
        return datetime.fromisoformat(value.upper().replace(",", ".")).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("There is no such instant, or it is outside the years 1 to 9999.") from None


def from_instant(value: datetime) -> datetime:
    """The first instant that a filter includes from: of a day, its first."""
    return datetime.combine(value.date(), time(), UTC) if isinstance(value, Day) else value


def until_instant(value: datetime) -> datetime:
    """The first instant that a filter excludes: of a day, the first of the next day."""
    return min(last_instant(value), _LAST) + timedelta(microseconds=1) if isinstance(value, Day) else value


def last_instant(value: datetime) -> datetime:
    """The instant as of which to read: of a day, its last microsecond, so that it includes all of the day."""
    return datetime.combine(value.date(), time.max, UTC) if isinstance(value, Day) else value
