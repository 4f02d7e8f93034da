"""The endpoints that messages are queued for: webhook endpoints and mail subscriptions."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from domain.catalogue import MAIL_SUBSCRIPTION, WEBHOOK_ENDPOINT
from domain.mail_subscription.state import MailSubscription
from domain.webhook_endpoint.state import WebhookEndpoint
from projections.tables.row_documents import reader

Endpoint = WebhookEndpoint | MailSubscription

ENDPOINTS: Final = "SELECT kind, document FROM projections.delivery_endpoints"
"""As the follower knows them at the position of its checkpoint."""

_READERS: Final[Mapping[str, Callable[[Any], Endpoint]]] = MappingProxyType(
    {WEBHOOK_ENDPOINT.name: reader(WebhookEndpoint), MAIL_SUBSCRIPTION.name: reader(MailSubscription)}
)


def endpoint_in(kind: str, document: Any) -> Endpoint:
    return _READERS[kind](document)
