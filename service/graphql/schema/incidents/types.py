"""Types of incidents, evidence and findings."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self, cast

import strawberry

from domain.deployment_request.events import Ground
from domain.incident import state as domain
from domain.incident.events import Alternative as AlternativeFinding
from domain.incident.state import AttributionStatus, CorrectionState
from domain.vocabulary import (
    AnalyticConfidence,
    EvidenceId,
    IncidentId,
    InformationCredibility,
    Likelihood,
    Marking,
    SourceReliability,
)
from domain.vocabulary import Location as DomainLocation
from projections.rows.incident_terms import proposed_changes
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.disclosure import Disclosed, disclosed_subject, disclosure
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Node
from service.graphql.schema.scalars import optional_text, required_text
from service.graphql.schema.shown import reading, shown

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import FieldChange
    from service.graphql.schema.requests.types import DeploymentRequest


@strawberry.type(description="WGS 84, in degrees.")
class Location:
    state: strawberry.Private[DomainLocation]
    latitude: float = shown("state.latitude")
    longitude: float = shown("state.longitude")
    description: str | None = shown(lambda of: optional_text(of.state.description))


@strawberry.type(
    description="A piece of evidence. Source reliability and information credibility are graded independently."
)
class Evidence:
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Evidence]
    in_force: strawberry.Private[Marking]
    disclosure = Disclosed(lambda of: disclosure(of.state.id, of.in_force, of.state.recorded_by), "id", "recorded_by")
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)), reads="id")
    summary: str = shown(lambda of: required_text(of.state.summary))
    marking: Marking = shown("state.marking")
    source_reliability: SourceReliability = shown("state.source_reliability")
    information_credibility: InformationCredibility = shown("state.information_credibility")
    sha256: str | None = shown(
        "state.sha256", "SHA-256 of the evidence file, in lower-case hex; the file itself is stored elsewhere."
    )
    uri: str | None = shown(lambda of: optional_text(of.state.uri))
    recorded_at: datetime = shown("state.recorded_at")
    recorded_by: Actor = shown(lambda of: Actor.of(of.state.recorded_by, of.loaders))
    withdrawn: bool = shown("state.withdrawn", "It stays on record, and no new finding can rest on it.")
    withdrawn_reason: str | None = shown(lambda of: optional_text(of.state.withdrawn_reason))


@strawberry.type(description="Another explanation that was weighed, or a dissent: it releases nothing.")
class Alternative:
    state: strawberry.Private[AlternativeFinding]
    visible: strawberry.Private[list[Evidence]]
    responsible_party: str | None = shown(lambda of: optional_text(of.state.responsible_party))
    likelihood: Likelihood = shown("state.likelihood")
    confidence: AnalyticConfidence = shown("state.confidence")
    basis: str = shown(lambda of: required_text(of.state.basis))

    @strawberry.field(description="Its evidence that the viewer may see.")
    def evidence(self, first: First = MANY, offset: Offset = 0) -> list[Evidence]:
        return part(among(self.visible, self.state.evidence), first, offset)


@strawberry.type(description="What another investigator finds, beside the finding that stood then.")
class Dissent:
    incident: strawberry.Private["Incident"]
    state: strawberry.Private[domain.Dissent]
    visible: strawberry.Private[list[Evidence]]
    by: Actor = shown(lambda of: Actor.of(of.state.by, of.incident.loaders))
    at: datetime = shown("state.at")
    finding: Alternative = shown(lambda of: Alternative(state=of.state.finding, visible=of.visible))


@strawberry.type(description="A correction that somebody proposed who may not correct the incident themselves.")
class Correction:
    incident: strawberry.Private["Incident"]
    correction: strawberry.Private[domain.Correction]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.correction.id)))
    state: CorrectionState = shown("correction.state")
    reason: str = shown(lambda of: required_text(of.correction.reason))
    proposed_by: Actor = shown(lambda of: Actor.of(of.correction.proposed_by, of.incident.loaders))
    proposed_at: datetime = shown("correction.proposed_at")
    settled_by: Actor | None = shown(
        lambda of: of.correction.settled_by and Actor.of(of.correction.settled_by, of.incident.loaders)
    )
    settled_at: datetime | None = shown("correction.settled_at")
    settled_reason: str | None = shown(lambda of: optional_text(of.correction.settled_reason))

    @strawberry.field(description="What it would change, from what was recorded when it was proposed.")
    def changes(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["FieldChange", strawberry.lazy("service.graphql.schema.audit_trail.types")]]:
        return presentation.changes(part(proposed_changes(self.correction), first, offset))


@strawberry.type(description="A referral of an incident to an authority, and its answer.")
class Referral:
    incident: strawberry.Private["Incident"]
    state: strawberry.Private[domain.Referral]
    authority: Authority = shown(lambda of: Authority.named(of.state.authority, of.incident.loaders))
    reason: str = shown(lambda of: required_text(of.state.reason))
    referred_by: Actor = shown(lambda of: Actor.of(of.state.referred_by, of.incident.loaders))
    referred_at: datetime = shown("state.referred_at")
    to_be_asked: bool = shown(
        "state.to_be_asked",
        "Whether it was not attributed yet, and the authority is asked first. Otherwise, it is to act on the finding.",
    )
    answer: str | None = shown(lambda of: optional_text(of.state.answer))
    answered_by: Actor | None = shown(
        lambda of: of.state.answered_by and Actor.of(of.state.answered_by, of.incident.loaders)
    )
    answered_at: datetime | None = shown("state.answered_at")


def among(visible: list[Evidence], wanted: tuple[EvidenceId, ...]) -> list[Evidence]:
    return [piece for piece in visible if piece.state.id in wanted]


@strawberry.type(
    description=(
        "A finding. Without a responsible party: it cannot be determined who is responsible. Likelihood and "
        "confidence are independent: how likely it is, and how sound the basis of that assessment is."
    )
)
class Attribution:
    incident: Annotated["Incident", strawberry.lazy("service.graphql.schema.incidents.types")] | None = (
        strawberry.field(description="The incident that the finding is about.")
    )
    state: strawberry.Private[domain.Attribution]
    visible: strawberry.Private[list[Evidence]]
    responsible_party: str | None = shown(lambda of: optional_text(of.state.responsible_party))
    likelihood: Likelihood = shown("state.likelihood")
    confidence: AnalyticConfidence = shown("state.confidence")
    basis: str = shown(lambda of: required_text(of.state.basis))
    found_at: datetime = shown("state.found_at")
    found_by: Actor = shown(lambda of: Actor.of(of.state.found_by, of.incident.loaders))
    changed_because: str | None = shown(
        lambda of: optional_text(of.state.changed_because), "What changed since the finding that it replaced, and why."
    )
    to_be_reaffirmed: bool = shown(
        "state.to_be_reaffirmed",
        "Whether evidence on which it rests is withdrawn. It then suffices for no hold, and approvals that rest on it "
        "are questioned, until an investigator makes a new finding.",
    )

    @classmethod
    async def of(cls, finding: domain.Attribution, incident: "Incident") -> Self:
        """A current or earlier finding on an incident."""
        return cls(incident=incident, state=finding, visible=await incident.visible_evidence())

    @strawberry.field(description="The evidence of the finding that the viewer may see.")
    def evidence(self, first: First = MANY, offset: Offset = 0) -> list[Evidence]:
        return part(among(self.visible, self.state.evidence), first, offset)

    @strawberry.field(description="Other explanations that were weighed. They release nothing.")
    def alternatives(self, first: First = MANY, offset: Offset = 0) -> list[Alternative]:
        return [Alternative(state=each, visible=self.visible) for each in part(self.state.alternatives, first, offset)]


@strawberry.type(
    description=(
        "An event for which responsibility may matter. Its reference is '<reporting "
        "authority>-i-<year>-<number>', numbered separately from requests."
    )
)
class Incident(Node):
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Incident]
    is_past: strawberry.Private[bool]
    disclosure = disclosed_subject("reported_by")
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)), reads="id")
    reference: str = shown("state.reference")
    version: int = shown("state.version", "Number of events; compared with expectedVersion.")
    kind: str = shown("state.kind")
    description: str = shown(lambda of: required_text(of.state.description), reads="description")
    region: str = shown("state.region")
    location: Location | None = shown(
        lambda of: of.state.location and Location(state=of.state.location), reads="location"
    )
    occurred_at: datetime = shown("state.occurred_at")
    reported_at: datetime = shown("state.reported_at")
    reported_by: Actor = shown(lambda of: Actor.of(of.state.reported_by, of.loaders), reads="reported_by")
    marking: Marking = shown("state.marking")
    recipients: list[str] = shown("state.recipients")
    attribution_status: AttributionStatus = shown("state.status")

    @classmethod
    def of(cls, incident: domain.Incident, loaders: Loaders, *, is_past: bool = False) -> Self:
        """is_past: the state may be older than the newest."""
        return cls(loaders=loaders, state=incident, is_past=is_past or loaders.past is not None)

    async def visible_evidence(self) -> list[Evidence]:
        """The evidence that the viewer may see: this depends on the current marking and referrals."""
        if not self.state.evidence:
            return []
        viewer = await self.loaders.viewer()
        now = await self.loaders.present.incidents.load(self.state.id) if self.is_past else self.state
        if now is None:
            return []
        return [
            Evidence(state=piece, loaders=self.loaders, in_force=now.marking_of(piece))
            for piece in self.state.evidence
            if viewer.sees(now.audience_of(piece))
        ]

    @strawberry.field(description="The current finding; null while the status is OPEN.")
    async def attribution(self) -> Attribution | None:
        finding = self.state.attribution
        return await Attribution.of(finding, self) if finding else None

    @strawberry.field(description="The evidence that the viewer may see, in order of recording.")
    async def evidence(self, first: First = MANY, offset: Offset = 0) -> list[Evidence]:
        return part(await self.visible_evidence(), first, offset)

    @strawberry.field(description="What other investigators find, in order of recording. It releases nothing.")
    async def dissents(self, first: First = MANY, offset: Offset = 0) -> list[Dissent]:
        dissents = part(self.state.dissents, first, offset)
        visible = await self.visible_evidence() if dissents else []
        return [Dissent(incident=self, state=each, visible=visible) for each in dissents]

    @strawberry.field(description="What others proposed to correct, in order of proposal.")
    def corrections(self, first: First = MANY, offset: Offset = 0) -> list[Correction]:
        return [Correction(incident=self, correction=each) for each in part(self.state.corrections, first, offset)]

    @strawberry.field(
        description="Authorities that it was referred to: to act on it, or before its attribution to be asked."
    )
    def referred_to(self, first: First = MANY, offset: Offset = 0) -> list[Authority]:
        return [Authority.named(code, self.loaders) for code in part(self.state.referred_to, first, offset)]

    @strawberry.field(description="What it was referred to these authorities for, and their answers.")
    def referrals(self, first: First = MANY, offset: Offset = 0) -> list[Referral]:
        return [Referral(incident=self, state=each) for each in part(self.state.referrals, first, offset)]

    @strawberry.field(
        description="The requests that name it and that the viewer may see, in order of submission.",
        metadata=reading("id"),
    )
    async def deployment_requests(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["DeploymentRequest", strawberry.lazy("service.graphql.schema.requests.types")]]:
        found = await self.loaders.requests_on.load(self.state.id)
        return [
            cast("DeploymentRequest", self.loaders.as_node("DeploymentRequest", request, self.loaders))
            for request in part(found, first, offset)
        ]

    history = presentation.history_field()


async def visible_incidents(ids: Iterable[IncidentId], loaders: Loaders) -> list[Incident]:
    """The incidents among the ids that the viewer may see, in order."""
    found = await loaders.shown_incidents.load_many(ids)
    return [Incident.of(incident, loaders) for incident in found if incident is not None]


async def findings(grounds: Iterable[Ground], position: int, loaders: Loaders) -> list[Attribution]:
    """The findings behind a decision at a position, on incidents that the viewer may see."""
    ground_versions = {ground.incident: ground.version for ground in grounds}
    visible = await visible_incidents(ground_versions, loaders)
    if any(incident.state.version < ground_versions[incident.state.id] for incident in visible):
        visible = await visible_incidents(ground_versions, loaders.at_least(position))
    current = (
        Attribution.of(found.finding, incident)
        for incident in visible
        for found in incident.state.findings
        if found.finding and found.version == ground_versions[incident.state.id]
    )
    return list(await asyncio.gather(*current))
