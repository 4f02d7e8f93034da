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

if TYPE_CHECKING:
    from service.graphql.schema.audit_trail.types import RecordedEventConnection
    from service.graphql.schema.requests.types import DeploymentRequest


@strawberry.type(description="WGS 84, in degrees.")
class Location:
    latitude: float
    longitude: float
    description: str | None

    @classmethod
    def of(cls, location: DomainLocation) -> Self:
        return cls(
            latitude=location.latitude,
            longitude=location.longitude,
            description=optional_text(location.description),
        )


@strawberry.type(
    description="A piece of evidence. Source reliability and information credibility are graded independently."
)
class Evidence:
    id: strawberry.ID
    summary: str
    marking: Marking
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    sha256: str | None = strawberry.field(
        description="SHA-256 of the evidence file, in lower-case hex; the file itself is stored elsewhere."
    )
    uri: str | None
    recorded_at: datetime
    recorded_by: Actor

    @classmethod
    def of(cls, evidence: domain.Evidence, loaders: Loaders) -> Self:
        return cls(
            id=strawberry.ID(str(evidence.id)),
            summary=required_text(evidence.summary),
            marking=evidence.marking,
            source_reliability=evidence.source_reliability,
            information_credibility=evidence.information_credibility,
            sha256=evidence.sha256,
            uri=optional_text(evidence.uri),
            recorded_at=evidence.recorded_at,
            recorded_by=Actor.of(evidence.recorded_by, loaders),
        )


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
    responsible_party: str | None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: str
    seen: strawberry.Private[list[Evidence]]
    found_at: datetime
    found_by: Actor

    @classmethod
    async def of(cls, finding: domain.Attribution, incident: "Incident") -> Self:
        """A current or earlier finding on an incident."""
        seen = await incident.visible_evidence()
        return cls(
            incident=incident,
            responsible_party=optional_text(finding.responsible_party),
            likelihood=finding.likelihood,
            confidence=finding.confidence,
            basis=required_text(finding.basis),
            seen=[piece for piece in seen if piece.id in map(str, finding.evidence)],
            found_at=finding.found_at,
            found_by=Actor.of(finding.found_by, incident.loaders),
        )

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
    reference: str
    version: int = strawberry.field(description="Number of events; compared with expectedVersion.")
    kind: str
    description: str
    region: str
    location: Location | None
    occurred_at: datetime
    reported_at: datetime
    reported_by: Actor
    marking: Marking
    recipients: list[str]
    attribution_status: AttributionStatus

    @classmethod
    def of(cls, incident: domain.Incident, loaders: Loaders) -> Self:
        return cls(
            id=strawberry.ID(str(incident.id)),
            loaders=loaders,
            state=incident,
            reference=incident.reference,
            version=incident.version,
            kind=incident.kind,
            description=required_text(incident.description),
            region=incident.region,
            location=Location.of(incident.location) if incident.location else None,
            occurred_at=incident.occurred_at,
            reported_at=incident.reported_at,
            reported_by=Actor.of(incident.reported_by, loaders),
            marking=incident.marking,
            recipients=list(incident.recipients),
            attribution_status=incident.status,
        )

    async def visible_evidence(self) -> list[Evidence]:
        """The evidence that the viewer may see: this depends on the current referrals."""
        if not self.state.evidence:
            return []
        viewer, now = await self.loaders.viewer(), self.state
        if self.loaders.past is not None:
            now = await self.loaders.present.incidents.load(self.state.id) or now
        return [
            Evidence.of(piece, self.loaders) for piece in self.state.evidence if viewer.sees(now.audience_of(piece))
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
    if any(incident.version < ground_versions[incident.state.id] for incident in visible):
        visible = await visible_incidents(ground_versions, loaders.at_least(position))
    current = (
        Attribution.of(found.finding, incident)
        for incident in visible
        for found in incident.state.findings
        if found.finding and found.version == ground_versions[incident.state.id]
    )
    return list(await asyncio.gather(*current))
