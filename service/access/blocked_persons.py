"""The persons who are blocked, as last read: whoever is, is not admitted, whatever token they hold."""

import asyncio
from collections.abc import Set as AbstractSet

from service.access.identity import Blocked, Identity
from service.errors import Unavailable


class BlockedPersons:
    """changed: is set when others are blocked than before; another one then takes its place."""

    def __init__(self) -> None:
        self.changed = asyncio.Event()
        self._persons: AbstractSet[tuple[str, str]] | None = None

    def admit(self, identity: Identity) -> Identity:
        """The identity. Raises Blocked; Unavailable while it has never been read who is blocked."""
        if self._persons is None:
            raise Unavailable("It is not known yet who is blocked: try again.")
        if identity.actor.person in self._persons:
            raise Blocked
        return identity

    @property
    def is_known(self) -> bool:
        return self._persons is not None

    def is_blocked(self, person: tuple[str, str]) -> bool:
        """As last read."""
        return self._persons is not None and person in self._persons

    def update(self, persons: AbstractSet[tuple[str, str]]) -> None:
        """persons: all who are blocked now: (issuer, subject)."""
        self._persons = persons
        changed, self.changed = self.changed, asyncio.Event()
        changed.set()
