"""Queries of the inbox."""

from collections.abc import Iterable
from datetime import datetime

import strawberry

from domain.deployment_request.inbox import ACTIONS as OF_REQUESTS
from domain.incident.inbox import ACTIONS as OF_INCIDENTS
from projections.views import authorities, inbox
from projections.views.inbox import InboxFilter as Wanted
from projections.views.inbox import Recipient
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, list_filter, page_size, past_instant, region_paths, several
from service.graphql.schema.context import Info
from service.graphql.schema.inbox.types import InboxConnection, InboxEdge, InboxItem
from service.graphql.schema.pagination import page_info
from service.graphql.schema.scalars import AsOf, Position

OF = "inbox"
ACTIONS = tuple(dict.fromkeys((*OF_REQUESTS, *OF_INCIDENTS)))


@strawberry.input(
    description="Fields are combined with AND, the values of one field with OR. region includes all regions below it."
)
class InboxFilter:
    action: list[str] | None = strawberry.UNSET
    assigned_to_me: bool | None = strawberry.UNSET
    region: list[str] | None = strawberry.UNSET
    overdue: bool | None = strawberry.UNSET
    due_until: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Due before this instant. What is due at any time is left out."
    )


@strawberry.type
class InboxQueries:
    @strawberry.field(
        description=(
            "What waits for the viewer, by authority and roles, the earliest due first: of the actions that are "
            "available to them, those that somebody is awaited to take. As of an instant (asOf): what waited then."
        )
    )
    async def inbox(
        self,
        info: Info,
        filter: InboxFilter | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> InboxConnection:
        wanted = list_filter(Wanted, filter, action=_actions, region=region_paths)
        loaders = info.context.loaders(given(at_least)).as_of(past_instant(as_of))
        of, size = cursors.of_list(OF, loaders.past), page_size(first)
        place = cursors.place_after(of, after)
        whose = await recipient(loaders)
        rows = await loaders.rows(lambda scope: inbox.page(scope, whose, wanted, size + 1, place))
        edges = [InboxEdge(of=of, place=at, node=InboxItem.of(row, loaders)) for at, row in rows[:size]]
        return InboxConnection(
            count=lambda: loaders.number(lambda scope: inbox.count(scope, whose, wanted)),
            edges=edges,
            page_info=page_info([*edges], more=len(rows) > size, after=after),
        )


async def recipient(loaders: Loaders) -> Recipient:
    """The viewer, with the regions over which their authority holds a mandate then, and others do within these."""
    actor = loaders.actor
    held = await loaders.mandates.load(actor.authority)
    holds = tuple(each.region for each in held if each.is_valid(loaders.now))
    within = await loaders.rows(lambda scope: authorities.jurisdictions_within(scope, holds)) if holds else []
    others = authorities.held_by_others(actor.authority, within, loaders.now)
    return Recipient(actor=actor, holds=holds, others=others)


def _actions(path: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Raises BadUserInput for an action that nobody is ever awaited to take."""
    found = several(path, values)
    for index, action in enumerate(found or ()):
        if action not in ACTIONS:
            raise BadUserInput(f"{path}.{index}", f"The inbox has no action '{action}': it has {', '.join(ACTIONS)}.")
    return found
