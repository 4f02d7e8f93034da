"""The events of an incident in the words of the dossier."""

from collections.abc import Iterator, Mapping
from typing import Any, assert_never

from domain.incident import events as incident
from domain.incident.correction import PARTICULARS
from domain.vocabulary import InformationCredibility, Likelihood, Location, SourceReliability, exact_time
from service.exchange.dossier.document import TextLine, quiet, quoted
from service.exchange.dossier.material import DossierEvent, Material
from service.exchange.dossier.phrases import grading, likelihood, spoken


def of_incident(
    event: incident.Event, data: Mapping[str, Any], moment: DossierEvent, material: Material
) -> Iterator[TextLine | None]:
    reference = moment.step.state.reference
    match event:
        case incident.IncidentMarkingChanged():
            yield TextLine(f"Marked {spoken(data['marking'])}")
        case incident.IncidentMarkingProposed():
            yield TextLine(f"Proposed to mark it {spoken(data['marking'])}")
        case incident.IncidentReported():
            yield TextLine(f"Incident {reference} is reported")
        case incident.IncidentCorrected():
            yield TextLine(f"{reference} is corrected")
            yield from (quiet(line) for line in _corrected(moment))
        case incident.EvidenceRecorded():
            reliability, credibility = data["sourceReliability"], data["informationCredibility"]
            graded = grading(SourceReliability(reliability), InformationCredibility(credibility))
            yield TextLine(f"Evidence on {reference}, graded {graded}")
        case incident.EvidenceRegraded():
            reliability, credibility = data["sourceReliability"], data["informationCredibility"]
            graded = grading(SourceReliability(reliability), InformationCredibility(credibility))
            yield TextLine(f"Evidence on {reference} is graded anew: {graded}")
        case incident.EvidenceWithdrawn():
            yield TextLine(f"Evidence on {reference} is withdrawn")
        case incident.FindingQuestioned():
            yield TextLine(f"The finding on {reference} is to be reaffirmed")
        case incident.IncidentAttributed():
            yield TextLine(f"Finding on {reference}")
            yield from _assessment(data)
            for alternative in data.get("alternatives", ()):
                yield TextLine("Alternative that was weighed")
                yield from _assessment(alternative)
                yield quoted(alternative["basis"])
        case incident.FindingDissented():
            yield TextLine(f"Dissent from the finding on {reference}")
            yield from _assessment(data["finding"])
            yield quoted(data["finding"]["basis"])
        case incident.AttributionRetracted():
            yield TextLine(f"The finding on {reference} is retracted")
        case incident.IncidentReferred():
            yield TextLine(f"{reference} is referred to {material.authority(data['authority'])}")
        case _:
            assert_never(event)


def _assessment(data: Mapping[str, Any]) -> Iterator[TextLine]:
    """Likelihood and confidence are separate lines (ICD 203)."""
    yield quoted(data["responsibleParty"]) if data.get("responsibleParty") else _unnamed(data)
    yield quiet(f"Likelihood: {likelihood(Likelihood(data['likelihood']))}.")
    yield quiet(f"Confidence: {data['confidence'].lower()}.")


def _unnamed(data: Mapping[str, Any]) -> TextLine:
    """A finding without a party: undetermined, or erased if the field exists."""
    return quoted(None) if "responsibleParty" in data else TextLine("It cannot be determined who is responsible")


def _corrected(moment: DossierEvent) -> Iterator[str]:
    """Each corrected value, before and after. A description is quoted with the event that it was given in."""
    for name in PARTICULARS:
        before, after = (getattr(state, name) for state in (moment.before, moment.step.state))
        if before == after:
            continue
        if name == "description":
            yield "description: see the last column"
        elif name == "occurred_at":
            yield f"time: {exact_time(before)} → {exact_time(after)}"
        elif name == "location":
            yield f"location: {_place(before)} → {_place(after)}"
        else:
            yield f"{name}: {before} → {after}"


def _place(location: Location | None) -> str:
    if location is None:
        return "none"
    degrees = f"{location.latitude:.5f}° N, {location.longitude:.5f}° E"
    return degrees if location.description is None else f"{location.description} ({degrees})"
