"""The current status of a request in words, including what happened to an approval after it was given."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from domain.deployment_request.state import DecisionOutcome, DeploymentRequest, RequestStatus
from domain.vocabulary import format_time

AFTER_APPROVAL: Final = {
    "ApprovalQuestioned": "It was questioned on {}.",
    "ApprovalConfirmed": "It was confirmed on {}.",
    "ApprovalRevoked": "It was revoked on {}.",
    "ApprovalExpired": "It expired on {}.",
}
"""Event type -> sentence about the approval; the placeholder is the time of the event."""
UNANSWERED: Final = "It is questioned since {}, and waits to be confirmed or revoked."


def status_text(request: DeploymentRequest, events: Iterable[tuple[str, datetime]]) -> str:
    """The status of a request, in a few sentences.

    events: (type, time) of each event of the request, oldest first.
    """
    decision = request.decision
    if request.status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION and request.hold is not None:
        since = format_time(request.hold.held_since)
        return f"The decision is withheld since {since}, until it is known who is responsible."
    if decision is None:
        return f"{request.status.replace('_', ' ').capitalize()}; nothing is decided."
    if decision.outcome is DecisionOutcome.DENIED:
        return f"Denied on {format_time(decision.decided_at)}."
    conditions = ", with conditions," if decision.conditions else ""
    return " ".join((f"Approved{conditions} on {format_time(decision.decided_at)}.", *_afterwards(events)))


def _afterwards(events: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    """Sentences about the approval since it was last questioned; earlier questions were answered."""
    steps = [(type_, at) for type_, at in events if type_ in AFTER_APPROVAL]
    questions = [index for index, (type_, _) in enumerate(steps) if type_ == "ApprovalQuestioned"]
    steps = steps[questions[-1] :] if questions else steps
    for type_, at in steps:
        sentence = UNANSWERED if len(steps) == 1 and questions else AFTER_APPROVAL[type_]
        yield sentence.format(format_time(at))
