"""Queries of webhook endpoints."""

import strawberry

from projections.views import webhook_endpoints
from service.graphql.schema.arguments import given
from service.graphql.schema.context import Info
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import Position
from service.graphql.schema.webhooks.types import WebhookEndpoint


@strawberry.type
class WebhookQueries:
    @strawberry.field(
        description="The webhook endpoints of the viewer's authority, by name; of all, for auditors of an auditing one."
    )
    async def webhook_endpoints(
        self, info: Info, at_least: Position | None = strawberry.UNSET, first: First = MANY, offset: Offset = 0
    ) -> list[WebhookEndpoint]:
        loaders = info.context.loaders(given(at_least))
        found = part(await loaders.rows(webhook_endpoints.every), first, offset)
        return [WebhookEndpoint.of(each, info.context, loaders) for each in found]
