"""Wording of the dossier: grades, events, times and periods."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any, Final, assert_never

from domain.deployment_request import events as request
from domain.incident import events as incident
from domain.vocabulary import (
    AnalyticConfidence,
    InformationCredibility,
    Likelihood,
    SourceReliability,
    camel,
    format_time,
    joined,
)
from domain.voided_events import EventVoided
from projections.changes import Change
from service.exchange.dossier.document import TextLine, quiet, quoted
from service.exchange.dossier.material import DossierEvent, Material

LIKELIHOODS: Final[Mapping[Likelihood, str]] = {
    Likelihood.ALMOST_NO_CHANCE: "almost no chance",
    Likelihood.VERY_UNLIKELY: "very unlikely",
    Likelihood.UNLIKELY: "unlikely",
    Likelihood.ROUGHLY_EVEN_CHANCE: "roughly even chance",
    Likelihood.LIKELY: "likely",
    Likelihood.VERY_LIKELY: "very likely",
    Likelihood.ALMOST_CERTAIN: "almost certain",
}
PERCENT: Final[Mapping[Likelihood, str]] = dict(
    zip(
        Likelihood,
        ("1 to 5 %", "5 to 20 %", "20 to 45 %", "45 to 55 %", "55 to 80 %", "80 to 95 %", "95 to 99 %"),
        strict=True,
    )
)
CONFIDENCES: Final[Mapping[AnalyticConfidence, str]] = {each: each.value.lower() for each in AnalyticConfidence}
RELIABILITIES: Final[Mapping[SourceReliability, str]] = dict(
    zip(
        SourceReliability,
        ("completely reliable", "usually reliable", "fairly reliable", "not usually reliable", "unreliable",
         "reliability cannot be judged"),
        strict=True,
    )
)  # fmt: skip
CREDIBILITIES: Final[Mapping[InformationCredibility, str]] = dict(
    zip(
        InformationCredibility,
        ("confirmed by other sources", "probably true", "possibly true", "doubtful", "improbable",
         "truth cannot be judged"),
        strict=True,
    )
)  # fmt: skip
DIGIT: Final[Mapping[InformationCredibility, str]] = {
    each: str(number) for number, each in enumerate(InformationCredibility, start=1)
}
TERMS: Final = frozenset(camel(field.name) for field in fields(request.RequestAmended)) - {"incidents", "reason"}
"""The terms of a request that an amendment may change. The incidents are printed by reference."""
RECOMMENDED: Final = {"APPROVE": "approval", "DENY": "denial"}


def likelihood(value: Likelihood) -> str:
    return f"{LIKELIHOODS[value]} ({PERCENT[value]})"


def grading(reliability: SourceReliability, credibility: InformationCredibility) -> str:
    """The grading of evidence by AJP-2.1, such as 'B2'."""
    return f"{reliability.value}{DIGIT[credibility]}"


def period(start: datetime | str, end: datetime | str) -> str:
    return f"{_short_time(start)} to {_short_time(end)}"


def persons(strength: int) -> str:
    return "1 person" if strength == 1 else f"{strength:,} persons"


def status(value: str) -> str:
    """'Under review' for UNDER_REVIEW."""
    return value.replace("_", " ").capitalize()


def happened(moment: DossierEvent) -> Iterator[TextLine | None]:
    """The time of occurrence; for an imported event, also the time of recording."""
    day, clock = day_and_clock(moment.happened_at)
    yield TextLine(day)
    yield quiet(clock)
    yield from recorded(moment)


def recorded(moment: DossierEvent) -> Iterator[TextLine]:
    """The time of recording of an imported event."""
    entry = moment.step.entry
    if entry.occurred_at is not None:
        yield quiet(f"recorded on {format_time(entry.recorded_at)}")


def day_and_clock(instant: datetime) -> tuple[str, str]:
    """'24 November 2026' and '08:32:29 UTC'."""
    day, _, clock = format_time(instant).partition(", ")
    return day, f"{instant.astimezone(UTC):%H:%M:%S} UTC" if instant.second else clock


def what(moment: DossierEvent, material: Material) -> Iterator[TextLine | None]:
    """The event in words, then its details. Likelihood and confidence are separate lines (ICD 203)."""
    data: Mapping[str, Any] = moment.step.shown.payload
    reference = moment.step.state.reference
    event: request.Event | incident.Event | EventVoided = moment.step.event
    match event:
        case request.RequestSubmitted():
            yield TextLine("The request is submitted")
        case request.RequestAmended():
            yield TextLine(f"The terms are amended: revision {moment.step.state.revision}")
            yield from (quiet(line) for line in _amended(moment))
        case request.RequestWithdrawn():
            yield TextLine("The request is withdrawn")
        case request.ReviewBegun():
            yield TextLine("The review begins")
        case request.RequestWithheld():
            yield TextLine(_withheld(moment))
            yield quiet(
                f"Likelihood required of a finding: {likelihood(Likelihood(data['minimumLikelihood']))} at least."
            )
            yield quiet(f"Confidence required of a finding: {data['minimumConfidence'].lower()} at least.")
            yield quiet(f"To be reviewed by {_short_time(data['reviewBy'])}.") if data.get("reviewBy") else None
        case request.ReviewResumed():
            yield TextLine("The review is resumed")
        case request.RequestEndorsed():
            yield TextLine(f"Endorsed for {RECOMMENDED[data['recommendation']]}: revision {data['revision']}")
        case request.ReviewerRecused():
            yield TextLine("Takes no further part")
        case request.RequestApproved():
            yield TextLine("The request is approved")
            yield quiet(f"{persons(data['strength'])}, {period(data['period']['start'], data['period']['end'])}")
        case request.RequestDenied():
            yield TextLine("The request is denied")
        case request.ApprovalQuestioned():
            yield TextLine("The approval is questioned")
        case request.ApprovalConfirmed():
            yield TextLine("The approval is confirmed")
        case request.ApprovalRevoked():
            yield TextLine("The approval is revoked")
        case request.ApprovalExpired():
            yield TextLine("The approval expires")
        case request.FulfilmentReported():
            yield TextLine("A condition is reported as fulfilled")
            yield from _condition(moment, data["condition"])
        case request.RequestRemarked():
            yield TextLine("Internal remark" if data.get("internal") else "Remark")
        case incident.IncidentReported():
            yield TextLine(f"Incident {reference} is reported")
        case incident.EvidenceRecorded():
            reliability, credibility = data["sourceReliability"], data["informationCredibility"]
            graded = grading(SourceReliability(reliability), InformationCredibility(credibility))
            yield TextLine(f"Evidence on {reference}, graded {graded}")
        case incident.IncidentAttributed():
            yield TextLine(f"Finding on {reference}")
            yield quoted(data["responsibleParty"]) if data.get("responsibleParty") else _unnamed(data)
            yield quiet(f"Likelihood: {likelihood(Likelihood(data['likelihood']))}.")
            yield quiet(f"Confidence: {data['confidence'].lower()}.")
        case incident.AttributionRetracted():
            yield TextLine(f"The finding on {reference} is retracted")
        case incident.IncidentReferred():
            yield TextLine(f"{reference} is referred to {material.authority(data['authority'])}")
        case EventVoided():
            yield TextLine("An unreadable event was voided")
        case _:
            assert_never(event)


def _unnamed(data: Mapping[str, Any]) -> TextLine:
    """A finding without a party: undetermined, or erased if the field exists."""
    return quoted(None) if "responsibleParty" in data else TextLine("It cannot be determined who is responsible")


def _condition(moment: DossierEvent, condition: str) -> Iterator[TextLine]:
    """The number of the condition in the approval, from 1."""
    decision = moment.step.state.decision
    for number, each in enumerate(decision.conditions if decision else (), start=1):
        if str(each.id) == condition:
            yield quiet(f"condition {number}")


def _withheld(moment: DossierEvent) -> str:
    awaited = [moment.step.incidents[each] for each in moment.step.shown.payload["awaiting"]]
    return f"Withheld until it is known who is responsible: {joined(awaited, 'and')}" if awaited else "Withheld"


def _amended(moment: DossierEvent) -> Iterator[str]:
    for change in moment.step.shown.changes:
        if change.path.partition(".")[0] in TERMS:
            yield _change(change)
    if moment.before.incidents != moment.step.state.incidents:
        yield f"incidents: {_other_incidents(moment)}"


def _other_incidents(moment: DossierEvent) -> str:
    """The references before and after the amendment, because list indexes mean nothing to readers."""
    before, after = (
        [moment.step.incidents[str(each)] for each in state.incidents if str(each) in moment.step.incidents]
        for state in (moment.before, moment.step.state)
    )
    if before == after:
        return "what may not be shown here"
    return f"{joined(before, 'and') or 'none'} → {joined(after, 'and') or 'none'}"


def _change(change: Change) -> str:
    is_time = change.path.startswith("period")
    before, after = (_value(each, is_time=is_time) for each in (change.before, change.after))
    named = change.path.replace(".", " ")
    if change.path.startswith("purpose"):
        return "purpose: see the last column"
    return f"{named}: {before} → {after}" if before else f"{named}: {after}"


def _value(value: Any, *, is_time: bool) -> str:
    match value:
        case None:
            return ""
        case dict():
            return period(value["start"], value["end"])
        case str() if is_time:
            return _short_time(value)
        case _:
            return str(value)


def _short_time(instant: datetime | str) -> str:
    """The instant in words; midnight is omitted."""
    at = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return format_time(at).removesuffix(", 00:00 UTC")
