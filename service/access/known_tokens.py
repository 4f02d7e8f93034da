"""Accepted tokens, known by their text for a short time, so that they are not verified again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from service.identity import Identity

KNOWN: Final = timedelta(minutes=1)
"""How long an accepted token is not verified again."""
MOST_KNOWN: Final = 1024
"""Accepted tokens that are known at once."""


class KnownTokens:
    """Reads tokens, and verifies those that are not known."""

    def __init__(self, verify: Callable[[str, datetime], Identity]) -> None:
        """verify: raises Unauthenticated."""
        self._verify = verify
        self._known: dict[str, tuple[datetime, Identity]] = {}

    def read(self, token: str, now: datetime) -> Identity:
        """The bearer. Raises Unauthenticated."""
        known = self._known.get(token)
        if known is not None and known[0] <= now < min(known[0] + KNOWN, known[1].expires_at):
            return known[1]
        identity = self._verify(token, now)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[token] = now, identity
        return identity

    def forget(self) -> None:
        """For when the keys have changed."""
        self._known.clear()
