"""The type of webhook endpoints."""

from datetime import datetime
from typing import Self

import strawberry

from domain.vocabulary import Role
from domain.webhook_endpoint import state as domain
from domain.webhook_endpoint.state import EndpointStatus
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.context import Context
from service.graphql.schema.shown import shown

strawberry.enum(
    EndpointStatus, name="WebhookEndpointStatus", description="While it is DISABLED, nothing is queued or sent."
)


@strawberry.type(
    description=(
        "An address to which the register sends messages, by Standard Webhooks. It is sent what somebody of its "
        "authority with its roles may see at that moment, and nothing that is for named persons."
    )
)
class WebhookEndpoint:
    context: strawberry.Private[Context]
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.WebhookEndpoint]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)))
    version: int = shown("state.version")
    name: str = shown("state.name")
    url: str = shown("state.url")
    roles: list[Role] = shown(lambda of: list(of.state.roles))
    types: list[str] = shown(lambda of: list(of.state.types), "Types of the events that it is sent; empty: all.")
    document: str | None = shown(
        "state.document", "The trusted document whose answer is sent; null: type, id, reference and position alone."
    )
    status: EndpointStatus = shown("state.status")
    status_since: datetime = shown("state.status_since")
    reason: str | None = shown(
        lambda of: of.state.reason and of.state.reason.value, "Of its status; null if it was never disabled."
    )
    registered_at: datetime = shown("state.registered_at")
    registered_by: Actor = shown(lambda of: Actor.of(of.state.registered_by, of.loaders))

    @classmethod
    def of(cls, state: domain.WebhookEndpoint, context: Context, loaders: Loaders) -> Self:
        return cls(context=context, loaders=loaders, state=state)

    @strawberry.field
    def authority(self) -> Authority:
        return Authority.named(self.state.authority, self.loaders)

    @strawberry.field(
        description="For signatures v1a (Ed25519): 'whpk_' and base64. Null while the register has no key for webhooks."
    )
    def public_key(self) -> str | None:
        keys = self.context.services.webhook_keys
        return keys.signing_key(self.state.id, self.state.key_generation).public if keys else None
