"""The events of an incident in the words of the dossier."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, assert_never

from domain.incident import events as incident
from domain.incident.correction import PARTICULARS, given
from domain.incident.state import Incident
from domain.vocabulary import (
    EvidenceId,
    InformationCredibility,
    Likelihood,
    Location,
    SourceReliability,
    exact_time,
    in_words,
)
from service.exchange.dossier.document import TextLine, quiet, quoted
from service.exchange.dossier.material import DossierEvent, Material
from service.exchange.dossier.phrases import coordinates, grading, likelihood


def of_incident(
    event: incident.Event, data: Mapping[str, Any], moment: DossierEvent, material: Material
) -> Iterator[TextLine | None]:
    reference = moment.step.state.reference
    match event:
        case incident.IncidentMarkingChanged():
            yield TextLine(f"Marked {in_words(data['marking'])}")
        case incident.IncidentMarkingProposed():
            yield TextLine(f"Proposed to mark it {in_words(data['marking'])}")
        case incident.IncidentReported():
            yield TextLine(f"Incident {reference} is reported")
        case incident.IncidentCorrected():
            yield TextLine(f"{reference} is corrected")
            yield from (quiet(line) for line in _corrected(moment))
        case incident.CorrectionProposed():
            yield TextLine(f"A correction of {reference} is proposed")
            yield from proposed(event.before, event.values)
        case incident.CorrectionDiscarded():
            yield TextLine(f"A proposed correction of {reference} is discarded")
        case incident.EvidenceRecorded():
            reliability, credibility = data["sourceReliability"], data["informationCredibility"]
            graded = grading(SourceReliability(reliability), InformationCredibility(credibility))
            yield TextLine(f"Evidence {_number(event.evidence, moment, material)} on {reference}, graded {graded}")
        case incident.EvidenceRegraded():
            earlier, graded = (_graded(event.evidence, state) for state in (moment.before, moment.step.state))
            yield TextLine(f"Evidence {_number(event.evidence, moment, material)} on {reference} is graded again")
            yield quiet(f"{earlier} → {graded}")
        case incident.EvidenceWithdrawn():
            yield TextLine(f"Evidence {_number(event.evidence, moment, material)} on {reference} is withdrawn")
        case incident.FindingQuestioned():
            yield TextLine(f"The finding on {reference} is to be reaffirmed")
        case incident.IncidentAttributed():
            yield TextLine(f"Finding on {reference}")
            yield from _assessment(data, "", moment)
            for index, alternative in enumerate(data.get("alternatives", ())):
                yield TextLine("Alternative that was weighed")
                yield from _assessment(alternative, f"alternatives.{index}.", moment)
                yield quoted(alternative["basis"])
        case incident.FindingDissented():
            yield TextLine(f"Dissent from the finding on {reference}")
            yield from _assessment(data["finding"], "finding.", moment)
            yield quoted(data["finding"]["basis"])
        case incident.AttributionRetracted():
            yield TextLine(f"The finding on {reference} is retracted")
        case incident.IncidentReferred():
            yield TextLine(f"{reference} is referred to {material.authority(data['authority'])}")
        case incident.ReferralAnswered():
            receiver = material.authority(moment.step.entry.actor.authority)
            yield TextLine(f"{receiver} answers the referral of {reference}")
        case _:
            assert_never(event)


def _number(evidence: EvidenceId, moment: DossierEvent, material: Material) -> str:
    """The number of a piece of evidence in the section on its incident."""
    pieces = next(each.evidence for each in material.incidents if each.incident.id == moment.step.state.id)
    return next(f"E{number}" for number, piece in enumerate(pieces, start=1) if piece.id == evidence)


def _graded(evidence: EvidenceId, state: Incident) -> str:
    piece = next(each for each in state.evidence if each.id == evidence)
    return grading(piece.source_reliability, piece.information_credibility)


def _assessment(data: Mapping[str, Any], path: str, moment: DossierEvent) -> Iterator[TextLine]:
    """Likelihood and confidence are separate lines (ICD 203). path: of the assessment in the payload, with a dot."""
    named, erased = data.get("responsibleParty"), f"{path}responsibleParty" in moment.step.entry.erased
    yield quoted(named) if named is not None or erased else TextLine("It cannot be determined who is responsible")
    yield quiet(f"Likelihood: {likelihood(Likelihood(data['likelihood']))}.")
    yield quiet(f"Confidence: {data['confidence'].lower()}.")


def _corrected(moment: DossierEvent) -> Iterator[str]:
    """Each corrected value, before and after. A description is quoted with the event that it was given in."""
    before, after = moment.before, moment.step.state
    return _compared(before, after, [name for name in PARTICULARS if getattr(before, name) != getattr(after, name)])


def proposed(before: incident.Particulars, values: incident.Particulars) -> Iterator[TextLine]:
    names = [name for name in given(values) if name != "description"]
    yield from (quiet(line) for line in _compared(before, values, names))
    if values.description is not None:
        yield quiet("description:")
        yield quoted(values.description.value)


def _compared(was: Any, now: Any, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        before, after = (getattr(state, name) for state in (was, now))
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
    degrees = coordinates(location)
    return degrees if location.description is None else f"{location.description} ({degrees})"
