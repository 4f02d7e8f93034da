"""The events of a request in the words of the dossier."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final, assert_never

from domain.deployment_request import events as request
from domain.deployment_request import hearing_events
from domain.deployment_request.succession_events import RequestTakenOver, SuccessorNamed
from domain.incident import events as incident
from domain.vocabulary import Likelihood, camel, in_words, joined
from domain.voided_events import EventVoided
from service.exchange.dossier.document import TextLine, quiet, quoted
from service.exchange.dossier.incident_phrases import of_incident
from service.exchange.dossier.material import DossierEvent, Material
from service.exchange.dossier.phrases import changed, likelihood, period, persons, short_time

TERMS: Final = {camel(field.name) for field in fields(request.RequestAmended)} - {"incidents", "reason", "hearing"}
"""The terms of a request that an amendment may change. The incidents are printed by reference."""
FULFILMENTS: Final[Mapping[type[Any], str]] = {
    request.FulfilmentReported: "A condition is reported as fulfilled",
    request.FulfilmentAccepted: "The fulfilment of a condition is accepted",
    request.FulfilmentSentBack: "The report of a fulfilment is sent back",
}
EXTENSIONS: Final[Mapping[type[Any], str]] = {
    request.ExtensionAsked: "An extension of the approval is asked for",
    request.ExtensionGranted: "The approval is extended",
    request.ExtensionRefused: "The extension is refused",
}
RECOMMENDED: Final = {"APPROVE": "approval", "DENY": "denial"}


def what(moment: DossierEvent, material: Material) -> Iterator[TextLine | None]:
    """The event in words, then its details. Likelihood and confidence are separate lines (ICD 203)."""
    data: Mapping[str, Any] = moment.step.shown.payload
    event: request.Event | incident.Event | EventVoided = moment.step.event
    if isinstance(event, incident.Event):
        yield from of_incident(event, data, moment, material)
        return
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
            yield from _required(data)
            yield quiet(f"To be reviewed by {short_time(data['reviewBy'])}.") if data.get("reviewBy") else None
        case request.ReviewResumed():
            yield TextLine("The review is resumed")
        case request.RequestEndorsed():
            recommended = data.get("recommendation")
            endorsed = f"Endorsed for {RECOMMENDED[recommended]}" if recommended else "Endorsed"
            yield TextLine(f"{endorsed}: revision {data['revision']}")
        case request.EndorsementChanged():
            recommended = data.get("recommendation")
            changed = (
                f"Changes the endorsement: for {RECOMMENDED[recommended]}" if recommended else "Changes the endorsement"
            )
            yield TextLine(f"{changed}: revision {data['revision']}")
        case request.ReviewerRecused():
            yield TextLine("Takes no further part")
        case request.RequestAssigned():
            yield TextLine("Assigned to a reviewer" if event.subject is not None else "Assigned to nobody any more")
            yield quoted(data["subject"]) if data.get("subject") else None
        case SuccessorNamed():
            named = f"{material.authority(event.successor)} is to take over" if event.successor else "Nobody takes over"
            yield TextLine(named)
        case RequestTakenOver():
            taker = material.authority(event.deciding_authority)
            yield TextLine(f"{taker} takes the request over, and its review starts again")
        case request.RequestApproved():
            yield TextLine("The request is approved")
            yield quiet(f"{persons(data['strength'])}, {period(data['period']['start'], data['period']['end'])}")
        case request.RequestDenied():
            yield TextLine("The request is denied")
            yield from _urgent(data)
        case request.RequestRemarked():
            yield TextLine("Internal remark" if data.get("internal") else "Remark")
        case request.RequestMarkingChanged():
            yield TextLine(f"Marked {in_words(data['marking'])}")
        case request.RequestMarkingProposed():
            yield TextLine(f"Proposed to mark it {in_words(data['marking'])}")
        case hearing_events.NoticeGiven():
            yield TextLine("Notice is given of what is intended")
            yield quiet(f"A statement can be made until {short_time(data['until'])}.")
        case hearing_events.StatementMade():
            yield TextLine("A statement is made")
        case EventVoided():
            yield TextLine("An unreadable event was voided")
        case _:
            yield from _of_approval(event, data, moment)


def _of_approval(event: request.OfApproval, data: Mapping[str, Any], moment: DossierEvent) -> Iterator[TextLine | None]:
    match event:
        case request.ApprovalQuestioned():
            yield TextLine("The approval is questioned")
        case request.ApprovalConfirmed():
            yield TextLine("The approval is confirmed")
        case request.ApprovalRevoked():
            yield TextLine("The approval is revoked")
            yield from _urgent(data)
        case request.ApprovalExpired():
            yield TextLine("The approval expires")
        case request.FulfilmentReported() | request.FulfilmentAccepted() | request.FulfilmentSentBack():
            yield TextLine(FULFILMENTS[type(event)])
            yield from _condition(moment, data["condition"])
        case request.ExtensionAsked() | request.ExtensionGranted() | request.ExtensionRefused():
            yield TextLine(EXTENSIONS[type(event)])
            yield quiet(f"until {short_time(data['until'])}") if "until" in data else None
        case request.ExtensionEndorsed():
            recommended, endorsed = data.get("recommendation"), "The extension is endorsed"
            yield TextLine(f"{endorsed} for {RECOMMENDED[recommended]}" if recommended else endorsed)
        case _:
            assert_never(event)


def _urgent(data: Mapping[str, Any]) -> Iterator[TextLine]:
    """Why the requesting side was not heard before."""
    if "urgency" in data:
        yield quiet("Decided without a hearing, as urgent:")
        yield quoted(data["urgency"])


def _required(data: Mapping[str, Any]) -> Iterator[TextLine]:
    """Of the findings that a hold waits for."""
    least = likelihood(Likelihood(data["minimumLikelihood"]))
    yield quiet(f"Likelihood required of a finding: {least} at least.")
    yield quiet(f"Confidence required of a finding: {data['minimumConfidence'].lower()} at least.")


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
            yield changed(change)
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
