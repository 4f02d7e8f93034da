"""When a message is sent again, and after which attempt it is given up."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from random import uniform
from typing import Final

DELAYS: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""After each failed attempt but the last: ten attempts over three days (Standard Webhooks)."""
ATTEMPTS: Final = len(DELAYS) + 1
JITTER: Final = 0.1
"""How much longer or shorter a delay is at most, so that a receiver that comes back does not get everything at once."""
LONGEST: Final = timedelta(days=1)
"""The longest wait that a receiver may ask for."""


def retry_at(
    failed: int, now: datetime, asked: timedelta | None, chance: Callable[[float, float], float] = uniform
) -> datetime | None:
    """When to send again after so many failed attempts; None if never. asked: the receiver's Retry-After."""
    if failed >= ATTEMPTS:
        return None
    delay = DELAYS[failed - 1] * chance(1 - JITTER, 1 + JITTER)
    return now + max(delay, min(asked or delay, LONGEST))


def retry_after(header: str | None, now: datetime) -> timedelta | None:
    """The wait that a header Retry-After asks for (RFC 9110, section 10.2.3); None if it is missing or malformed."""
    text = (header or "").strip()
    if text.isascii() and text.isdecimal() and len(text) <= 9:
        return timedelta(seconds=int(text))
    try:
        found = parsedate_to_datetime(text)
        return max(found - now, timedelta())
    except (ValueError, TypeError):
        return None
