"""The type of mail subscriptions."""

from datetime import datetime
from typing import Self

import strawberry

from domain.mail_subscription import state as domain
from domain.mail_subscription.state import MailSubscriptionStatus
from domain.vocabulary import Role
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.shown import shown

strawberry.enum(
    MailSubscriptionStatus,
    description="UNCONFIRMED: it was sent a code, and nothing else is sent. DISABLED: nothing is queued or sent.",
)


@strawberry.type(
    description=(
        "A mail address of a person to which the register sends what waits and what was decided. It is sent what "
        "somebody of their authority with its roles may see at that moment; of what is marked AMBER or stricter the "
        "reference alone, and nothing that is for named persons."
    )
)
class MailSubscription:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.MailSubscription]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)))
    version: int = shown("state.version")
    address: str = shown("state.address")
    roles: list[Role] = shown(lambda of: list(of.state.roles))
    types: list[str] = shown(lambda of: list(of.state.types), "Types of the mails; empty: the usual ones.")
    status: MailSubscriptionStatus = shown("state.status")
    status_since: datetime = shown("state.status_since")
    reason: str | None = shown(
        lambda of: of.state.reason and of.state.reason.value, "Of its status; null if it was never disabled."
    )
    subscribed_at: datetime = shown("state.subscribed_at")
    subscribed_by: Actor = shown(lambda of: Actor.of(of.state.subscribed_by, of.loaders))
    confirmed_at: datetime | None = shown("state.confirmed_at")

    @classmethod
    def of(cls, state: domain.MailSubscription, loaders: Loaders) -> Self:
        return cls(loaders=loaders, state=state)

    @strawberry.field
    def authority(self) -> Authority:
        return Authority.named(self.state.authority, self.loaders)
