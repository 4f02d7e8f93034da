"""The events of a deployment request. Names and fields are the storage format: add, never change."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain.deployment_request.hearing_events import OfHearing
from domain.deployment_request.succession_events import OfSuccession
from domain.vocabulary import (
    AnalyticConfidence,
    AuthorityCode,
    ConditionId,
    Days,
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
    """endorsements_required, deliberations_internal, answer_within_days, hearing: by the mandate that decides then."""

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
    deliberations_internal: bool = True
    answer_within_days: Days | None = None
    hearing: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAmended:
    """None keeps a field unchanged. endorsements_required, hearing: by the mandate over a new region."""

    force: Label | None = None
    strength: Strength | None = None
    purpose: Text | None = None
    period: Period | None = None
    incidents: tuple[IncidentId, ...] | None = None
    reason: Text
    region: Region | None = None
    endorsements_required: Quorum | None = None
    hearing: bool | None = None


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
class EndorsementChanged:
    """In place of the actor's endorsement of this revision, which stays on record and counts no longer."""

    recommendation: Recommendation
    reason: Text
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewerRecused:
    """The actor takes no further part, and the request is assigned to them no longer."""

    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAssigned:
    """subject: who is to review it, named as a recipient is; None ends an assignment."""

    subject: Subject | None = None
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
    """urgency: why the requesting side was not heard before, if it had to be."""

    reason: Text
    grounds: tuple[Ground, ...] = ()
    urgency: Text | None = None


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
    urgency: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalExpired:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentReported:
    condition: ConditionId
    report: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentAccepted:
    condition: ConditionId
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class FulfilmentSentBack:
    condition: ConditionId
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionAsked:
    """until: when the approval is to end instead."""

    until: datetime
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionEndorsed:
    """revision: of the terms, which no longer change after the decision."""

    recommendation: Recommendation
    reason: Text
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionGranted:
    until: datetime
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRefused:
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRemarked:
    """internal: only the deciding authority and auditors may read the text."""

    reason: Text
    internal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMarkingProposed:
    """By the requesting side: a less strict marking, or more recipients."""

    marking: Marking
    recipients: tuple[Subject, ...] = ()
    reason: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestMarkingChanged:
    marking: Marking
    recipients: tuple[Subject, ...] = ()
    reason: Text


OfApproval = (
    ApprovalQuestioned
    | ApprovalConfirmed
    | ApprovalRevoked
    | ApprovalExpired
    | FulfilmentReported
    | FulfilmentAccepted
    | FulfilmentSentBack
    | ExtensionAsked
    | ExtensionEndorsed
    | ExtensionGranted
    | ExtensionRefused
)
"""On an approval, after the decision."""
Event = (
    RequestSubmitted
    | RequestAmended
    | RequestWithdrawn
    | ReviewBegun
    | RequestWithheld
    | ReviewResumed
    | RequestEndorsed
    | EndorsementChanged
    | ReviewerRecused
    | RequestAssigned
    | RequestApproved
    | RequestDenied
    | OfApproval
    | OfHearing
    | OfSuccession
    | RequestRemarked
    | RequestMarkingProposed
    | RequestMarkingChanged
)
