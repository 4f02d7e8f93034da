"""The state of an incident, and `evolve`: state + event -> state."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import assert_never

from domain import visibility
from domain.fast_replace import fast_replace
from domain.incident.events import (
    AttributionRetracted,
    Event,
    EvidenceRecorded,
    IncidentAttributed,
    IncidentReferred,
    IncidentReported,
)
from domain.limits import text_bytes
from domain.recorded_event import Recorded
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    AuthorityCode,
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
    id: EvidenceId
    summary: Text
    marking: Marking
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    sha256: Sha256 | None
    uri: Text | None
    recorded_at: datetime
    recorded_by: Actor


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """A finding. version, position: of its event."""

    responsible_party: Text | None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: Text
    evidence: tuple[EvidenceId, ...]
    found_at: datetime
    found_by: Actor
    version: int
    position: int

    @property
    def is_conclusive(self) -> bool:
        return self.responsible_party is not None

    def suffices(self, threshold: Threshold) -> bool:
        return self.is_conclusive and threshold.reached_by(self.likelihood, self.confidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A change of the current finding. finding: None if it was retracted. version, position: of the event."""

    version: int
    position: int
    finding: Attribution | None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """position: of its report. covered_by: as in IncidentReported. findings: all changes, the oldest first.

    text_bytes: total of all texts so far, limited by `domain.limits`.
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
    findings: tuple[Found, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    referred_to: tuple[AuthorityCode, ...] = ()
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
        """The recipients, as persons of the reporter's issuer."""
        return tuple((self.reported_by.issuer, subject) for subject in self.recipients)

    def audience_of(self, evidence: Evidence) -> frozenset[str]:
        """Who may see a piece of evidence, among those who may see the incident."""
        return visibility.audience(
            evidence.marking,
            author=evidence.recorded_by,
            recipients=self._named,
            involved=(self.reported_by.authority, evidence.recorded_by.authority),
            deciding=(*self.covered_by, *self.referred_to),
            regions=regions_of(self.region),
        )


def evolve(state: Incident | None, recorded: Recorded[Event]) -> Incident:
    """The incident after one more event. Raises ValueError if the first event is not IncidentReported."""
    event = recorded.event
    if isinstance(event, IncidentReported):
        return _reported(event, recorded)
    if state is None:
        raise ValueError(f"{type(event).__name__} at position {recorded.position} comes before IncidentReported")
    state = fast_replace(state, version=recorded.version, text_bytes=state.text_bytes + text_bytes(event))
    match event:
        case EvidenceRecorded():
            return fast_replace(state, evidence=(*state.evidence, _evidence(event, recorded)))
        case IncidentAttributed():
            return _found(state, _attribution(event, recorded), recorded)
        case AttributionRetracted():
            return _found(state, None, recorded)
        case IncidentReferred():
            return fast_replace(state, referred_to=(*state.referred_to, event.authority))
        case _:
            assert_never(event)


def _reported(event: IncidentReported, recorded: Recorded[Event]) -> Incident:
    return Incident(
        id=IncidentId(recorded.stream),
        version=recorded.version,
        reference=event.reference,
        kind=event.kind,
        description=event.description,
        region=event.region,
        location=event.location,
        occurred_at=event.occurred_at,
        reported_at=recorded.happened_at,
        reported_by=recorded.actor,
        marking=event.marking,
        recipients=event.recipients,
        covered_by=event.covered_by,
        position=recorded.position,
        text_bytes=text_bytes(event),
    )


def _evidence(event: EvidenceRecorded, recorded: Recorded[Event]) -> Evidence:
    return Evidence(
        id=event.evidence,
        summary=event.summary,
        marking=event.marking,
        source_reliability=event.source_reliability,
        information_credibility=event.information_credibility,
        sha256=event.sha256,
        uri=event.uri,
        recorded_at=recorded.happened_at,
        recorded_by=recorded.actor,
    )


def _found(state: Incident, finding: Attribution | None, recorded: Recorded[Event]) -> Incident:
    found = Found(version=recorded.version, position=recorded.position, finding=finding)
    return fast_replace(state, findings=(*state.findings, found))


def _attribution(event: IncidentAttributed, recorded: Recorded[Event]) -> Attribution:
    return Attribution(
        responsible_party=event.responsible_party,
        likelihood=event.likelihood,
        confidence=event.confidence,
        basis=event.basis,
        evidence=event.evidence,
        found_at=recorded.happened_at,
        found_by=recorded.actor,
        version=recorded.version,
        position=recorded.position,
    )
