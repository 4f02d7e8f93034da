"""Idempotency keys: one stream per key. Its only event records the command that used the key, and the result."""

from dataclasses import dataclass
from uuid import UUID

from domain.recorded_event import Recorded
from domain.vocabulary import AuthorityCode, derived_id


# Events: names and fields are the storage format. Add, never edit.
@dataclass(frozen=True, slots=True, kw_only=True)
class KeyClaimed:
    """fingerprint: SHA-256 of nonce, command, actor and input. stream and versions: the events of the command."""

    nonce: str
    fingerprint: str
    stream: UUID
    first_version: int
    last_version: int


Event = KeyClaimed


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    version: int
    event: KeyClaimed


def evolve(state: Claim | None, recorded: Recorded[Event]) -> Claim:
    return Claim(version=recorded.version, event=recorded.event)


def stream_of(authority: AuthorityCode, key: str) -> UUID:
    return derived_id("claim", authority, key)
