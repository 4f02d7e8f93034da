"""Types of incidents, evidence and findings."""

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Self, cast

import strawberry

from domain.deployment_request.events import Ground
from domain.incident import state as domain
from domain.incident.state import AttributionStatus
from domain.vocabulary import (
    AnalyticConfidence,
    IncidentId,
    InformationCredibility,
    Likelihood,
    Marking,
    SourceReliability,
)
from domain.vocabulary import Location as DomainLocation
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.actor import Actor
from service.graphql.schema.audit_trail import presentation
from service.graphql.schema.authorities.types import Authority
from service.graphql.schema.offset_pagination import MANY, First, Offset, part
from service.graphql.schema.pagination import Node
from service.graphql.schema.scalars import optional_text, required_text
from service.graphql.schema.shown import shown

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import RecordedEventConnection
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
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)))
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
    seen: strawberry.Private[list[Evidence]]
    responsible_party: str | None = shown(lambda of: optional_text(of.state.responsible_party))
    likelihood: Likelihood = shown("state.likelihood")
    confidence: AnalyticConfidence = shown("state.confidence")
    basis: str = shown(lambda of: required_text(of.state.basis))
    found_at: datetime = shown("state.found_at")
    found_by: Actor = shown(lambda of: Actor.of(of.state.found_by, of.incident.loaders))

    @classmethod
    async def of(cls, finding: domain.Attribution, incident: "Incident") -> Self:
        """A current or earlier finding on an incident."""
        seen = [piece for piece in await incident.visible_evidence() if piece.state.id in finding.evidence]
        return cls(incident=incident, state=finding, seen=seen)

    @strawberry.field(description="The evidence of the finding that the viewer may see.")
    def evidence(self, first: First = MANY, offset: Offset = 0) -> list[Evidence]:
        return part(self.seen, first, offset)


@strawberry.type(
    description=(
        "An event for which responsibility may matter. Its reference is '<reporting "
        "authority>-i-<year>-<number>', numbered separately from requests."
    )
)
class Incident(Node):
    loaders: strawberry.Private[Loaders]
    state: strawberry.Private[domain.Incident]
    id: strawberry.ID = shown(lambda of: strawberry.ID(str(of.state.id)))
    reference: str = shown("state.reference")
    version: int = shown("state.version", "Number of events; compared with expectedVersion.")
    kind: str = shown("state.kind")
    description: str = shown(lambda of: required_text(of.state.description))
    region: str = shown("state.region")
    location: Location | None = shown(lambda of: of.state.location and Location(state=of.state.location))
    occurred_at: datetime = shown("state.occurred_at")
    reported_at: datetime = shown("state.reported_at")
    reported_by: Actor = shown(lambda of: Actor.of(of.state.reported_by, of.loaders))
    marking: Marking = shown("state.marking")
    recipients: list[str] = shown("state.recipients")
    attribution_status: AttributionStatus = shown("state.status", whole=True)

    @classmethod
    def of(cls, incident: domain.Incident, loaders: Loaders) -> Self:
        return cls(loaders=loaders, state=incident)

    async def visible_evidence(self) -> list[Evidence]:
        """The evidence that the viewer may see: this depends on the current referrals."""
        if not self.state.evidence:
            return []
        viewer, now = await self.loaders.viewer(), self.state
        if self.loaders.past is not None:
            now = await self.loaders.present.incidents.load(self.state.id) or now
        return [
            Evidence(state=piece, loaders=self.loaders)
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

    @strawberry.field(description="Authorities that it was referred to for action, after its attribution.")
    def referred_to(self, first: First = MANY, offset: Offset = 0) -> list[Authority]:
        return [Authority.named(code, self.loaders) for code in part(self.state.referred_to, first, offset)]

    @strawberry.field(description="The requests that name it and that the viewer may see, in order of submission.")
    async def deployment_requests(
        self, first: First = MANY, offset: Offset = 0
    ) -> list[Annotated["DeploymentRequest", strawberry.lazy("service.graphql.schema.requests.types")]]:
        found = await self.loaders.requests_on.load(self.state.id)
        return [
            cast("DeploymentRequest", self.loaders.as_node(request, self.loaders))
            for request in part(found, first, offset)
        ]

    @strawberry.field(description="The history, oldest first; of a past state, up to then.")
    async def history(
        self, first: int | None = strawberry.UNSET, after: str | None = strawberry.UNSET
    ) -> Annotated["RecordedEventConnection", strawberry.lazy("service.graphql.schema.audit_trail.types")]:
        return await presentation.history(self, self.state.id, first, after, self.loaders)


async def visible_incidents(ids: Iterable[IncidentId], loaders: Loaders) -> list[Incident]:
    """The incidents among the ids that the viewer may see, in order."""
    found = await loaders.incidents.load_many(ids)
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
