"""Inputs of the commands on incidents. Fields match those of the domain's commands."""

from datetime import datetime

import strawberry

from domain.vocabulary import (
    AnalyticConfidence,
    InformationCredibility,
    Likelihood,
    Marking,
    SourceReliability,
)
from service.graphql.schema.input_fields import ChangeInput, CommandInput


@strawberry.input
class LocationInput:
    latitude: float
    longitude: float
    description: str | None = strawberry.UNSET


@strawberry.input
class ReportIncidentInput(CommandInput):
    kind: str
    description: str
    region: str = strawberry.field(description="A path from the largest area down: 'xk/north/zubin-potok'.")
    location: LocationInput | None = strawberry.UNSET
    occurred_at: datetime
    marking: Marking = Marking.AMBER
    recipients: list[str] | None = strawberry.UNSET


@strawberry.input(description="marking defaults to the incident's; it can only be stricter.")
class RecordEvidenceInput(ChangeInput):
    incident: strawberry.ID
    summary: str
    marking: Marking | None = strawberry.UNSET
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    sha256: str | None = strawberry.field(
        default=strawberry.UNSET, description="SHA-256 of the evidence file: 64 lower-case hexadecimal digits."
    )
    uri: str | None = strawberry.UNSET


@strawberry.input(description="responsibleParty omitted: the finding is that it cannot be determined (INCONCLUSIVE).")
class AttributeIncidentInput(ChangeInput):
    incident: strawberry.ID
    responsible_party: str | None = strawberry.UNSET
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: str
    evidence: list[strawberry.ID] | None = strawberry.UNSET


@strawberry.input
class RetractAttributionInput(ChangeInput):
    incident: strawberry.ID
    reason: str


@strawberry.input
class ReferIncidentInput(ChangeInput):
    incident: strawberry.ID
    authority: str = strawberry.field(description="The code of the authority that is to act on it.")
    reason: str
