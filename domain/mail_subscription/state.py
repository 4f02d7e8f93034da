"""The state of a mail subscription: an address, whose it is, and as whom the register reads what it sends there."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final, assert_never
from uuid import UUID

from domain import visibility
from domain.mail_subscription.events import (
    Event,
    MailSubscribed,
    MailSubscriptionConfirmed,
    MailSubscriptionDisabled,
    MailSubscriptionEnabled,
)
from domain.message_types import ESCALATION, REMINDER
from domain.recorded_event import Recorded
from domain.vocabulary import Actor, AuthorityCode, Role, Subject, Text

ISSUER: Final = "mail"
"""The issuer of subscriptions as viewers. No token has it: what is for named persons is not sent."""
USUAL: Final = frozenset(
    {
        *(REMINDER, ESCALATION),
        *("RequestApproved", "RequestDenied", "RequestWithheld", "RequestWithdrawn"),
        *("ApprovalQuestioned", "ApprovalConfirmed", "ApprovalRevoked", "ApprovalExpired"),
        *("ExtensionGranted", "ExtensionRefused", "FulfilmentAccepted", "FulfilmentSentBack"),
        *("NoticeGiven", "StatementMade", "RequestTakenOver"),
    }
)
"""The types of mails for who names none: what waits, and what was decided."""


class MailSubscriptionStatus(StrEnum):
    UNCONFIRMED = "UNCONFIRMED"
    ENABLED = "ENABLED"
    DISABLED = "DISABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSubscription:
    """confirmed_at: None while it was never confirmed. reason: of its status; None if it was never disabled."""

    id: UUID
    version: int
    authority: AuthorityCode
    address: str
    roles: tuple[Role, ...]
    types: tuple[str, ...]
    status: MailSubscriptionStatus
    status_since: datetime
    subscribed_at: datetime
    subscribed_by: Actor
    confirmed_at: datetime | None = None
    reason: Text | None = None

    @property
    def viewer(self) -> Actor:
        """As whom it reads what it is sent."""
        return Actor(issuer=ISSUER, subject=Subject(str(self.id)), authority=self.authority, roles=self.roles)

    @property
    def audience(self) -> frozenset[str]:
        return visibility.of_authority(self.authority)

    @property
    def name(self) -> str:
        return self.address

    @property
    def is_enabled(self) -> bool:
        """Whether what is queued for it is sent. For an unconfirmed one, that is the code alone."""
        return self.status is not MailSubscriptionStatus.DISABLED

    def wants(self, type_: str) -> bool:
        """Whether mails of this type are queued for it."""
        return self.status is MailSubscriptionStatus.ENABLED and type_ in (self.types or USUAL)


def evolve(state: MailSubscription | None, recorded: Recorded[Event]) -> MailSubscription:
    """The subscription after one more event. Raises ValueError if the first one does not begin it."""
    event, at, version = recorded.event, recorded.happened_at, recorded.version
    if isinstance(event, MailSubscribed):
        return MailSubscription(
            id=recorded.stream,
            version=version,
            authority=event.authority,
            address=event.address,
            roles=event.roles,
            types=event.types,
            status=MailSubscriptionStatus.UNCONFIRMED,
            status_since=at,
            subscribed_at=at,
            subscribed_by=recorded.actor,
        )
    if state is None:
        raise ValueError(f"{type(event).__name__} at position {recorded.position} comes before its subscription")
    match event:
        case MailSubscriptionConfirmed():
            enabled = MailSubscriptionStatus.ENABLED
            return replace(state, version=version, status=enabled, status_since=at, confirmed_at=at)
        case MailSubscriptionDisabled(reason=reason):
            disabled = MailSubscriptionStatus.DISABLED
            return replace(state, version=version, status=disabled, status_since=at, reason=reason)
        case MailSubscriptionEnabled(reason=reason):
            status = MailSubscriptionStatus.ENABLED if state.confirmed_at else MailSubscriptionStatus.UNCONFIRMED
            return replace(state, version=version, status=status, status_since=at, reason=reason)
        case _:
            assert_never(event)
