"""What a sender gets for a message. `payload` reads it, with GraphQL, which is imported for the first message only."""

from dataclasses import dataclass
from typing import Protocol

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
