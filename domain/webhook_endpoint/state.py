"""The state of a webhook endpoint: an address, and as whom the register reads what it sends there."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

from domain import visibility
from domain.recorded_event import Recorded
from domain.vocabulary import Actor, AuthorityCode, Label, Role, Subject, Text
from domain.webhook_endpoint.events import (
    Event,
    WebhookEndpointChanged,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookKeyRotated,
)

ISSUER: Final = "webhook"
"""The issuer of endpoints as viewers. No token has it."""
OVERLAP: Final = timedelta(hours=24)
"""How long a key that was replaced signs beside the new one."""
MOST_REPLACED: Final = 5
"""Replaced keys that still sign: a message has two signatures by each."""


class EndpointStatus(StrEnum):
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEndpoint:
    """key_generation: the number of its keys so far. rotations: when the last of them were replaced, the newest first.

    reason: of its status; None if it was enabled from the start.
    """

    id: UUID
    version: int
    authority: AuthorityCode
    name: Label
    url: str
    roles: tuple[Role, ...]
    types: tuple[str, ...]
    document: Label | None
    status: EndpointStatus
    status_since: datetime
    registered_at: datetime
    registered_by: Actor
    reason: Text | None = None
    key_generation: int = 1
    rotations: tuple[datetime, ...] = ()

    @property
    def viewer(self) -> Actor:
        """As whom it reads what it is sent."""
        return Actor(issuer=ISSUER, subject=Subject(str(self.id)), authority=self.authority, roles=self.roles)

    @property
    def audience(self) -> frozenset[str]:
        return visibility.of_authority(self.authority)

    @property
    def is_enabled(self) -> bool:
        return self.status is EndpointStatus.ENABLED

    def wants(self, type_: str) -> bool:
        """Whether messages of this type are queued for it."""
        return self.is_enabled and (not self.types or type_ in self.types)

    def generations(self, now: datetime) -> tuple[int, ...]:
        """The generations of the keys that sign, the newest first."""
        replaced = sum(now < at + OVERLAP for at in self.rotations)
        return tuple(range(self.key_generation, self.key_generation - replaced - 1, -1))


def evolve(state: WebhookEndpoint | None, recorded: Recorded[Event]) -> WebhookEndpoint:
    """The endpoint after one more event. Raises ValueError if the first one does not register it."""
    event, at, version = recorded.event, recorded.happened_at, recorded.version
    if isinstance(event, WebhookEndpointRegistered):
        return WebhookEndpoint(
            id=recorded.stream,
            version=version,
            authority=event.authority,
            name=event.name,
            url=event.url,
            roles=event.roles,
            types=event.types,
            document=event.document,
            status=EndpointStatus.ENABLED,
            status_since=at,
            registered_at=at,
            registered_by=recorded.actor,
        )
    if state is None:
        raise ValueError(f"{type(event).__name__} at position {recorded.position} comes before its registration")
    match event:
        case WebhookEndpointChanged(name=name, url=url, roles=roles, types=types, document=document):
            return replace(state, version=version, name=name, url=url, roles=roles, types=types, document=document)
        case WebhookEndpointDisabled(reason=reason):
            disabled = EndpointStatus.DISABLED
            return replace(state, version=version, status=disabled, status_since=at, reason=reason)
        case WebhookEndpointEnabled(reason=reason):
            enabled = EndpointStatus.ENABLED
            return replace(state, version=version, status=enabled, status_since=at, reason=reason)
        case WebhookKeyRotated():
            rotations = (at, *state.rotations)[:MOST_REPLACED]
            return replace(state, version=version, key_generation=state.key_generation + 1, rotations=rotations)
        case _:
            assert_never(event)
