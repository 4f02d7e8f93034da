"""The ways of messages to their receivers, and how an attempt can end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol, TypeVar

from domain.mail_subscription.lifecycle import DisableMailSubscription
from domain.mail_subscription.state import MailSubscription
from domain.webhook_endpoint.lifecycle import DisableWebhookEndpoint
from domain.webhook_endpoint.state import WebhookEndpoint
from service.notifications.contents import Withheld
from service.notifications.endpoints import Endpoint
from service.notifications.queue import Delivery

Disable = DisableWebhookEndpoint | DisableMailSubscription
E = TypeVar("E", contravariant=True)


@dataclass(frozen=True, slots=True)
class Delivered:
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """asked: the wait that the receiver asked for. for_good: no attempt is of use any more. disable: it is gone."""

    outcome: str
    asked: timedelta | None = None
    for_good: bool = False
    disable: Disable | None = None


Outcome = Delivered | Failed | Withheld


class Channel(Protocol[E]):
    async def deliver(self, endpoint: E, delivery: Delivery) -> Outcome:
        """Reads a message and sends it: one attempt. Raises Postponed, Unreadable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """None: its messages stay queued."""

    webhooks: Channel[WebhookEndpoint] | None
    mail: Channel[MailSubscription] | None

    def reach(self, endpoint: Endpoint) -> bool:
        channel = self.webhooks if isinstance(endpoint, WebhookEndpoint) else self.mail
        return channel is not None and endpoint.is_enabled

    async def deliver(self, endpoint: Endpoint, delivery: Delivery) -> Outcome:
        if isinstance(endpoint, WebhookEndpoint):
            assert self.webhooks is not None
            return await self.webhooks.deliver(endpoint, delivery)
        assert self.mail is not None
        return await self.mail.deliver(endpoint, delivery)
