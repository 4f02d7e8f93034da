"""Items of the inbox."""

from datetime import datetime
from typing import Self

import strawberry

from domain.vocabulary import Actor as DomainActor
from domain.vocabulary import Person
from projections.views.inbox import InboxRow
from projections.views.inbox_recipient import Recipient
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.disclosure import Disclosed, disclosure
from service.graphql.schema.node_lookup import REQUEST, find_shown
from service.graphql.schema.pagination import Connection, Edge, Node
from service.graphql.schema.scalars import Position
from service.graphql.schema.shown import shown


@strawberry.type(description="An action that waits for the viewer, and for others who may take it.")
class InboxItem:
    loaders: strawberry.Private[Loaders]
    row: strawberry.Private[InboxRow]
    principal: strawberry.Private[Person | None]
    disclosure = Disclosed(
        lambda of: disclosure(of.row.subject, None if of.loaders.past is not None else of.row.marking, None)
    )
    id: strawberry.ID = shown(
        lambda of: strawberry.ID(str(of.row.id)),
        "Of this action on this subject, for you or for this principal, also when it waits again later.",
    )
    action: str = shown(
        "row.action",
        "An action of the subject, available to the viewer. ATTRIBUTE: a hold awaits it.",
    )
    why: str = shown("row.why", "A sentence.")
    since: datetime = shown(
        "row.since", "A decision waits since the last endorsement that counts, a hold since its review date."
    )
    due: datetime | None = shown(
        "row.due",
        "Until it is decided, a request is due when the period that it asks for begins. A hold is due on its review "
        "date, a questioned approval when it ends, conditions on the first due date of those not yet reported.",
    )
    overdue: bool = shown(lambda of: of.row.is_overdue(of.loaders.now))

    for_principal: Actor | None = shown(
        lambda of: of.acting_for(),
        "On whose behalf you may take the action, as their deputy: name them in onBehalfOf. Null: for yourself.",
    )

    @classmethod
    def of(cls, row: InboxRow, whose: Recipient, loaders: Loaders) -> Self:
        return cls(loaders=loaders, row=row, principal=whose.principal(row.principal))

    def acting_for(self) -> Actor | None:
        if self.principal is None:
            return None
        issuer, subject = self.principal
        code = self.loaders.actor.authority
        return Actor.of(DomainActor(issuer=issuer, subject=subject, authority=code, roles=()), self.loaders)

    @strawberry.field(description="Who is to review the request; it waits for others too. Null for an incident.")
    async def assigned_to(self) -> Actor | None:
        if self.row.kind != REQUEST:
            return None
        request = await self.loaders.requests.load(self.row.subject)
        return Actor.of(request.assigned_to, self.loaders) if request and request.assigned_to else None

    @strawberry.field(description="The request or the incident, as of the same instant.")
    async def subject(self) -> Node:
        return await find_shown(self.row.kind, self.row.subject, self.loaders)


@strawberry.type
class InboxEdge(Edge[InboxItem]):
    pass


@strawberry.type(
    description="A page of the inbox. totalCount counts what waits for the viewer, exactly the items of all pages."
)
class InboxConnection(Connection[InboxItem]):
    edges: list[InboxEdge]  # type: ignore[assignment]


@strawberry.type(
    description=(
        "What changed in the viewer's inbox, among its first 1,000 items. came: what is new, changed or has fallen due "
        "(at most 100 items, the earliest due first). went: ids of items that wait no longer."
    )
)
class InboxChange:
    total_count: int
    came: list[InboxItem]
    went: list[strawberry.ID]
    position: Position
