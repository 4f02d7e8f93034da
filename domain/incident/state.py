"""The state of an incident. `evolution` computes it from events."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from domain import visibility
from domain.incident.events import (
    Alternative,
    EvidenceRecorded,
    Particulars,
)
from domain.markings import MarkingProposal, strictest
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    AuthorityCode,
    CorrectionId,
    EvidenceId,
    IncidentId,
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
    Threshold,
    regions_of,
)


class AttributionStatus(StrEnum):
    OPEN = "OPEN"
    ATTRIBUTED = "ATTRIBUTED"
    INCONCLUSIVE = "INCONCLUSIVE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """withdrawn_by: the position of the event by which it was withdrawn."""

    id: EvidenceId
    summary: Text
    marking: Marking
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    sha256: Sha256 | None
    uri: Text | None
    recorded_at: datetime
    recorded_by: Actor
    withdrawn_by: int | None = None
    withdrawn_reason: Text | None = None

    @property
    def withdrawn(self) -> bool:
        return self.withdrawn_by is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """A finding. to_be_reaffirmed: evidence on which it rests is withdrawn. version, position: of its event."""

    responsible_party: Text | None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: Text
    evidence: tuple[EvidenceId, ...]
    found_at: datetime
    found_by: Actor
    version: int
    position: int
    to_be_reaffirmed: bool = False
    alternatives: tuple[Alternative, ...] = ()
    changed_because: Text | None = None

    @property
    def is_conclusive(self) -> bool:
        return self.responsible_party is not None

    def suffices(self, threshold: Threshold) -> bool:
        stands = self.is_conclusive and not self.to_be_reaffirmed
        return stands and threshold.reached_by(self.likelihood, self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingChange:
    """A change of the current finding. finding: None if it was retracted. version, position: of the event."""

    version: int
    position: int
    finding: Attribution | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dissent:
    """What another investigator finds. It releases nothing."""

    by: Actor
    at: datetime
    finding: Alternative


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """to_be_asked: it was referred before it was attributed, so that the authority is asked first; otherwise for it to
    act."""

    authority: AuthorityCode
    reason: Text
    referred_by: Actor
    referred_at: datetime
    to_be_asked: bool = False
    answer: Text | None = None
    answered_by: Actor | None = None
    answered_at: datetime | None = None

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None


class CorrectionState(StrEnum):
    PROPOSED = "PROPOSED"
    ACCEPTED = "ACCEPTED"
    DISCARDED = "DISCARDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A proposed correction. values, before: see CorrectionProposed. position: of the event that proposed it."""

    id: CorrectionId
    values: Particulars
    before: Particulars
    reason: Text
    proposed_by: Actor
    proposed_at: datetime
    position: int
    state: CorrectionState = CorrectionState.PROPOSED
    settled_by: Actor | None = None
    settled_at: datetime | None = None
    settled_reason: Text | None = None

    @property
    def is_open(self) -> bool:
        return self.state is CorrectionState.PROPOSED


@dataclass(frozen=True, kw_only=True)
class Incident:
    """position: of its report. covered_by: the authorities whose mandates covered its place when it was reported or
    corrected: they keep sight of it. former_regions: each region that it was corrected from. findings: all changes, the
    oldest first. corrected: how many times. corrections: those that were proposed, the oldest first.

    proposal: to lower the marking; new evidence ends it. proposals: how many so far. marked_at: the position of the
    last change of the marking. regraded: how many times evidence was. text_bytes: total of all texts so far, limited by
    `domain.limits`.
    """

    id: IncidentId
    version: int
    reference: str
    kind: Label
    description: Text
    region: Region
    location: Location | None
    occurred_at: datetime
    reported_at: datetime
    reported_by: Actor
    marking: Marking
    recipients: tuple[Subject, ...]
    covered_by: tuple[AuthorityCode, ...]
    position: int
    former_regions: tuple[Region, ...] = ()
    corrected: int = 0
    corrections: tuple[Correction, ...] = ()
    findings: tuple[FindingChange, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    dissents: tuple[Dissent, ...] = ()
    referred_to: tuple[AuthorityCode, ...] = ()
    referrals: tuple[Referral, ...] = ()
    proposal: MarkingProposal | None = None
    proposals: int = 0
    marked_at: int | None = None
    regraded: int = 0
    text_bytes: int = 0

    @property
    def attribution(self) -> Attribution | None:
        """The current finding."""
        return self.findings[-1].finding if self.findings else None

    @property
    def status(self) -> AttributionStatus:
        if self.attribution is None:
            return AttributionStatus.OPEN
        return AttributionStatus.ATTRIBUTED if self.attribution.is_conclusive else AttributionStatus.INCONCLUSIVE

    @property
    def open_corrections(self) -> tuple[Correction, ...]:
        return tuple(each for each in self.corrections if each.is_open)

    def referral(self, to: AuthorityCode) -> Referral | None:
        return next((each for each in self.referrals if each.authority == to), None)

    @property
    def unanswered(self) -> tuple[Referral, ...]:
        """The referrals of which an answer is awaited: of a question, until the incident is attributed."""
        found = self.status is AttributionStatus.ATTRIBUTED
        return tuple(each for each in self.referrals if not each.is_answered and not (each.to_be_asked and found))

    def piece(self, id: EvidenceId) -> Evidence:
        """Raises StopIteration if it has no such evidence."""
        return next(piece for piece in reversed(self.evidence) if piece.id == id)

    @property
    def audience(self) -> frozenset[str]:
        """Who may see it."""
        return visibility.audience(
            self.marking,
            author=self.reported_by,
            recipients=self._named,
            involved=(self.reported_by.authority,),
            deciding=(*self.covered_by, *self.referred_to),
            regions=regions_of(self.region),
        )

    @property
    def _named(self) -> tuple[tuple[str, Subject], ...]:
        """The recipients. Those without an issuer are persons of the reporter's."""
        return tuple(visibility.recipient(each, self.reported_by.issuer) for each in self.recipients)

    def marking_of(self, evidence: Evidence | EvidenceRecorded) -> Marking:
        """The marking in force of a piece of evidence: its own or the incident's, whichever is stricter."""
        return strictest(evidence.marking, self.marking)

    def audience_of(self, evidence: Evidence) -> frozenset[str]:
        """Who may see a piece of evidence, among those who may see the incident."""
        return visibility.audience(
            self.marking_of(evidence),
            author=evidence.recorded_by,
            recipients=self._named,
            involved=(self.reported_by.authority, evidence.recorded_by.authority),
            deciding=(*self.covered_by, *self.referred_to),
            regions=regions_of(self.region),
        )
