"""The current status of a request in words, including what happened to an approval after it was given."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from operator import itemgetter
from typing import Final

from domain.deployment_request.decision import DecisionOutcome
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.vocabulary import format_time

AFTER_APPROVAL: Final = {
    "ApprovalQuestioned": "It was questioned on {}.",
    "ApprovalConfirmed": "It was confirmed on {}.",
    "ExtensionGranted": "It was extended on {}.",
    "ExtensionRefused": "An extension was refused on {}.",
    "ApprovalRevoked": "It was revoked on {}.",
    "ApprovalExpired": "It expired on {}.",
}
"""Event type -> sentence about the approval; the placeholder is the time of the event."""
ANSWERS: Final = ("ApprovalConfirmed", "ApprovalRevoked", "ApprovalExpired")
DECIDABLE: Final = (RequestStatus.UNDER_REVIEW, RequestStatus.WITHHELD_PENDING_ATTRIBUTION, RequestStatus.APPROVED)
"""Statuses in which notice of a denial or a revocation can be pending."""
UNANSWERED: Final = "It is questioned since {}, and waits to be confirmed or revoked."


def status_text(request: DeploymentRequest, events: Iterable[tuple[str, datetime]]) -> str:
    """The status of a request, in a few sentences.

    events: (type, time) of each event of the request, oldest first.
    """
    return " ".join((_decided(request), *_afterwards(request, events), *_pending(request)))


def _decided(request: DeploymentRequest) -> str:
    decision = request.decision
    if request.status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION and request.hold is not None:
        since = format_time(request.hold.held_since)
        return f"The decision is withheld since {since}, until it is known who is responsible."
    if decision is None:
        return f"{request.status.replace('_', ' ').capitalize()}; nothing is decided."
    if decision.outcome is DecisionOutcome.DENIED:
        return f"Denied on {format_time(decision.decided_at)}."
    conditions = ", with conditions," if decision.conditions else ""
    return f"Approved{conditions} on {format_time(decision.decided_at)}."


def _pending(request: DeploymentRequest) -> Iterator[str]:
    """What is asked for or intended, and not yet decided."""
    extension, hearing = request.extension, request.hearing
    if extension is not None:
        yield f"An extension until {format_time(extension.until)} is asked for."
    if hearing is not None and request.status in DECIDABLE:
        intended = "revocation" if request.status is RequestStatus.APPROVED else "denial"
        yield f"Notice of a {intended} was given on {format_time(hearing.notice_at)}."
        if hearing.statement_at is None:
            yield f"A statement is awaited until {format_time(hearing.until)}."
        else:
            yield f"A statement was made on {format_time(hearing.statement_at)}."


def _afterwards(request: DeploymentRequest, events: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    """Sentences about the last event of each kind. A confirmation before the last question answers nothing."""
    if request.decision is None or request.decision.outcome is DecisionOutcome.DENIED:
        return
    steps = [(type_, at) for type_, at in events if type_ in AFTER_APPROVAL]
    last = {type_: index for index, (type_, _) in enumerate(steps)}
    questioned = last.get("ApprovalQuestioned", -1)
    unanswered = all(last.get(answer, -1) <= questioned for answer in ANSWERS)
    for type_, index in sorted(last.items(), key=itemgetter(1)):
        if type_ != "ApprovalConfirmed" or index > questioned:
            sentence = UNANSWERED if index == questioned and unanswered else AFTER_APPROVAL[type_]
            yield sentence.format(format_time(steps[index][1]))
