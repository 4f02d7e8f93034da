"""What is asked about requests."""

from datetime import datetime

import strawberry

from domain.deployment_request.state import DeploymentRequest as State
from domain.deployment_request.state import RequestStatus
from projections import request_lists
from projections.request_lists import RequestListFilter, RequestOrder
from service.graphql.execution.graphql_errors import BadUserInput
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, identifier, page_size, region_paths, several, words
from service.graphql.schema.context import Info
from service.graphql.schema.pagination import page_info
from service.graphql.schema.requests.types import DeploymentRequest, DeploymentRequestConnection, DeploymentRequestEdge
from service.graphql.schema.scalars import AsOf, Position


@strawberry.input(
    description=(
        "Fields are combined with AND, the values of one with OR. region: it and all below it. text: every word of it "
        "occurs in reference, force or purpose."
    )
)
class DeploymentRequestFilter:
    status: list[RequestStatus] | None = strawberry.UNSET
    requesting_authority: list[str] | None = strawberry.UNSET
    deciding_authority: list[str] | None = strawberry.UNSET
    region: list[str] | None = strawberry.UNSET
    incident: strawberry.ID | None = strawberry.UNSET
    overdue: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether a hold is past its review, or a condition of a standing approval past its date.",
    )
    questioned: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether an approval is in doubt, or was when it ended: a finding fell on which it rested.",
    )
    submitted_from: datetime | None = strawberry.UNSET
    submitted_until: datetime | None = strawberry.UNSET
    text: str | None = strawberry.UNSET

    def wanted(self) -> RequestListFilter:
        incident, text = given(self.incident), words("filter.text", given(self.text))
        return RequestListFilter(
            status=several("filter.status", given(self.status)),
            requesting_authority=several("filter.requestingAuthority", given(self.requesting_authority)),
            deciding_authority=several("filter.decidingAuthority", given(self.deciding_authority)),
            region=region_paths("filter.region", given(self.region)),
            incident=None if incident is None else identifier(incident),
            overdue=given(self.overdue),
            questioned=given(self.questioned),
            submitted_from=given(self.submitted_from),
            submitted_until=given(self.submitted_until),
            words=None if text is None else text.split(),
        )


@strawberry.type
class RequestQueries:
    @strawberry.field(
        description=(
            "One request, by its id or its reference: as it is, as it was at an instant (asOf), or at a version, which "
            "is the instant at which that was recorded; both: that version, if it was recorded by then. What is "
            "reached from it is as of then too, but for availableActions. After a mutation, pass its position as "
            "atLeast to read your own write."
        )
    )
    async def deployment_request(
        self,
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        reference: str | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        version: int | None = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> DeploymentRequest | None:
        loaders = info.context.loaders(given(at_least)).as_of(given(as_of))
        newest = await _newest(given(id), words("reference", given(reference)), loaders)
        wanted = given(version)
        if newest is None or wanted is None:
            return DeploymentRequest.of(newest, loaders) if newest else None
        return await _at_version(newest, wanted, loaders)

    @strawberry.field(description="The requests that the viewer may see, the last submitted first.")
    async def deployment_requests(
        self,
        info: Info,
        filter: DeploymentRequestFilter | None = strawberry.UNSET,
        order_by: RequestOrder | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> DeploymentRequestConnection:
        chosen = given(filter)
        wanted = chosen.wanted() if chosen else RequestListFilter()
        envelope, size = given(order_by) or RequestOrder.SUBMITTED_AT_DESC, page_size(first)
        loaders = info.context.loaders(given(at_least)).as_of(given(as_of))
        of = cursors.of_list(f"requests/{envelope}", loaders.past)
        place = cursors.place_after(of, after)
        if wanted.incident is not None:
            await loaders.incident_subjects.require_rows(wanted.incident)
        rows = await loaders.rows(lambda scope: request_lists.page(scope, wanted, envelope, size + 1, place))
        edges = [
            DeploymentRequestEdge(cursor=cursors.of_place(of, at), node=DeploymentRequest.of(state, loaders))
            for at, state in rows[:size]
        ]
        return DeploymentRequestConnection(
            count=lambda: _counted(wanted, loaders),
            edges=edges,
            page_info=page_info([edge.cursor for edge in edges], more=len(rows) > size, after=given(after)),
        )


async def _counted(wanted: RequestListFilter, loaders: Loaders) -> int:
    """The view's rows while some are set aside: as many as the list has."""
    row_by_row = bool(await loaders.request_subjects.parked())
    return await loaders.number(lambda scope: request_lists.count(scope, wanted, row_by_row=row_by_row))


async def _newest(id: str | None, reference: str | None, loaders: Loaders) -> State | None:
    """The request that both name, where both are given: the newest state that the sources know."""
    if id is None and reference is None:
        raise BadUserInput("id", "Say which request is meant, by its id or by its reference.")
    if id is not None:
        found = await loaders.requests.load(identifier(id))
    else:
        found = await loaders.request_subjects.by_reference(reference or "")
    return found if found is None or reference in (None, found.reference) else None


async def _at_version(newest: State, version: int, loaders: Loaders) -> DeploymentRequest | None:
    """As it stood at a version, and all that is reached from it as of then. None where it had not come so far."""
    found = await loaders.versions.load((newest.id, version)) if version <= newest.version else None
    if found is None:
        return None
    position, state = found
    return DeploymentRequest.of(state, loaders.as_of(state.updated_at, position))
