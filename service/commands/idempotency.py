"""Idempotency keys: what a key was used for, and whether a command is a repetition."""

import hashlib
import os
from collections.abc import Callable
from typing import Final
from uuid import UUID

import msgspec

from domain import validation
from domain.idempotency_key import Claim, KeyClaimed, stream_of
from domain.refusals import FieldProblem
from domain.vocabulary import Text
from service.commands.envelope import CommandEnvelope

KEY_LENGTH: Final = 200
Fingerprint = Callable[[str], str]
"""nonce -> SHA-256 of the nonce and of what a key is used for, in hex."""


def key_problem(key: str | None) -> FieldProblem | None:
    """Validates the form of a key."""
    if key is None:
        return None
    message = validation.unwritable(key)
    if not key.strip():
        message = "It must not be blank: leave it out, or send a key."
    elif len(key) > KEY_LENGTH:
        message = f"At most {KEY_LENGTH} characters are accepted, not {len(key)}."
    return FieldProblem(path="idempotencyKey", message=message) if message else None


def claim_stream(envelope: CommandEnvelope) -> UUID | None:
    """The stream of the key, which is scoped to the authority; None without a key."""
    return None if envelope.idempotency_key is None else stream_of(envelope.actor.authority, envelope.idempotency_key)


def command_fingerprint(envelope: CommandEnvelope) -> Fingerprint:
    """Of a person's command with its input."""
    actor = envelope.actor
    content = [
        type(envelope.command).__name__,
        actor.kind,
        actor.issuer,
        actor.subject,
        actor.authority,
        envelope.subject,
        envelope.expected_version,
        envelope.command,
        *([] if actor.on_behalf_of is None else [actor.on_behalf_of]),
    ]
    return lambda nonce: _sha256(msgspec.json.encode([nonce, *content], enc_hook=_plain))


def history_fingerprint(digest: str) -> Fingerprint:
    """Of an imported history. digest: SHA-256 of its lines, in hex."""
    return lambda nonce: _sha256(f"{nonce} {digest}".encode())


def claim_key(fingerprint: Fingerprint, subject: UUID, first_version: int, last_version: int) -> KeyClaimed:
    """The event that claims a key for what these versions of the subject record."""
    nonce = os.urandom(16).hex()
    return KeyClaimed(
        nonce=nonce,
        fingerprint=fingerprint(nonce),
        stream=subject,
        first_version=first_version,
        last_version=last_version,
    )


def matches(fingerprint: Fingerprint, claim: Claim) -> bool:
    """Whether the key was claimed for the same."""
    return fingerprint(claim.event.nonce) == claim.event.fingerprint


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _plain(value: object) -> str | None:
    if isinstance(value, Text):
        return value.value
    raise TypeError(f"{type(value).__name__} has no plain form")
