"""What became of an approval after it was given: questioned, confirmed, revoked or expired."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Final

from domain.deployment_request.state import DecisionOutcome, DeploymentRequest, RequestStatus
from domain.vocabulary import spoken

AFTER_APPROVAL: Final = {
    "ApprovalQuestioned": "It was questioned on {}.",
    "ApprovalConfirmed": "It was confirmed on {}.",
    "ApprovalRevoked": "It was revoked on {}.",
    "ApprovalExpired": "It expired on {}.",
}
"""Type of an event after an approval -> what the event did to the approval."""
UNANSWERED: Final = "It is questioned since {}, and waits to be confirmed or revoked."


def standing(request: DeploymentRequest, events: Iterable[tuple[str, datetime]]) -> str:
    """A few sentences. events: type and time of the request's events, the oldest first."""
    decision = request.decision
    if request.status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION and request.hold is not None:
        return (
            f"The decision is withheld since {spoken(request.hold.held_since)}, until it is known who is responsible."
        )
    if decision is None:
        return f"{request.status.replace('_', ' ').capitalize()}; nothing is decided."
    if decision.outcome is DecisionOutcome.DENIED:
        return f"Denied on {spoken(decision.decided_at)}."
    conditions = ", with conditions," if decision.conditions else ""
    return " ".join((f"Approved{conditions} on {spoken(decision.decided_at)}.", *_afterwards(events)))


def _afterwards(events: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    """From the last question on: earlier ones were answered, and the list of events has them."""
    steps = [(type_, at) for type_, at in events if type_ in AFTER_APPROVAL]
    questions = [index for index, (type_, _) in enumerate(steps) if type_ == "ApprovalQuestioned"]
    steps = steps[questions[-1] :] if questions else steps
    for type_, at in steps:
        told = UNANSWERED if len(steps) == 1 and questions else AFTER_APPROVAL[type_]
        yield told.format(spoken(at))
