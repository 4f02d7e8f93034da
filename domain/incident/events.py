"""The events of an incident. Names and fields are the storage format: add, never change."""

from dataclasses import dataclass
from datetime import datetime

from domain.vocabulary import (
    AnalyticConfidence,
    AuthorityCode,
    EvidenceId,
    InformationCredibility,
    Label,
    Likelihood,
    Location,
    Marking,
    Region,
    Sha256,
    SourceReliability,
    Subject,
    Text,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReported:
    """covered_by: the authorities whose mandates covered its place when it was reported, the nearest first."""

    reference: str
    kind: Label
    description: Text
    region: Region
    location: Location | None = None
    occurred_at: datetime
    marking: Marking
    recipients: tuple[Subject, ...] = ()
    covered_by: tuple[AuthorityCode, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRecorded:
    """sha256: of the evidence file, which is stored elsewhere, at uri."""

    evidence: EvidenceId
    summary: Text
    marking: Marking
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    sha256: Sha256 | None = None
    uri: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAttributed:
    """responsible_party: None if the finding is inconclusive."""

    responsible_party: Text | None = None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: Text
    evidence: tuple[EvidenceId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionRetracted:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReferred:
    authority: AuthorityCode
    reason: Text


Event = IncidentReported | EvidenceRecorded | IncidentAttributed | AttributionRetracted | IncidentReferred
