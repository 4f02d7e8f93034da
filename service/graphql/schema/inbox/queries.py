"""Queries of the inbox."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

import strawberry

from domain.deployment_request.inbox import ACTIONS as OF_REQUESTS
from domain.incident.inbox import ACTIONS as OF_INCIDENTS
from domain.vocabulary import Person
from projections.views import authorities, inbox
from projections.views.inbox import InboxFilter as Wanted
from projections.views.inbox_recipient import Recipient, principals
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import cursors
from service.graphql.schema.arguments import (
    given,
    list_filter,
    page_size,
    past_instant,
    principal_at,
    region_paths,
    several,
)
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
    for_principal: str | None = strawberry.field(
        default=strawberry.UNSET,
        description=(
            "What you may do on behalf of this principal alone; with your own subject, what waits for you alone. A "
            "subject of your issuer, or 'person:ISSUER|SUBJECT'."
        ),
    )
    due_until: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="Due before this instant. What is due at any time is left out."
    )


@strawberry.type
class InboxQueries:
    @strawberry.field(
        description=(
            "What waits for the viewer, by authority and roles, the earliest due first: of the actions that are "
            "available to them, those that somebody is awaited to take. For a deputy also those that they may take "
            "on behalf of a principal: an item for each. As of an instant (asOf): what waited then."
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
        chosen = given(filter)
        shown = chosen and replace(chosen, for_principal=strawberry.UNSET)
        wanted = list_filter(Wanted, shown, action=_actions, region=region_paths)
        loaders = info.context.loaders(given(at_least)).as_of(past_instant(as_of))
        of, size = cursors.of_list(OF, loaders.past), page_size(first)
        place = cursors.inbox_place_after(of, after)
        whose = await recipient(loaders)
        if chosen and (named := given(chosen.for_principal)) is not None:
            whose = _only_for(whose, principal_at(whose.actor.issuer)("filter.forPrincipal", named))
        rows = await loaders.rows(lambda scope: inbox.page(scope, whose, wanted, size + 1, place))
        edges = [InboxEdge(of=of, place=at, node=InboxItem.of(row, whose, loaders)) for at, row in rows[:size]]
        return InboxConnection(
            count=lambda: loaders.number(lambda scope: inbox.count(scope, whose, wanted)),
            edges=edges,
            page_info=page_info([*edges], more=len(rows) > size, after=after),
        )


async def recipient(loaders: Loaders) -> Recipient:
    """The viewer, with the regions over which their authority holds a mandate then, and others do within these, and
    for whom they act."""
    actor = loaders.actor
    held, deputies = await asyncio.gather(
        loaders.mandates.load(actor.authority), loaders.deputies.load(actor.authority)
    )
    holds = tuple(each.region for each in held if each.is_valid(loaders.now))
    within = await loaders.rows(lambda scope: authorities.jurisdictions_within(scope, holds)) if holds else []
    others = authorities.held_by_others(actor.authority, within, loaders.now)
    lent = principals(actor, deputies, loaders.now, loaders.is_blocked)
    return Recipient(actor=actor, holds=holds, others=others, principals=lent)


def _only_for(whose: Recipient, person: Person) -> Recipient:
    """What waits for one person."""
    chosen = tuple(each for each in whose.principals if each[0] == person)
    return replace(whose, principals=chosen, themselves=person == whose.actor.person)


def _actions(path: str, values: Iterable[str] | None) -> tuple[str, ...] | None:
    """Raises BadUserInput for an action that nobody is ever awaited to take."""
    found = several(path, values)
    for index, action in enumerate(found or ()):
        if action not in ACTIONS:
            raise BadUserInput(f"{path}.{index}", f"The inbox has no action '{action}': it has {', '.join(ACTIONS)}.")
    return found
