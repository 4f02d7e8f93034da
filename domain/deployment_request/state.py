"""The state of a deployment request. `evolution` computes it from events."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from domain import visibility
from domain.deployment_request.decision import Decision
from domain.deployment_request.events import Recommendation
from domain.markings import MarkingProposal
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    IncidentId,
    Label,
    Marking,
    Period,
    Person,
    Quorum,
    Region,
    RequestId,
    Strength,
    Subject,
    Text,
    Threshold,
)


class RequestStatus(StrEnum):
    SUBMITTED = "SUBMITTED"
    UNDER_REVIEW = "UNDER_REVIEW"
    WITHHELD_PENDING_ATTRIBUTION = "WITHHELD_PENDING_ATTRIBUTION"
    APPROVED = "APPROVED"
    DENIED = "DENIED"
    WITHDRAWN = "WITHDRAWN"
    REVOKED = "REVOKED"
    EXPIRED = "EXPIRED"


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
    """replaced_by: the position of the event by which its author changed it. before: the other persons of the
    endorsement that it replaces."""

    by: Actor
    recommendation: Recommendation
    reason: Text
    revision: int
    endorsed_at: datetime
    position: int
    replaced_by: int | None = None
    before: tuple[Person, ...] = ()

    @property
    def persons(self) -> tuple[Person, ...]:
        """Whose it is: of everybody with a part in it, it is the only one that counts."""
        return (*self.by.persons, *self.before) if self.before else self.by.persons

    def is_of(self, actor: Actor) -> bool:
        """Whether the actor, or the person for whom they act, has a part in it."""
        return not set(self.persons).isdisjoint(actor.persons)


@dataclass(frozen=True, kw_only=True)
class Extension:
    """That an approval is to end later, until it is granted or refused. position: of the event that asked for it.

    endorsements_counted: how many endorsements of it count, whatever they recommend.
    """

    until: datetime
    reason: Text
    asked_at: datetime
    asked_by: Actor
    position: int
    endorsements: tuple[Endorsement, ...] = ()
    endorsements_counted: int = 0


@dataclass(frozen=True, kw_only=True)
class Hearing:
    """The notice to the requesting side before a denial or a revocation, and its statement. position: of the notice.

    urgency: why it was not heard before the decision, which is then the notice unless one was given.
    """

    grounds: Text
    notice_at: datetime
    notice_by: Actor
    until: datetime
    position: int
    statement: Text | None = None
    statement_at: datetime | None = None
    urgency: Text | None = None

    @property
    def over_at(self) -> datetime:
        """When the statement was made, or its time passes."""
        return self.statement_at or self.until


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An act that bars a person from deciding: submission, amendment, asking for an extension, or recusal.

    position: of its event.
    """

    person: Person
    position: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliberations:
    """Whose the deliberations on a request are: who decides on it, and did. internal: whether others see them only in
    part."""

    deciding: tuple[AuthorityCode, ...]
    internal: bool

    @property
    def readers(self) -> frozenset[str]:
        """Who may read all of them, and internal remarks in any case."""
        return frozenset({visibility.AUDITORS, *map(visibility.authority, self.deciding)})


@dataclass(frozen=True, kw_only=True)
class DeploymentRequest:
    """authors: who submitted or amended it, or asked to extend its approval. threshold: of its last hold.
    because: positions of the status changes. status_since: when the last of them happened. assigned_to: who is to
    review it; this locks nothing.

    endorsements_counted: how many endorsements count, whatever they recommend. deliberations_internal: see
    `visibility`. answer_by: when it is to be decided. hearing_required: before a denial or a revocation, by the mandate
    when the region was named. former_regions: each that it was amended from. hearing: on the current revision, or on
    the approval. proposal: to lower the marking; an amendment ends it. former_deciders: the authorities that it was
    taken over from. successor: the authority that is to take it over. successor_at: the position of the event that
    recorded this, at successor_since.
    proposals, holds, remarks, assignments, sent_back, extensions, notices, text_bytes: totals so far, limited by
    `domain.limits`.
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
    status_since: datetime | None = None
    former_regions: tuple[Region, ...] = ()
    former_deciders: tuple[AuthorityCode, ...] = ()
    successor: AuthorityCode | None = None
    successor_at: int | None = None
    successor_since: datetime | None = None
    recusals: tuple[Part, ...] = ()
    assigned_to: Actor | None = None
    hold: Hold | None = None
    threshold: Threshold = field(default_factory=Threshold)
    release: Release | None = None
    endorsements: tuple[Endorsement, ...] = ()
    endorsements_counted: int = 0
    deliberations_internal: bool = True
    answer_by: datetime | None = None
    hearing_required: bool = False
    hearing: Hearing | None = None
    decision: Decision | None = None
    extension: Extension | None = None
    proposal: MarkingProposal | None = None
    proposals: int = 0
    holds: int = 0
    remarks: int = 0
    assignments: int = 0
    sent_back: int = 0
    extensions: int = 0
    notices: int = 0
    text_bytes: int = 0

    @property
    def audience(self) -> frozenset[str]:
        """Who may see it."""
        return visibility.audience(
            self.marking,
            author=self.submitted_by,
            recipients=(visibility.recipient(each, self.submitted_by.issuer) for each in self.recipients),
            involved=(self.requesting_authority,),
            deciding=(*self.deciders, *((self.successor,) if self.successor else ())),
        )

    @property
    def deciders(self) -> tuple[AuthorityCode, ...]:
        """The authority that decides, and those that did before it."""
        return (self.deciding_authority, *self.former_deciders)

    @property
    def deliberations(self) -> "Deliberations":
        return Deliberations(deciding=self.deciders, internal=self.deliberations_internal)

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

    def held_for(self, incident: IncidentId) -> int | None:
        """The position of the hold that awaits a finding on the incident, if one does."""
        return self.hold.position if self.hold and incident in self.hold.awaiting else None

    def is_interested(self, *persons: Person) -> bool:
        """Whether one of these persons is."""
        return any(author.person in persons for author in self.authors)

    def is_recused(self, *persons: Person) -> bool:
        """Whether one of these persons is."""
        return any(recusal.person in persons for recusal in self.recusals)

    def counts(self, endorsement: Endorsement) -> bool:
        return (
            endorsement.revision == self.revision
            and endorsement.replaced_by is None
            and not self.is_recused(*endorsement.persons)
        )

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
