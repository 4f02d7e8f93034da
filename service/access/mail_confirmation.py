"""Codes that confirm mail addresses: derived from the register's key for messages, so that none is stored."""

import hmac
from base64 import b32encode
from hashlib import sha256
from typing import Final, Self
from uuid import UUID

from service.access.webhook_keys import message_keys
from service.settings import Settings

CHARACTERS: Final = 12
"""Of 5 bits each."""
GROUP: Final = 4


class MailConfirmation:
    """What an API knows of mail. domains: to which mail is sent; empty for all."""

    def __init__(self, key: bytes, previous: bytes | None = None, domains: frozenset[str] = frozenset()) -> None:
        """previous: the register's key before this one; its codes are still accepted."""
        self._keys = (key,) if previous is None else (key, previous)
        self._domains = domains

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None if the register sends no mail. Raises Misconfigured."""
        keys = message_keys(settings)
        if keys is None or settings.smtp_host is None:
            return None
        return cls(*keys, settings.mail_domains)

    @property
    def domains(self) -> frozenset[str]:
        return self._domains

    def code(self, subscription: UUID) -> str:
        """'ABCD-EFGH-2345'."""
        return _code(self._keys[0], subscription)

    def accepts(self, subscription: UUID, code: str) -> bool:
        """Whether the code is that of the subscription, however it is spaced."""
        given = _plain(code).encode()
        return any(hmac.compare_digest(_plain(_code(key, subscription)).encode(), given) for key in self._keys)

    def admits(self, address: str) -> bool:
        return not self._domains or address.rpartition("@")[2].lower() in self._domains


def _code(key: bytes, subscription: UUID) -> str:
    digest = hmac.digest(key, f"mandate mail/confirmation/{subscription}".encode(), sha256)
    text = b32encode(digest).decode()[:CHARACTERS]
    return "-".join(text[start : start + GROUP] for start in range(0, CHARACTERS, GROUP))


def _plain(code: str) -> str:
    return "".join(code.split()).replace("-", "").upper()
