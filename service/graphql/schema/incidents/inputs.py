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


@strawberry.input(description="What is left out stays as it is.")
class CorrectIncidentInput(ChangeInput):
    incident: strawberry.ID
    kind: str | None = strawberry.UNSET
    description: str | None = strawberry.UNSET
    region: str | None = strawberry.UNSET
    location: LocationInput | None = strawberry.UNSET
    occurred_at: datetime | None = strawberry.UNSET
    reason: str


@strawberry.input
class SettleCorrectionInput(ChangeInput):
    incident: strawberry.ID
    correction: strawberry.ID
    accept: bool
    reason: str


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


@strawberry.input
class RegradeEvidenceInput(ChangeInput):
    incident: strawberry.ID
    evidence: strawberry.ID
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    reason: str


@strawberry.input
class WithdrawEvidenceInput(ChangeInput):
    incident: strawberry.ID
    evidence: strawberry.ID
    reason: str


@strawberry.input(description="responsibleParty omitted: that it cannot be determined.")
class AlternativeInput:
    responsible_party: str | None = strawberry.UNSET
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: str
    evidence: list[strawberry.ID] | None = strawberry.UNSET


@strawberry.input(description="responsibleParty omitted: the finding is that it cannot be determined (INCONCLUSIVE).")
class AttributeIncidentInput(ChangeInput):
    incident: strawberry.ID
    responsible_party: str | None = strawberry.UNSET
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: str
    evidence: list[strawberry.ID] | None = strawberry.UNSET
    alternatives: list[AlternativeInput] | None = strawberry.field(
        default=strawberry.UNSET, description="Other explanations that were weighed. They release nothing."
    )
    changed_because: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What changed since the finding that this one replaces, and why. Required while a finding stands.",
    )


@strawberry.input
class DissentInput(ChangeInput):
    incident: strawberry.ID
    finding: AlternativeInput
    reason: str


@strawberry.input
class RetractAttributionInput(ChangeInput):
    incident: strawberry.ID
    reason: str


@strawberry.input
class AnswerReferralInput(ChangeInput):
    incident: strawberry.ID
    answer: str = strawberry.field(description="What the authority knows or does. Everybody who sees it reads this.")


@strawberry.input
class ReferIncidentInput(ChangeInput):
    incident: strawberry.ID
    authority: str = strawberry.field(description="The code of the authority that is to act on it.")
    reason: str
    deployment_request: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="The id of a request whose hold awaits a finding on it. Required before it is attributed.",
    )
