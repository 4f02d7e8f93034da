"""Deployment requests."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self
from uuid import UUID

import strawberry

from domain.deployment_request import state as domain
from domain.deployment_request.state import RequestStatus
from domain.vocabulary import Marking
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.arguments import given
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.incidents import types as incidents
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Node, PageInfo
from service.graphql.schema.requests import actions
from service.graphql.schema.requests.actions import RequestAction
from service.graphql.schema.requests.decisions import Decision, Endorsement, Hold, Period
from service.graphql.schema.requests.diff import differences
from service.graphql.schema.requests.explanation import Explanation, explain
from service.graphql.schema.scalars import said

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import FieldChange, RecordedEventConnection
    from service.graphql.schema.incidents.types import Incident


@strawberry.type(
    description="A request to let a force deploy into a region, from its submission to the decision and on."
)
class DeploymentRequest(Node):
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.DeploymentRequest]
    is_past: strawberry.Private[bool]
    consulted: strawberry.Private[Mapping[UUID, object]]
    reference: str = strawberry.field(
        description="Assigned on submission: '<requesting authority>-<year>-<number>', e.g. 'pristina-2024-0001'."
    )
    status: RequestStatus
    version: int = strawberry.field(description="How many events it has: what expectedVersion is compared with.")
    revision: int = strawberry.field(
        description="How often its terms were amended, from 1: what an endorsement is bound to."
    )
    requesting_authority: Authority
    deciding_authority: Authority = strawberry.field(description="The authority whose mandate covers the region.")
    force: str
    strength: int = strawberry.field(description="Persons.")
    region: str
    purpose: str
    period: Period
    marking: Marking
    recipients: list[str]
    hold: Hold | None
    decision: Decision | None
    submitted_at: datetime
    updated_at: datetime

    @classmethod
    def of(
        cls,
        request: domain.DeploymentRequest,
        loaders: Loaders,
        *,
        is_past: bool = False,
        consulted: Mapping[UUID, object] = actions.NOTHING,
    ) -> Self:
        """is_past: the state may be an earlier one than the newest. consulted: states of other streams at hand."""
        return cls(
            id=strawberry.ID(str(request.id)),
            loaders=loaders,
            state=request,
            is_past=is_past or loaders.past is not None,
            consulted=consulted,
            reference=request.reference,
            status=request.status,
            version=request.version,
            revision=request.revision,
            requesting_authority=Authority.named(request.requesting_authority, loaders),
            deciding_authority=Authority.named(request.deciding_authority, loaders),
            force=request.force,
            strength=request.strength,
            region=request.region,
            purpose=said(request.purpose),
            period=Period.of(request.period),
            marking=request.marking,
            recipients=list(request.recipients),
            hold=Hold.of(request.hold, loaders) if request.hold else None,
            decision=Decision.of(request.decision, loaders) if request.decision else None,
            submitted_at=request.submitted_at,
            updated_at=request.updated_at,
        )

    @strawberry.field(description="The incidents that it rests on, as far as the viewer may see them.")
    async def incidents(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Incident", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        return part(await incidents.visible_incidents(self.state.incidents, self.loaders), first, offset)

    @strawberry.field(description="The first recorded first.")
    def endorsements(self, first: First = MANY, offset: Offset = 0) -> list[Endorsement]:
        found = part(self.state.endorsements, first, offset)
        return [Endorsement.of(endorsement, self.state, self.loaders) for endorsement in found]

    @strawberry.field(description="What the viewer may do to it now.")
    async def available_actions(self) -> list[RequestAction]:
        present = self.loaders.present
        now = await present.requests.load(self.state.id) if self.is_past else self.state
        return await actions.available(now or self.state, present, self.consulted)

    @strawberry.field(
        description=(
            "Why it is where it is, and what would let it move: for now, or for the instant or version asked for, by "
            "the rules, findings and mandates as they were then."
        )
    )
    async def explanation(self) -> Explanation:
        return await explain(self.state, self.loaders)

    @strawberry.field(
        description=(
            "What changed between two versions of it, told at the deepest field that differs. toVersion: the version "
            "that it has here, where it is left out."
        )
    )
    async def changes(
        self,
        from_version: int,
        to_version: int | None = strawberry.UNSET,
        first: First = MANY,
        offset: Offset = 0,
    ) -> list[Annotated["FieldChange", strawberry.lazy("service.graphql.schema.audit_trail.types")]]:
        return part(await differences(self.state, from_version, given(to_version), self.loaders), first, offset)

    @strawberry.field(description="The full history, oldest first; of a past state, up to then.")
    async def history(
        self, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
    ) -> Annotated["RecordedEventConnection", strawberry.lazy("service.graphql.schema.audit_trail.types")]:
        return await presentation.history(self, self.state.id, first, after, self.loaders)


@strawberry.type
class DeploymentRequestEdge:
    cursor: str
    node: DeploymentRequest


@strawberry.type(description="A page of requests.")
class DeploymentRequestConnection:
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    edges: list[DeploymentRequestEdge]
    page_info: PageInfo

    @strawberry.field(
        description=(
            "How many the whole list has. It may be read a few events before or after the page: "
            "as of an instant (asOf) the two agree."
        )
    )
    async def total_count(self) -> int:
        return await self.count()
