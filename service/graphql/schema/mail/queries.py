"""Queries of mail subscriptions."""

import strawberry

from projections.views import mail_subscriptions
from service.graphql.schema.arguments import given
from service.graphql.schema.context import Info
from service.graphql.schema.mail.types import MailSubscription
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.scalars import Position


@strawberry.type
class MailQueries:
    @strawberry.field(
        description="The mail subscriptions of the viewer's authority, by address; all, for auditors of auditing ones."
    )
    async def mail_subscriptions(
        self, info: Info, at_least: Position | None = strawberry.UNSET, first: First = MANY, offset: Offset = 0
    ) -> list[MailSubscription]:
        loaders = info.context.loaders(given(at_least))
        found = part(await loaders.rows(mail_subscriptions.every), first, offset)
        return [MailSubscription.of(each, loaders) for each in found]
