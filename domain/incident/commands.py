"""The commands on an incident, each followed by the function that returns its events."""

from dataclasses import dataclass
from datetime import datetime

from domain import jurisdiction, number_series
from domain.decider import Context
from domain.incident.events import (
    AttributionRetracted,
    Event,
    EvidenceRecorded,
    IncidentAttributed,
    IncidentReferred,
    IncidentReported,
)
from domain.incident.state import Incident
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import (
    URI_FORM,
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
    derived_id,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIncident:
    kind: Label
    description: Text
    region: Region
    location: Location | None = None
    occurred_at: datetime
    marking: Marking = Marking.AMBER
    recipients: tuple[Subject, ...] = ()

    def problems(self) -> Problems:
        yield from recipients_problems(self.marking, self.recipients)


def report(command: ReportIncident, incident: Incident | None, context: Context) -> tuple[Event, ...]:
    mandates = jurisdiction.mandates_over(context, command.region)
    return (
        IncidentReported(
            reference=number_series.next_reference(context, series(context)),
            kind=command.kind,
            description=command.description,
            region=command.region,
            location=command.location,
            occurred_at=command.occurred_at,
            marking=command.marking,
            recipients=tuple(dict.fromkeys(command.recipients)),
            covered_by=tuple(dict.fromkeys(mandate.authority for mandate in mandates)),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordEvidence:
    """marking: by default that of the incident."""

    summary: Text
    marking: Marking | None = None
    source_reliability: SourceReliability
    information_credibility: InformationCredibility
    sha256: Sha256 | None = None
    uri: Text | None = None

    def problems(self) -> Problems:
        if self.uri is not None and not URI_FORM.fullmatch(self.uri.value or ""):
            yield FieldProblem(
                path="uri",
                message="A URI has a scheme and names a place, not code to run: 'https://archive.example/17'.",
            )


def record_evidence(command: RecordEvidence, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (
        EvidenceRecorded(
            evidence=EvidenceId(derived_id("evidence", str(incident.id), str(incident.version + 1))),
            summary=command.summary,
            marking=command.marking or incident.marking,
            source_reliability=command.source_reliability,
            information_credibility=command.information_credibility,
            sha256=command.sha256,
            uri=command.uri,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AttributeIncident:
    """responsible_party: None if the finding is inconclusive."""

    responsible_party: Text | None = None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: Text
    evidence: tuple[EvidenceId, ...] = ()


def attribute(command: AttributeIncident, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (
        IncidentAttributed(
            responsible_party=command.responsible_party,
            likelihood=command.likelihood,
            confidence=command.confidence,
            basis=command.basis,
            evidence=tuple(dict.fromkeys(command.evidence)),
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractAttribution:
    reason: Text


def retract(command: RetractAttribution, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (AttributionRetracted(reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferIncident:
    authority: AuthorityCode
    reason: Text


def refer(command: ReferIncident, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (IncidentReferred(authority=command.authority, reason=command.reason),)


def series(context: Context) -> str:
    """The number series for incidents of the actor's authority in the current year."""
    return number_series.series(context.actor.authority, context.now.year, kind="i")


def recipients_problems(marking: Marking, recipients: tuple[Subject, ...]) -> Problems:
    if recipients and marking is not Marking.RED:
        yield FieldProblem(path="recipients", message="Only what is marked RED has recipients: leave them out.")
