"""The commands on an incident, each followed by the function that returns its events."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from domain import jurisdiction, markings, number_series
from domain.decider import Context
from domain.incident.events import (
    Alternative,
    AttributionRetracted,
    Event,
    EvidenceRecorded,
    FindingDissented,
    IncidentAttributed,
    IncidentMarkingChanged,
    IncidentMarkingProposed,
    IncidentReported,
)
from domain.incident.state import Incident
from domain.markings import ChangeMarking, recipients_problems
from domain.refusals import FieldProblem, Problems
from domain.vocabulary import (
    URI_FORM,
    AnalyticConfidence,
    EvidenceId,
    InformationCredibility,
    Label,
    Likelihood,
    Location,
    Marking,
    Region,
    Role,
    Sha256,
    SourceReliability,
    Subject,
    Text,
    derived_id,
)

CONTRIBUTORS: Final = (Role.REQUESTER, Role.REVIEWER, Role.INVESTIGATOR)


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
    """responsible_party: None if the finding is inconclusive. changed_because: required if a finding stands."""

    responsible_party: Text | None = None
    likelihood: Likelihood
    confidence: AnalyticConfidence
    basis: Text
    evidence: tuple[EvidenceId, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    changed_because: Text | None = None


def attribute(command: AttributeIncident, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (
        IncidentAttributed(
            responsible_party=command.responsible_party,
            likelihood=command.likelihood,
            confidence=command.confidence,
            basis=command.basis,
            evidence=tuple(dict.fromkeys(command.evidence)),
            alternatives=command.alternatives,
            changed_because=command.changed_because,
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DissentFromFinding:
    finding: Alternative
    reason: Text


def dissent(command: DissentFromFinding, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (FindingDissented(finding=command.finding, reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class RetractAttribution:
    reason: Text


def retract(command: RetractAttribution, incident: Incident, context: Context) -> tuple[Event, ...]:
    return (AttributionRetracted(reason=command.reason),)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeIncidentMarking(ChangeMarking):
    """By the reporting side or an investigator of the place."""


def change_marking(command: ChangeIncidentMarking, incident: Incident, context: Context) -> tuple[Event, ...]:
    marking, recipients = markings.target(command, incident)
    if markings.proposes(command, incident, context.actor, marking_sides(incident, context)):
        return (IncidentMarkingProposed(marking=marking, recipients=recipients, reason=command.reason),)
    return (IncidentMarkingChanged(marking=marking, recipients=recipients, reason=command.reason),)


def marking_sides(incident: Incident, context: Context) -> markings.Sides:
    """Investigators of the authority whose mandate covers the place raise it. The reporting side proposes lowering."""
    actor, mandate = context.actor, jurisdiction.deciding_mandate(context, incident.region)
    decides = mandate is not None and actor.authority == mandate.authority
    whose = mandate.authority if mandate else f"an authority whose mandate covers {incident.region}"
    return markings.Sides(
        raises=decides and Role.INVESTIGATOR in actor.roles,
        proposes=actor.authority == incident.reported_by.authority and not set(CONTRIBUTORS).isdisjoint(actor.roles),
        accepts=decides and Role.APPROVER in actor.roles,
        raiser=f"an investigator of {whose}",
        proposer=f"a requester, reviewer or investigator of {incident.reported_by.authority}",
        approver=f"an approver of {whose}",
    )


def series(context: Context) -> str:
    """The number series for incidents of the actor's authority in the current year."""
    return number_series.series(context.actor.authority, context.now.year, kind="i")
