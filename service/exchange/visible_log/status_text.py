"""The current status of a request in words, including what happened to an approval after it was given."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from operator import itemgetter
from typing import Final, Self

from domain.deployment_request.decision import DecisionOutcome
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.vocabulary import format_time, in_words

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


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusFacts:
    """What the text needs of a request. Fields are None for what there is not."""

    status: RequestStatus
    held_since: datetime | None = None
    outcome: DecisionOutcome | None = None
    decided_at: datetime | None = None
    has_conditions: bool = False
    extension_until: datetime | None = None
    notice_at: datetime | None = None
    statement_until: datetime | None = None
    statement_at: datetime | None = None

    @classmethod
    def of(cls, request: DeploymentRequest) -> Self:
        hold, decision = request.hold, request.decision
        extension, hearing = request.extension, request.hearing
        return cls(
            status=request.status,
            held_since=hold.held_since if hold else None,
            outcome=decision.outcome if decision else None,
            decided_at=decision.decided_at if decision else None,
            has_conditions=bool(decision and decision.conditions),
            extension_until=extension.until if extension else None,
            notice_at=hearing.notice_at if hearing else None,
            statement_until=hearing.until if hearing else None,
            statement_at=hearing.statement_at if hearing else None,
        )


def status_text(request: StatusFacts, events: Iterable[tuple[str, datetime]]) -> str:
    """The status of a request, in a few sentences.

    events: (type, time) of each event of the request, oldest first.
    """
    return " ".join((_decided(request), *_afterwards(request, events), *_pending(request)))


def _decided(request: StatusFacts) -> str:
    if request.status is RequestStatus.WITHHELD_PENDING_ATTRIBUTION and request.held_since is not None:
        since = format_time(request.held_since)
        return f"The decision is withheld since {since}, until it is known who is responsible."
    if request.decided_at is None:
        return f"{in_words(request.status).capitalize()}; nothing is decided."
    if request.outcome is DecisionOutcome.DENIED:
        return f"Denied on {format_time(request.decided_at)}."
    conditions = ", with conditions," if request.has_conditions else ""
    return f"Approved{conditions} on {format_time(request.decided_at)}."


def _pending(request: StatusFacts) -> Iterator[str]:
    """What is asked for or intended, and not yet decided."""
    if request.extension_until is not None:
        yield f"An extension until {format_time(request.extension_until)} is asked for."
    if request.notice_at is not None and request.status in DECIDABLE:
        intended = "revocation" if request.status is RequestStatus.APPROVED else "denial"
        yield f"Notice of a {intended} was given on {format_time(request.notice_at)}."
        if request.statement_at is not None:
            yield f"A statement was made on {format_time(request.statement_at)}."
        elif request.statement_until is not None:
            yield f"A statement is awaited until {format_time(request.statement_until)}."


def _afterwards(request: StatusFacts, events: Iterable[tuple[str, datetime]]) -> Iterator[str]:
    """Sentences about the last event of each kind. A confirmation before the last question answers nothing."""
    if request.outcome in (None, DecisionOutcome.DENIED):
        return
    steps = [(type_, at) for type_, at in events if type_ in AFTER_APPROVAL]
    last = {type_: index for index, (type_, _) in enumerate(steps)}
    questioned = last.get("ApprovalQuestioned", -1)
    unanswered = all(last.get(answer, -1) <= questioned for answer in ANSWERS)
    for type_, index in sorted(last.items(), key=itemgetter(1)):
        if type_ != "ApprovalConfirmed" or index > questioned:
            sentence = UNANSWERED if index == questioned and unanswered else AFTER_APPROVAL[type_]
            yield sentence.format(format_time(steps[index][1]))
