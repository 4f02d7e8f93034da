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
from service.graphql.schema.actor import Actor
from service.graphql.schema.arguments import given, words
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.disclosure import disclosed_subject
from service.graphql.schema.incidents import types as incidents
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Node
from service.graphql.schema.requests import actions
from service.graphql.schema.requests.actions import RequestAction
from service.graphql.schema.requests.decisions import Decision, Endorsement, Extension, Hearing, Hold, Period
from service.graphql.schema.requests.diff import differences
from service.graphql.schema.requests.explanation import Explanation, explain
from service.graphql.schema.scalars import required_text
from service.graphql.schema.shown import reading, shown

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import FieldChange
    from service.graphql.schema.incidents.types import Incident


@strawberry.type(
    description="A request to deploy a force into a region, from its submission to the decision and after."
)
class DeploymentRequest(Node):
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.DeploymentRequest]
    is_past: strawberry.Private[bool]
    consulted: strawberry.Private[Mapping[UUID, object]]
    disclosure = disclosed_subject("submitted_by")
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)), reads="id")
    reference: str = shown(
        "state.reference",
        "Assigned on submission: '<requesting authority>-<year>-<number>', e.g. 'pristina-2024-0001'.",
    )
    status: RequestStatus = shown("state.status")
    version: int = shown("state.version", "Number of events; compared with expectedVersion.")
    revision: int = shown(
        "state.revision",
        "Revision of the terms, from 1; each amendment raises it. Endorsements refer to a revision.",
    )
    requesting_authority: Authority = shown(
        lambda of: Authority.named(of.state.requesting_authority, of.loaders), reads="requesting_authority"
    )
    deciding_authority: Authority = shown(
        lambda of: Authority.named(of.state.deciding_authority, of.loaders),
        "The authority whose mandate covers the region.",
        reads="deciding_authority",
    )
    force: str = shown("state.force")
    strength: int = shown("state.strength", "Number of persons.")
    region: str = shown("state.region")
    purpose: str = shown(lambda of: required_text(of.state.purpose), reads="purpose")
    period: Period = shown(lambda of: Period(state=of.state.period), reads="period")
    marking: Marking = shown("state.marking")
    recipients: list[str] = shown("state.recipients")
    endorsements_required: int = shown(
        "state.endorsements_required", "Endorsements of the current revision that an approval needs."
    )
    endorsements_counted: int = shown(
        "state.endorsements_counted", "Endorsements of the current revision, whatever they recommend."
    )
    assigned_to: Actor | None = shown(
        lambda of: of.state.assigned_to and Actor.of(of.state.assigned_to, of.loaders),
        "Who is to review it, without roles: they may be unknown. It locks nothing. Internal if the deliberations are.",
        reads="assigned_to",
    )
    hold: Hold | None = shown(lambda of: of.state.hold and Hold(state=of.state.hold, loaders=of.loaders), reads="hold")
    decision: Decision | None = shown(
        lambda of: of.state.decision and Decision(state=of.state.decision, loaders=of.loaders), reads="decision"
    )
    hearing: Hearing | None = shown(
        lambda of: of.state.hearing and Hearing(state=of.state.hearing, loaders=of.loaders),
        "Before a denial or a revocation, if the mandate requires it; null once the terms are amended or approved.",
        reads="hearing",
    )
    extension: Extension | None = shown(
        lambda of: of.state.extension and Extension(state=of.state.extension, request=of.state, loaders=of.loaders),
        "The extension of its approval that is asked for; null once it is granted or refused, or the approval ends.",
    )
    submitted_by: Actor = shown(lambda of: Actor.of(of.state.submitted_by, of.loaders), reads="submitted_by")
    submitted_at: datetime = shown("state.submitted_at")
    updated_at: datetime = shown("state.updated_at")
    answer_by: datetime | None = shown(
        "state.answer_by", "When it is to be decided, by the mandate at its submission; null: no time limit."
    )

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
        past = is_past or loaders.past is not None
        return cls(loaders=loaders, state=request, is_past=past, consulted=consulted)

    @strawberry.field(
        description="The incidents that the request names and the viewer may see.", metadata=reading("incidents")
    )
    async def incidents(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["Incident", strawberry.lazy("service.graphql.schema.incidents.types")]]:
        return part(await incidents.visible_incidents(self.state.incidents, self.loaders), first, offset)

    @strawberry.field(
        description=(
            "In order of recording. If the mandate keeps deliberations internal, empty for all but the deciding "
            "authority and auditors who see everything: see endorsementsCounted."
        )
    )
    def endorsements(self, first: First = MANY, offset: Offset = 0) -> list[Endorsement]:
        found = part(self.state.endorsements, first, offset)
        return [Endorsement(state=each, request=self.state, loaders=self.loaders) for each in found]

    @strawberry.field(
        description=(
            "The actions that the viewer may take now. onBehalfOf: as the deputy of this principal, named as in a "
            "command."
        )
    )
    async def available_actions(self, on_behalf_of: str | None = strawberry.UNSET) -> list[RequestAction]:
        present = self.loaders.present
        now = await present.requests.load(self.state.id) if self.is_past else self.state
        principal = words("onBehalfOf", on_behalf_of)
        return await actions.available(now or self.state, present, self.consulted, principal)

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

    history = presentation.history_field()
