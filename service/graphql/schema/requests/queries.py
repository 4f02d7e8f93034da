"""Queries of requests."""

from datetime import datetime

import strawberry

from domain.deployment_request.state import DeploymentRequest as State
from domain.deployment_request.state import RequestStatus
from projections.views import deployment_requests, incidents, request_lists
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from service.graphql.loaders.loaders import Loaders
from service.graphql.loaders.parked_subjects import refuse
from service.graphql.schema.arguments import codes, given, ids, list_filter, past_instant, region_paths, several, words
from service.graphql.schema.context import Info, loaders_then
from service.graphql.schema.node_lookup import REQUEST, find_named
from service.graphql.schema.pagination import Connection, connection
from service.graphql.schema.requests.types import DeploymentRequest
from service.graphql.schema.scalars import AsHappened, AsOf, Position


@strawberry.input(
    description=(
        "Fields are combined with AND, the values of one field with OR. region includes all regions below it. "
        "text: every word occurs in reference, force or purpose."
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
        description="Whether a hold is past its review date, or a condition of a valid approval past its due date.",
    )
    questioned: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether an approval is questioned, or was when it ended: a finding behind it no longer holds.",
    )
    submitted_from: datetime | None = strawberry.UNSET
    submitted_until: datetime | None = strawberry.UNSET
    text: str | None = strawberry.UNSET


@strawberry.type
class RequestQueries:
    @strawberry.field(
        description=(
            "One request, by its id or its reference: as it is now, as of an instant (asOf), or at a version, "
            "read as of the instant at which that version was recorded. With both: that version, if it was "
            "recorded by then. Objects reached from it are as of the same instant, except availableActions. After "
            "a mutation, pass its position as atLeast to read your own write."
        )
    )
    async def deployment_request(
        self,
        info: Info,
        id: strawberry.ID | None = strawberry.UNSET,
        reference: str | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        as_happened: AsHappened = strawberry.UNSET,
        version: int | None = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> DeploymentRequest | None:
        loaders = loaders_then(info.context.loaders(given(at_least)), as_of, as_happened, version)
        newest = await find_named(REQUEST, loaders.shown_requests, deployment_requests.SUBJECTS, id, reference, loaders)
        wanted = given(version)
        if newest is None or wanted is None:
            return DeploymentRequest.of(newest, loaders) if newest else None
        return await _at_version(newest, wanted, loaders)

    @strawberry.field(description="The requests that the viewer may see, most recently submitted first by default.")
    async def deployment_requests(
        self,
        info: Info,
        filter: DeploymentRequestFilter | None = strawberry.UNSET,
        order_by: RequestOrder | None = strawberry.UNSET,
        first: int | None = strawberry.UNSET,
        after: str | None = strawberry.UNSET,
        as_of: AsOf = strawberry.UNSET,
        at_least: Position | None = strawberry.UNSET,
    ) -> Connection[DeploymentRequest]:
        wanted = list_filter(
            RequestListFilter,
            filter,
            status=several,
            requesting_authority=codes,
            deciding_authority=codes,
            region=region_paths,
            incident=ids,
            text=words,
        )
        order = given(order_by) or RequestOrder.SUBMITTED_AT_DESC
        loaders = info.context.loaders(given(at_least)).as_of(past_instant(as_of))
        if wanted.incident is not None:
            refuse(await loaders.parked(incidents.NAME).among([wanted.incident]))
        return await connection(
            f"requests/{order}",
            lambda scope, limit, place: request_lists.page(
                scope, wanted, order, limit, place, names=loaders.names_of(REQUEST)
            ),
            lambda: _count(wanted, loaders),
            DeploymentRequest.of,
            loaders,
            first,
            after,
        )


async def _count(wanted: RequestListFilter, loaders: Loaders) -> int:
    """The number of items in the list; counts rows while streams are parked, so that it matches the list."""
    row_by_row = bool(await loaders.parked(deployment_requests.NAME).positions())
    return await loaders.number(lambda scope: request_lists.count(scope, wanted, row_by_row=row_by_row))


async def _at_version(newest: State, version: int, loaders: Loaders) -> DeploymentRequest | None:
    """The request at a version, with everything reached from it as of then. None if it has no such version yet."""
    found = await loaders.versions.load((newest.id, version)) if version <= newest.version else None
    if found is None:
        return None
    position, state = found
    return DeploymentRequest.of(state, loaders.as_of(state.updated_at, position))
