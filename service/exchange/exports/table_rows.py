"""The rows of tables: one per request, or one per event. Values are texts, numbers, booleans and instants."""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, Final

import msgspec

from domain.deployment_request.decision import Decision
from domain.deployment_request.events import Recommendation
from domain.vocabulary import Actor, Text
from service.exchange.exports.columns import actor_id, principal_id
from service.exchange.visible_log.request_cases import RequestCase, cases
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

Row = Iterable[Any]

EVENT_COLUMNS: Final = (
    "position", "subject", "kind", "reference", "version", "type", "recordedAt", "occurredAt", "actor", "authority",
    "roles", "onBehalfOf", "reason", "correlationId", "causationId", "data", "redactions",
)  # fmt: skip


def request_rows(log: VisibleLog) -> Iterator[Row]:
    """One row per request, at the end of the scope, with REQUEST_COLUMNS."""
    at = log.scope.effective_time
    return ([read(case, at) for read in REQUEST_COLUMNS.values()] for case in cases(log))


def event_rows(log: VisibleLog) -> Iterator[Row]:
    """One row per event, in log order, with EVENT_COLUMNS."""
    return map(_event, log.events())


def _event(event: VisibleEvent) -> Iterator[Any]:
    yield from (event.position, str(event.subject), event.kind, event.name, event.version, event.type)
    yield from (event.recorded_at, event.occurred_at)
    yield from (actor_id(event.actor), event.actor.authority, _joined(event.actor.roles), principal_id(event.actor))
    yield event.reason
    yield from (str(event.correlation), event.causation)
    yield from (msgspec.json.encode(event.payload).decode(), _joined(event.redactions))


def _if_decided(read: Callable[[Decision], Any]) -> Callable[[RequestCase, datetime], Any]:
    """A column that is empty unless the request is decided."""
    return lambda case, at: None if case.request.decision is None else read(case.request.decision)


def _if_held(read: Callable[[RequestCase, Any], Any]) -> Callable[[RequestCase, datetime], Any]:
    """A column that is empty unless the request is withheld."""
    return lambda case, at: None if case.request.hold is None else read(case, case.request.hold)


def _joined(values: Iterable[str]) -> str:
    return "; ".join(values)


def _text(value: Text) -> str:
    return str(value)


def _who(actor: Actor) -> str:
    principal = principal_id(actor)
    return f"{actor_id(actor)}{f' for {principal}' if principal else ''} ({actor.authority})"


def _counted(case: RequestCase, recommendation: Recommendation) -> int | None:
    """How many endorsements count that recommend this; None if the viewer may not know."""
    request = case.request
    if not case.deliberations:
        return None
    return sum(request.counts(each) and each.recommendation is recommendation for each in request.endorsements)


REQUEST_COLUMNS: Final[dict[str, Callable[[RequestCase, datetime], Any]]] = {
    "reference": lambda case, at: case.request.reference,
    "id": lambda case, at: str(case.request.id),
    "status": lambda case, at: case.request.status.value,
    "version": lambda case, at: case.request.version,
    "revision": lambda case, at: case.request.revision,
    "requestingAuthority": lambda case, at: case.request.requesting_authority,
    "decidingAuthority": lambda case, at: case.request.deciding_authority,
    "force": lambda case, at: case.request.force,
    "strength": lambda case, at: case.request.strength,
    "region": lambda case, at: case.request.region,
    "purpose": lambda case, at: _text(case.request.purpose),
    "periodStart": lambda case, at: case.request.period.start,
    "periodEnd": lambda case, at: case.request.period.end,
    "marking": lambda case, at: case.request.marking.value,
    "recipients": lambda case, at: _joined(case.request.recipients),
    "incidents": lambda case, at: _joined(case.named(case.request.incidents)),
    "submittedAt": lambda case, at: case.request.submitted_at,
    "submittedBy": lambda case, at: _who(case.request.submitted_by),
    "updatedAt": lambda case, at: case.request.updated_at,
    "overdue": lambda case, at: case.request.is_overdue(at),
    "heldSince": _if_held(lambda case, hold: hold.held_since),
    "heldBy": _if_held(lambda case, hold: _who(hold.held_by)),
    "holdReason": _if_held(lambda case, hold: _text(hold.reason)),
    "awaiting": _if_held(lambda case, hold: _joined(case.named(hold.awaiting))),
    "minimumLikelihood": _if_held(lambda case, hold: hold.threshold.likelihood.value),
    "minimumConfidence": _if_held(lambda case, hold: hold.threshold.confidence.value),
    "reviewBy": _if_held(lambda case, hold: hold.review_by),
    "assignedTo": lambda case, at: case.request.assigned_to and _who(case.request.assigned_to),
    "endorsementsRequired": lambda case, at: case.request.endorsements_required,
    "endorsementsCounted": lambda case, at: case.request.endorsements_counted,
    "endorsementsFor": lambda case, at: _counted(case, Recommendation.APPROVE),
    "endorsementsAgainst": lambda case, at: _counted(case, Recommendation.DENY),
    "outcome": _if_decided(lambda decision: decision.outcome.value),
    "decidedAt": _if_decided(lambda decision: decision.decided_at),
    "decidedBy": _if_decided(lambda decision: _who(decision.decided_by)),
    "decisionReason": _if_decided(lambda decision: _text(decision.reason)),
    "standing": _if_decided(lambda decision: decision.standing.value),
    "grantedStrength": _if_decided(lambda decision: decision.granted_strength),
    "grantedPeriodStart": _if_decided(lambda d: d.granted_period and d.granted_period.start),
    "grantedPeriodEnd": _if_decided(lambda d: d.granted_period and d.granted_period.end),
    "validUntil": _if_decided(lambda decision: decision.valid_until),
    "conditions": _if_decided(lambda decision: _joined(_text(each.text) for each in decision.conditions)),
    "conditionsOpen": _if_decided(lambda d: sum(not condition.is_fulfilled for condition in d.conditions)),
    "conditionsAccepted": _if_decided(lambda d: sum(each.accepted_at is not None for each in d.conditions)),
    "answerBy": lambda case, at: case.request.answer_by,
    "extensionUntil": lambda case, at: case.request.extension and case.request.extension.until,
    "noticeUntil": lambda case, at: case.request.hearing and case.request.hearing.until,
    "statementAt": lambda case, at: case.request.hearing and case.request.hearing.statement_at,
    "redactions": lambda case, at: _joined(case.left_out),
}
