"""Every event of a webhook endpoint and of a mail subscription."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from domain.mail_subscription.events import (
    MailSubscribed,
    MailSubscriptionConfirmed,
    MailSubscriptionDisabled,
    MailSubscriptionEnabled,
)
from domain.vocabulary import AuthorityCode, Label, Role, Text
from domain.webhook_endpoint.events import (
    WebhookEndpointChanged,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookKeyRotated,
)


def endpoint_events(
    uuid: Callable[[], UUID], authority: AuthorityCode, text: Callable[[], Text]
) -> list[tuple[UUID, Any]]:
    """uuid, text: make another one each time."""
    return [*_of_webhook(uuid(), authority, text), *_of_mail(uuid(), authority, text)]


def _of_webhook(stream: UUID, authority: AuthorityCode, text: Callable[[], Text]) -> list[tuple[UUID, Any]]:
    terms: dict[str, Any] = {
        "authority": authority,
        "name": Label(text().value or ""),
        "url": f"https://receiver.example/{text().value}",
        "roles": (Role.OBSERVER,),
        "types": ("RequestApproved",),
        "document": Label("event"),
    }
    return [
        (stream, WebhookEndpointRegistered(**terms)),
        (stream, WebhookEndpointChanged(**terms, reason=text())),
        (stream, WebhookKeyRotated(authority=authority, reason=text())),
        (stream, WebhookEndpointDisabled(authority=authority, reason=text())),
        (stream, WebhookEndpointEnabled(authority=authority, reason=text())),
    ]


def _of_mail(stream: UUID, authority: AuthorityCode, text: Callable[[], Text]) -> list[tuple[UUID, Any]]:
    address, roles = f"{text().value}@example.org", (Role.OBSERVER, Role.REVIEWER)
    return [
        (stream, MailSubscribed(authority=authority, address=address, roles=roles, types=("RequestApproved",))),
        (stream, MailSubscriptionConfirmed(authority=authority)),
        (stream, MailSubscriptionDisabled(authority=authority, reason=text())),
        (stream, MailSubscriptionEnabled(authority=authority, reason=text())),
    ]
