"""The events of an incident. Names and fields are the storage format: add, never change."""

from dataclasses import dataclass
from datetime import datetime

from domain.vocabulary import (
    AnalyticConfidence,
    AuthorityCode,
    CorrectionId,
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
class Particulars:
    """What can be corrected of an incident. None: not named, or not recorded."""

    kind: Label | None = None
    description: Text | None = None
    region: Region | None = None
    location: Location | None = None
    occurred_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentCorrected:
    """None: as it was. covered_by: the authorities whose mandates cover the new place and the old one. correction: the
    proposal that is accepted, if it was proposed."""

    kind: Label | None = None
    description: Text | None = None
    region: Region | None = None
    location: Location | None = None
    occurred_at: datetime | None = None
    covered_by: tuple[AuthorityCode, ...] = ()
    reason: Text
    correction: CorrectionId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionProposed:
    """values: what it should say. before: what it said then. Both have the same fields."""

    correction: CorrectionId
    values: Particulars
    before: Particulars
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionDiscarded:
    correction: CorrectionId
    reason: Text


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
class EvidenceRegraded:
    evidence: EvidenceId
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceWithdrawn:
    evidence: EvidenceId
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingQuestioned:
    """By the register: the current finding is to be reaffirmed, since evidence on which it rests is withdrawn."""

    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another explanation that was weighed, or a dissent. responsible_party: None if it cannot be determined."""

    responsible_party: Text | None = None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: Text
    evidence: tuple[EvidenceId, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentAttributed:
    """responsible_party: None if the finding is inconclusive. changed_because: what changed since the finding that it
    replaces, and why (ICD 203, standard 7). alternatives: that were weighed (standard 4)."""

    responsible_party: Text | None = None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: Text
    evidence: tuple[EvidenceId, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    changed_because: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingDissented:
    """By another investigator than the one whose finding stands. It releases nothing."""

    finding: Alternative
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributionRetracted:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentReferred:
    authority: AuthorityCode
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAnswered:
    """By the authority to which it is referred: what it found, or what it does."""

    answer: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMarkingProposed:
    """By the reporting side: a less strict marking, or more recipients."""

    marking: Marking
    recipients: tuple[Subject, ...] = ()
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentMarkingChanged:
    marking: Marking
    recipients: tuple[Subject, ...] = ()
    reason: Text


OfEvidence = EvidenceRecorded | EvidenceRegraded | EvidenceWithdrawn
"""Events about a piece of evidence: for those who may see it."""
Event = (
    IncidentReported
    | IncidentCorrected
    | CorrectionProposed
    | CorrectionDiscarded
    | EvidenceRecorded
    | EvidenceRegraded
    | EvidenceWithdrawn
    | FindingQuestioned
    | IncidentAttributed
    | FindingDissented
    | AttributionRetracted
    | IncidentReferred
    | ReferralAnswered
    | IncidentMarkingProposed
    | IncidentMarkingChanged
)
