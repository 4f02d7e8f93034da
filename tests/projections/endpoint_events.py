"""Every event of a webhook endpoint."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from domain.vocabulary import AuthorityCode, Label, Role, Text
from domain.webhook_endpoint.events import (
    WebhookEndpointChanged,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointRegistered,
    WebhookKeyRotated,
)


def endpoint_events(stream: UUID, authority: AuthorityCode, text: Callable[[], Text]) -> list[tuple[UUID, Any]]:
    """text: makes another one each time."""
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
