"""Idempotency keys: what a key was used for, and whether a command is a repetition."""

import hashlib
from typing import Any, Final
from uuid import UUID

import msgspec

from domain import validation
from domain.claim import Claim, KeyClaimed, stream_of
from domain.refusals import FieldProblem
from domain.vocabulary import Text
from service.commands.envelope import CommandEnvelope
from service.event_store.random_source import random_bytes

KEY_LENGTH: Final = 200


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


def claim_key(envelope: CommandEnvelope, subject: UUID, first_version: int, last_version: int) -> KeyClaimed:
    """The event that claims the key for this command."""
    nonce = random_bytes(16).hex()
    return KeyClaimed(
        nonce=nonce,
        fingerprint=_fingerprint(envelope, nonce),
        stream=subject,
        first_version=first_version,
        last_version=last_version,
    )


def matches(envelope: CommandEnvelope, claim: Claim) -> bool:
    """Whether the key was claimed by the same person, for the same command with the same input."""
    return _fingerprint(envelope, claim.event.nonce) == claim.event.fingerprint


def claim_history_key(digest: str, stream: UUID, first_version: int, last_version: int) -> KeyClaimed:
    """The event that claims a key for an imported history. digest: SHA-256 of its lines, hex."""
    nonce = random_bytes(16).hex()
    return KeyClaimed(
        nonce=nonce,
        fingerprint=_history_fingerprint(digest, nonce),
        stream=stream,
        first_version=first_version,
        last_version=last_version,
    )


def matches_history(digest: str, claim: Claim) -> bool:
    """Whether the key was claimed for a history of the same lines."""
    return _history_fingerprint(digest, claim.event.nonce) == claim.event.fingerprint


def _history_fingerprint(digest: str, nonce: str) -> str:
    return hashlib.sha256(f"{nonce} {digest}".encode()).hexdigest()


def _fingerprint(envelope: CommandEnvelope, nonce: str) -> str:
    command = envelope.command
    fingerprinted = [
        nonce,
        type(command).__name__,
        envelope.actor.kind,
        envelope.actor.issuer,
        envelope.actor.subject,
        envelope.actor.authority,
        envelope.subject,
        envelope.expected_version,
        command,
    ]
    return hashlib.sha256(msgspec.json.encode(fingerprinted, enc_hook=_plain)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Text):
        return value.value
    raise TypeError(f"{type(value).__name__} has no plain form")
