"""The events of a deployment request. Names and fields are the storage format: add, never change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.vocabulary import (
    AnalyticConfidence,
    AuthorityCode,
    ConditionId,
    IncidentId,
    Label,
    Likelihood,
    Marking,
    Period,
    Quorum,
    Region,
    Strength,
    Subject,
    Text,
)


class Recommendation(StrEnum):
    APPROVE = "APPROVE"
    DENY = "DENY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A finding at the time of a decision. version: of the incident, after the event of the finding."""

    incident: IncidentId
    version: int
    responsible_party: Text | None = None
    likelihood: Likelihood
    confidence: AnalyticConfidence


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionSet:
    """A condition of an approval, as set."""

    id: ConditionId
    text: Text
    due_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestSubmitted:
    """endorsements_required: by the mandate of the deciding authority at that time."""

    reference: str
    requesting_authority: AuthorityCode
    deciding_authority: AuthorityCode
    endorsements_required: Quorum
    force: Label
    strength: Strength
    region: Region
    purpose: Text
    period: Period
    incidents: tuple[IncidentId, ...] = ()
    marking: Marking
    recipients: tuple[Subject, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAmended:
    """None keeps a field unchanged."""

    force: Label | None = None
    strength: Strength | None = None
    purpose: Text | None = None
    period: Period | None = None
    incidents: tuple[IncidentId, ...] | None = None
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWithdrawn:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewBegun:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestWithheld:
    """The hold is met when every awaited incident has a finding with at least this likelihood and confidence."""

    reason: Text
    awaiting: tuple[IncidentId, ...]
    minimum_likelihood: Likelihood
    minimum_confidence: AnalyticConfidence
    review_by: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewResumed:
    """grounds: the findings that met the hold, if the register released it."""

    reason: Text
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEndorsed:
    recommendation: Recommendation
    reason: Text
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerRecused:
    """The actor takes no further part."""

    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestApproved:
    """strength, period: as granted. grounds: the current findings on the incidents of the request."""

    reason: Text
    strength: Strength
    period: Period
    conditions: tuple[ConditionSet, ...] = ()
    valid_until: datetime | None = None
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDenied:
    reason: Text
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalQuestioned:
    """incidents: those whose findings no longer support the approval."""

    reason: Text
    incidents: tuple[IncidentId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalConfirmed:
    """grounds: the findings at the time of confirmation, on which the approval rests from then on."""

    reason: Text
    grounds: tuple[Ground, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRevoked:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentReported:
    condition: ConditionId
    report: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRemarked:
    """internal: only the deciding authority and auditors may read the text."""

    reason: Text
    internal: bool = False


Event = (
    RequestSubmitted
    | RequestAmended
    | RequestWithdrawn
    | ReviewBegun
    | RequestWithheld
    | ReviewResumed
    | RequestEndorsed
    | ReviewerRecused
    | RequestApproved
    | RequestDenied
    | ApprovalQuestioned
    | ApprovalConfirmed
    | ApprovalRevoked
    | ApprovalExpired
    | FulfilmentReported
    | RequestRemarked
)
