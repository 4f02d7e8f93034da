"""What a channel reads for a message. `payload` and `mail_content` read it with GraphQL, which is imported for the
first message only.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from domain.mail_subscription.state import MailSubscription
from domain.webhook_endpoint.state import WebhookEndpoint
from service.notifications.queue import Delivery


class Postponed(Exception):
    """The message cannot be read now, which is no fault of the receiver."""


class Unreadable(Exception):
    """The message cannot be read."""


@dataclass(frozen=True, slots=True)
class Withheld:
    """The message must not be sent. Nothing is, so that the endpoint does not learn that there is something."""

    reason: str


class ReadPayload(Protocol):
    async def __call__(self, endpoint: WebhookEndpoint, delivery: Delivery) -> bytes | Withheld:
        """The body of a message. Raises Postponed, Unreadable."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailContent:
    """What a mail says. path: where the register shows the subject. sentence: what happened or waits; None if the
    subject's marking keeps that from mail."""

    reference: str
    path: str
    sentence: str | None


class ReadMailContent(Protocol):
    async def __call__(self, subscription: MailSubscription, delivery: Delivery) -> MailContent | Withheld:
        """What a mail says. Raises Postponed, Unreadable."""
        ...


StillDue = Callable[[Delivery], Awaitable[bool]]
"""Whether what a message is about is still due. Raises Postponed."""
