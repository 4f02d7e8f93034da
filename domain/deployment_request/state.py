"""The state of a deployment request. `evolution` computes it from events."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain import visibility
from domain.deployment_request.events import Ground, Recommendation
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    ConditionId,
    IncidentId,
    Label,
    Marking,
    Period,
    Quorum,
    Region,
    RequestId,
    Strength,
    Subject,
    Text,
    Threshold,
)

Person = tuple[str, Subject]
"""Issuer and subject."""


class RequestStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    UNDER_REVIEW = "UNDER_REVIEW"
    WITHHELD_PENDING_ATTRIBUTION = "WITHHELD_PENDING_ATTRIBUTION"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


class Standing(StrEnum):
    """Whether the grounds of an approval still hold."""

    STANDS = "STANDS"
    QUESTIONED = "QUESTIONED"


class DecisionOutcome(StrEnum):
    APPROVED = "APPROVED"
    DENIED = "DENIED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Why a request is withheld, and what releases it. position: of its event."""

    reason: Text
    awaiting: tuple[IncidentId, ...]
    threshold: Threshold
    review_by: datetime | None
    held_since: datetime
    held_by: Actor
    position: int

    def is_overdue(self, now: datetime) -> bool:
        return self.review_by is not None and self.review_by <= now


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A hold that the register released. position: of the releasing event."""

    hold: Hold
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Endorsement:
    by: Actor
    recommendation: Recommendation
    reason: Text
    revision: int
    endorsed_at: datetime
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An act that bars a person from deciding: submission, amendment or recusal. position: of its event."""

    person: Person
    position: int


@dataclass(frozen=True, kw_only=True)
class Condition:
    """A condition of an approval, with the report of its fulfilment if there is one."""

    id: ConditionId
    text: Text
    due_by: datetime | None
    fulfilment_report: Text | None = None
    fulfilled_at: datetime | None = None

    @property
    def is_fulfilled(self) -> bool:
        return self.fulfilled_at is not None

    def is_overdue(self, now: datetime) -> bool:
        return not self.is_fulfilled and self.due_by is not None and self.due_by <= now


@dataclass(frozen=True, kw_only=True)
class Decision:
    """grounds: the findings when it was decided. rests_on: the findings at its last confirmation."""

    outcome: DecisionOutcome
    reason: Text
    decided_at: datetime
    decided_by: Actor
    position: int
    grounds: tuple[Ground, ...]
    rests_on: tuple[Ground, ...]
    conditions: tuple[Condition, ...] = ()
    valid_until: datetime | None = None
    granted_strength: Strength | None = None
    granted_period: Period | None = None
    standing: Standing = Standing.STANDS
    questioned_by: int | None = None
    """The position of the event that questioned it."""

    @property
    def is_questioned(self) -> bool:
        return self.standing is Standing.QUESTIONED

    @property
    def expires_at(self) -> datetime | None:
        """The earlier of the end of its validity and the end of the granted period."""
        ends = [self.valid_until, self.granted_period.end if self.granted_period else None]
        return min((end for end in ends if end is not None), default=None)


@dataclass(frozen=True, kw_only=True)
class DeploymentRequest:
    """authors: who submitted or amended it. threshold: of its last hold. because: positions of the status changes.

    holds, remarks, text_bytes: totals so far, limited by `domain.limits`.
    """

    id: RequestId
    version: int
    reference: str
    status: RequestStatus
    revision: int
    requesting_authority: AuthorityCode
    deciding_authority: AuthorityCode
    endorsements_required: Quorum
    force: Label
    strength: Strength
    region: Region
    purpose: Text
    period: Period
    marking: Marking
    recipients: tuple[Subject, ...]
    incidents: tuple[IncidentId, ...]
    submitted_by: Actor
    submitted_at: datetime
    updated_at: datetime
    authors: tuple[Part, ...]
    because: tuple[int, ...]
    revised_at: int
    recusals: tuple[Part, ...] = ()
    hold: Hold | None = None
    threshold: Threshold = field(default_factory=Threshold)
    release: Release | None = None
    endorsements: tuple[Endorsement, ...] = ()
    decision: Decision | None = None
    holds: int = 0
    remarks: int = 0
    text_bytes: int = 0

    @property
    def audience(self) -> frozenset[str]:
        """Who may see it."""
        return visibility.audience(
            self.marking,
            author=self.submitted_by,
            recipients=((self.submitted_by.issuer, subject) for subject in self.recipients),
            involved=(self.requesting_authority,),
            deciding=(self.deciding_authority,),
        )

    @property
    def internal_readers(self) -> tuple[str, ...]:
        """Who may read internal remarks."""
        return visibility.authority(self.deciding_authority), visibility.AUDITORS

    @property
    def led_here(self) -> tuple[int, ...]:
        """The positions of the events that led to its status, and of the one that questioned its approval."""
        questioned_by = self.decision.questioned_by if self.decision else None
        return self.because if questioned_by is None else (*self.because, questioned_by)

    @property
    def concerns(self) -> frozenset[IncidentId]:
        """Every incident that it may depend on: named, awaited or a ground."""
        holds = (self.hold, self.release.hold if self.release else None)
        grounds = self.decision.rests_on if self.decision else ()
        return frozenset(
            (
                *self.incidents,
                *(incident for hold in holds if hold is not None for incident in hold.awaiting),
                *(ground.incident for ground in grounds),
            )
        )

    def is_recused(self, person: Person) -> bool:
        return any(recusal.person == person for recusal in self.recusals)

    def counts(self, endorsement: Endorsement) -> bool:
        return endorsement.revision == self.revision and not self.is_recused(endorsement.by.person)

    def is_overdue(self, now: datetime) -> bool:
        """Whether a hold is past its review date, or a condition past its due date."""
        if self.hold is not None:
            return self.hold.is_overdue(now)
        return (
            self.status is RequestStatus.APPROVED
            and self.decision is not None
            and any(condition.is_overdue(now) for condition in self.decision.conditions)
        )

    @property
    def expires_at(self) -> datetime | None:
        """When its approval expires; None if it has no approval."""
        return self.decision.expires_at if self.decision and self.status is RequestStatus.APPROVED else None

    def next_due(self) -> datetime | None:
        """When it will next be overdue if nothing happens before; None if never."""
        if self.hold is not None:
            return self.hold.review_by
        if self.status is not RequestStatus.APPROVED or self.decision is None:
            return None
        return min((c.due_by for c in self.decision.conditions if c.due_by and not c.is_fulfilled), default=None)
