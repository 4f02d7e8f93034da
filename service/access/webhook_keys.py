"""Signing keys of webhooks, by Standard Webhooks: derived from one key of the register, so that none is stored.

Of each endpoint and generation: a secret for HMAC-SHA256 (v1), and a pair of keys for Ed25519 (v1a).
"""

import hmac
from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, Self
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from service.access.key_files import WEBHOOK_KEY, own_key, previous_key, read_key
from service.settings import Settings

LENGTH: Final = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The keys of one generation of an endpoint."""

    hmac_key: bytes
    ed25519: Ed25519PrivateKey

    @property
    def secret(self) -> str:
        """The shared secret, for whoever verifies v1."""
        return "whsec_" + b64encode(self.hmac_key).decode()

    @property
    def public(self) -> str:
        """The public key, for whoever verifies v1a."""
        return "whpk_" + b64encode(self.ed25519.public_key().public_bytes_raw()).decode()

    def signatures(self, content: bytes) -> tuple[str, str]:
        return (
            "v1a," + b64encode(self.ed25519.sign(content)).decode(),
            "v1," + b64encode(hmac.digest(self.hmac_key, content, sha256)).decode(),
        )


class WebhookKeys:
    def __init__(self, key: bytes, previous: bytes | None = None) -> None:
        """previous: the register's key before this one; what it derives signs too."""
        self._keys = (key,) if previous is None else (key, previous)

    @classmethod
    def of(cls, settings: Settings) -> Self | None:
        """None if the settings have no key for webhooks. Raises Misconfigured."""
        keys = message_keys(settings)
        return None if keys is None else cls(*keys)

    def signing_key(self, endpoint: UUID, generation: int) -> SigningKey:
        return _derived(self._keys[0], endpoint, generation)

    def sign(self, endpoint: UUID, generations: tuple[int, ...], id: str, timestamp: int, body: bytes) -> str:
        """The header webhook-signature: a list of signatures, by the newest key first."""
        content = f"{id}.{timestamp}.".encode() + body
        keys = (_derived(key, endpoint, generation) for key in self._keys for generation in generations)
        return " ".join(signature for key in keys for signature in key.signatures(content))


def message_keys(settings: Settings) -> tuple[bytes, bytes | None] | None:
    """The register's key for messages, and the one before it. None if the settings name none. Raises Misconfigured."""
    if (path := settings.webhook_key_file) is not None:
        return read_key(path), previous_key(path)
    if settings.database_url is not None:
        return None
    return own_key(settings.data_dir, WEBHOOK_KEY), previous_key(settings.data_dir / WEBHOOK_KEY)


def _derived(key: bytes, endpoint: UUID, generation: int) -> SigningKey:
    def derive(purpose: str) -> bytes:
        info = f"mandate webhook/{purpose}/{endpoint}/{generation}".encode()
        return HKDF(algorithm=SHA256(), length=LENGTH, salt=None, info=info).derive(key)

    return SigningKey(derive("v1"), Ed25519PrivateKey.from_private_bytes(derive("v1a")))
