"""Accepted tokens, known by their text for a short time, so that they are not verified again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from projections.bounded_cache import BoundedCache
from service.access.identity import Identity

KNOWN: Final = timedelta(minutes=1)
"""How long an accepted token is not verified again."""
MAX_BYTES: Final = 4 * 1024 * 1024
TOKEN_BYTES: Final = 2000
BYTES_PER_CHARACTER: Final = 4
"""Estimated memory of a known token: the base, and for each of its characters, with the claims in it."""


class KnownTokens:
    """Reads tokens, and verifies those that are not known."""

    def __init__(self, verify: Callable[[str, datetime], Identity]) -> None:
        """verify: raises Unauthenticated."""
        self._verify = verify
        self._known: BoundedCache[str, tuple[datetime, Identity]] = BoundedCache(MAX_BYTES)

    def read(self, token: str, now: datetime) -> Identity:
        """The bearer. Raises Unauthenticated."""
        known = self._known.get(token)
        if known is not None and known[0] <= now < min(known[0] + KNOWN, known[1].expires_at):
            return known[1]
        identity = self._verify(token, now)
        self._known.put(token, (now, identity), TOKEN_BYTES + BYTES_PER_CHARACTER * len(token))
        return identity

    def forget(self) -> None:
        """For when the keys have changed."""
        self._known.clear()
