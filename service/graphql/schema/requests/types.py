"""The type of deployment requests."""

from collections.abc import Mapping
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
from service.graphql.schema.pagination import Node
from service.graphql.schema.requests import actions
from service.graphql.schema.requests.actions import RequestAction
from service.graphql.schema.requests.decisions import Decision, Endorsement, Hold, Period
from service.graphql.schema.requests.diff import differences
from service.graphql.schema.requests.explanation import Explanation, explain
from service.graphql.schema.scalars import required_text

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import FieldChange, RecordedEventConnection
    from service.graphql.schema.incidents.types import Incident


@strawberry.type(
    description="A request to deploy a force into a region, from its submission to the decision and after."
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
    version: int = strawberry.field(description="Number of events; compared with expectedVersion.")
    revision: int = strawberry.field(
        description="Revision of the terms, from 1; each amendment raises it. Endorsements refer to a revision."
    )
    requesting_authority: Authority
    deciding_authority: Authority = strawberry.field(description="The authority whose mandate covers the region.")
    force: str
    strength: int = strawberry.field(description="Number of persons.")
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
        """is_past: the state may be older than the newest. consulted: states of other streams, already loaded."""
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
            purpose=required_text(request.purpose),
            period=Period.of(request.period),
            marking=request.marking,
            recipients=list(request.recipients),
            hold=Hold.of(request.hold, loaders) if request.hold else None,
            decision=Decision.of(request.decision, loaders) if request.decision else None,
            submitted_at=request.submitted_at,
            updated_at=request.updated_at,
        )

    @strawberry.field(description="The incidents that the request names and the viewer may see.")
    async def incidents(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Incident", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        return part(await incidents.visible_incidents(self.state.incidents, self.loaders), first, offset)

    @strawberry.field(description="In order of recording.")
    def endorsements(self, first: First = MANY, offset: Offset = 0) -> list[Endorsement]:
        found = part(self.state.endorsements, first, offset)
        return [Endorsement.of(endorsement, self.state, self.loaders) for endorsement in found]

    @strawberry.field(description="The actions that the viewer may take now.")
    async def available_actions(self) -> list[RequestAction]:
        present = self.loaders.present
        now = await present.requests.load(self.state.id) if self.is_past else self.state
        return await actions.available(now or self.state, present, self.consulted)

    @strawberry.field(
        description=(
            "Why the request has its status, and what would change it: now, or at the selected instant or "
            "version, by the rules, findings and mandates of that time."
        )
    )
    async def explanation(self) -> Explanation:
        return await explain(self.state, self.loaders)

    @strawberry.field(
        description=(
            "The changes between two versions, at the deepest path that differs. toVersion defaults to the "
            "selected version."
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
