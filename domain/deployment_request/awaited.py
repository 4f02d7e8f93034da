"""When each step of a request waits for somebody, why, and when it is due: parts of the lifecycle table.

Until it is decided, a request is due at `answer_by`, and at the latest when the period that it asks for begins.
"""

from datetime import datetime
from typing import Final

from domain.decider import Awaited
from domain.deployment_request.ballot import Ballot, on_extension, on_revision
from domain.deployment_request.decision import ConditionState, Decision
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.vocabulary import format_time


def _status_since(request: DeploymentRequest) -> datetime:
    return request.status_since or request.submitted_at


def _decision_due(request: DeploymentRequest) -> datetime:
    start = request.period.start
    return start if request.answer_by is None else min(start, request.answer_by)


def _enough_since(request: DeploymentRequest) -> datetime | None:
    """When the last endorsement that counts was made; None while fewer count than an approval needs."""
    return _counted_since(on_revision(request), request, _status_since(request))


def _opposed_since(request: DeploymentRequest) -> datetime | None:
    """As `_enough_since`, while no more endorsements recommend approval than oppose it."""
    opposed = request.status is RequestStatus.UNDER_REVIEW and _is_opposed(on_revision(request))
    return _enough_since(request) if opposed else None


def _denial_since(request: DeploymentRequest) -> datetime | None:
    """If a hearing is required: when the requesting side was heard or let the time pass."""
    if not request.hearing_required:
        return _opposed_since(request)
    return request.hearing.over_at if request.hearing else None


def _notice_since(request: DeploymentRequest) -> datetime | None:
    return _opposed_since(request) if request.hearing_required and request.hearing is None else None


def _statement_since(request: DeploymentRequest) -> datetime | None:
    hearing = request.hearing
    return hearing.notice_at if hearing and hearing.statement_at is None else None


def _statement_until(request: DeploymentRequest) -> datetime | None:
    return request.hearing.until if request.hearing else None


def _counted_since(ballot: Ballot, request: DeploymentRequest, since: datetime) -> datetime | None:
    if len(ballot.endorsements) < request.endorsements_required:
        return None
    return max((since, *(each.endorsed_at for each in ballot.endorsements)))


def _is_opposed(ballot: Ballot) -> bool:
    return 2 * ballot.favourable <= len(ballot.endorsements)


def _review_by(request: DeploymentRequest) -> datetime | None:
    return request.hold.review_by if request.hold else None


def _questioned(request: DeploymentRequest) -> Decision | None:
    return request.decision if request.decision and request.decision.is_questioned else None


def _questioned_since(request: DeploymentRequest) -> datetime | None:
    decision = _questioned(request)
    return (decision.questioned_at or decision.decided_at) if decision else None


def _approved_since(request: DeploymentRequest) -> datetime | None:
    return request.decision.decided_at if request.decision and request.status is RequestStatus.APPROVED else None


def _reported(request: DeploymentRequest) -> list[datetime]:
    """When each fulfilment was reported that is neither accepted nor sent back."""
    conditions = request.decision.conditions if request.decision else ()
    return [each.fulfilled_at for each in conditions if each.state is ConditionState.REPORTED and each.fulfilled_at]


def _expires_at(request: DeploymentRequest) -> datetime | None:
    return request.expires_at


def _asked_since(request: DeploymentRequest) -> datetime | None:
    return request.extension.asked_at if request.extension else None


def _number(ballot: Ballot | None) -> int:
    return len(ballot.endorsements) if ballot else 0


def _votes_on_extension(request: DeploymentRequest) -> str:
    found = on_extension(request)
    return found.votes if found else ""


def _extension_enough_since(request: DeploymentRequest) -> datetime | None:
    """When the last endorsement of the extension was made; None while fewer count than a grant needs."""
    extension, found = request.extension, on_extension(request)
    return _counted_since(found, request, extension.asked_at) if extension and found else None


def _extension_opposed_since(request: DeploymentRequest) -> datetime | None:
    found = on_extension(request)
    return _extension_enough_since(request) if found and _is_opposed(found) else None


def _until(request: DeploymentRequest) -> str:
    return format_time(request.extension.until) if request.extension else ""


def _open_conditions(request: DeploymentRequest) -> int:
    return sum(not each.is_fulfilled for each in request.decision.conditions) if request.decision else 0


REVIEW_TO_BEGIN: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_status_since,
    due=_decision_due,
    why=lambda request: f"{request.requesting_authority} submitted it, and its review has not begun.",
)
SUCCESSION: Final[Awaited[DeploymentRequest]] = Awaited(
    since=lambda request: request.successor_since if request.successor else None,
    due=_decision_due,
    why=lambda request: (
        f"The mandate of {request.deciding_authority} over {request.region} has ended: {request.successor} is to take "
        "the request over."
    ),
)
ENDORSEMENT: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_status_since,
    due=_decision_due,
    why=lambda request: (
        f"It is under review. Endorsements of revision {request.revision}: {len(on_revision(request).endorsements)}; "
        f"an approval needs {request.endorsements_required}."
    ),
)
APPROVAL: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_enough_since,
    until=lambda request: request.period.end,
    due=_decision_due,
    why=lambda request: f"It can be decided. {on_revision(request).votes}.",
)
DENIAL: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_denial_since,
    due=_decision_due,
    why=lambda request: (
        f"{request.requesting_authority} was heard or let the time pass. {on_revision(request).votes}."
        if request.hearing
        else f"It can be decided, but not approved. {on_revision(request).votes}."
    ),
)
NOTICE_TO_GIVE: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_notice_since,
    due=_decision_due,
    why=lambda request: (
        f"It can be denied once {request.requesting_authority} was given notice. {on_revision(request).votes}."
    ),
)
STATEMENT: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_statement_since,
    until=_statement_until,
    due=_statement_until,
    why=lambda request: f"{request.deciding_authority} intends to decide against it, and hears what is said before.",
)
HOLD_TO_REVIEW: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_review_by,
    due=_review_by,
    why=lambda request: "Its hold is past its review date.",
)
QUESTIONED_APPROVAL: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_questioned_since,
    due=_expires_at,
    why=lambda request: "Its approval is questioned: it is to be confirmed or revoked.",
)
FULFILMENT: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_approved_since,
    due=lambda request: request.next_due(),
    why=lambda request: f"Conditions of its approval not yet reported as fulfilled: {_open_conditions(request)}.",
)
REPORT_TO_SETTLE: Final[Awaited[DeploymentRequest]] = Awaited(
    since=lambda request: min(_reported(request), default=None),
    due=lambda request: None,
    why=lambda request: f"Reports of fulfilment to accept or to send back: {len(_reported(request))}.",
)
EXTENSION_TO_ENDORSE: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_asked_since,
    until=_expires_at,
    due=_expires_at,
    why=lambda request: (
        f"{request.requesting_authority} asks to extend the approval until {_until(request)}. "
        f"Endorsements: {_number(on_extension(request))}; a grant needs {request.endorsements_required}."
    ),
)
EXTENSION_TO_GRANT: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_extension_enough_since,
    until=_expires_at,
    due=_expires_at,
    why=lambda request: f"The extension until {_until(request)} can be decided. {_votes_on_extension(request)}.",
)
EXTENSION_TO_REFUSE: Final[Awaited[DeploymentRequest]] = Awaited(
    since=_extension_opposed_since,
    due=_expires_at,
    why=lambda request: (
        f"The extension until {_until(request)} can be decided, but not granted. {_votes_on_extension(request)}."
    ),
)
