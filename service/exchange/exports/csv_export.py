"""CSV (RFC 4180), for spreadsheets: a row a request, or a row an event.

Spreadsheets take a cell that begins with one of =, +, -, @, tab and line breaks for a formula, and run it: such a cell
gets an apostrophe in front, which they show as text.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, Final

import msgspec

from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import Decision, DeploymentRequest
from domain.vocabulary import Actor, Text
from projections.api_terms import instant
from service.exchange.visible_log.request_cases import RequestCase, cases
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

BYTE_ORDER_MARK: Final = "\ufeff".encode()
"""Without it, spreadsheets take UTF-8 for something else."""
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""The last four are the full-width forms of the first four."""

EVENT_COLUMNS: Final = (
    "position", "subject", "kind", "reference", "version", "type", "recordedAt", "occurredAt", "actor", "authority",
    "roles", "reason", "correlationId", "causationId", "data", "redactions",
)  # fmt: skip


def write_requests(teller: VisibleLog, target: BinaryIO) -> None:
    """A row a request, as it stood at the end of the scope."""
    at = teller.scope.told_as_of
    rows = ([tell(case, at) for tell in REQUEST_COLUMNS.values()] for case in cases(teller))
    _write(target, tuple(REQUEST_COLUMNS), rows)


def write_events(teller: VisibleLog, target: BinaryIO) -> None:
    """A row an event, in the order in which they were recorded."""
    _write(target, EVENT_COLUMNS, map(_event, teller.events()))


def cell(value: Any) -> Any:
    """A value as a cell that no spreadsheet takes for a formula. Numbers are none."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"'{value}" if isinstance(value, str) and value.startswith(DANGEROUS) else value


def _write(target: BinaryIO, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    text = io.TextIOWrapper(target, encoding="utf-8", newline="", write_through=False)
    writer = csv.writer(text, dialect="excel")
    writer.writerow(header)
    writer.writerows([cell(value) for value in row] for row in rows)
    text.flush()
    text.detach()


def _event(told: VisibleEvent) -> Iterator[Any]:
    yield from (told.position, str(told.subject), told.kind, told.name, told.version, told.type)
    yield from (instant(told.recorded_at), _time(told.occurred_at))
    yield from (told.actor.subject, told.actor.authority, _several(told.actor.roles), told.reason)
    yield from (str(told.correlation), told.causation)
    yield from (msgspec.json.encode(told.payload).decode(), _several(told.redactions))


def _decided(tell: Callable[[Decision], Any]) -> Callable[[RequestCase, datetime], Any]:
    """A column that only a decided request has."""
    return lambda case, at: None if case.request.decision is None else tell(case.request.decision)


def _held(tell: Callable[[RequestCase, Any], Any]) -> Callable[[RequestCase, datetime], Any]:
    """A column that only a withheld request has."""
    return lambda case, at: None if case.request.hold is None else tell(case, case.request.hold)


def _several(values: Iterable[str]) -> str:
    return "; ".join(values)


def _time(value: datetime | None) -> str | None:
    return None if value is None else instant(value)


def _text(value: Text) -> str:
    return str(value)


def _who(actor: Actor) -> str:
    return f"{actor.subject} ({actor.authority})"


def _counted(request: DeploymentRequest, recommendation: Recommendation) -> int:
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
    "periodStart": lambda case, at: instant(case.request.period.start),
    "periodEnd": lambda case, at: instant(case.request.period.end),
    "marking": lambda case, at: case.request.marking.value,
    "recipients": lambda case, at: _several(case.request.recipients),
    "incidents": lambda case, at: _several(case.named(case.request.incidents)),
    "submittedAt": lambda case, at: instant(case.request.submitted_at),
    "submittedBy": lambda case, at: _who(case.request.submitted_by),
    "updatedAt": lambda case, at: instant(case.request.updated_at),
    "overdue": lambda case, at: case.request.is_overdue(at),
    "heldSince": _held(lambda case, hold: instant(hold.held_since)),
    "heldBy": _held(lambda case, hold: _who(hold.held_by)),
    "holdReason": _held(lambda case, hold: _text(hold.reason)),
    "awaiting": _held(lambda case, hold: _several(case.named(hold.awaiting))),
    "minimumLikelihood": _held(lambda case, hold: hold.threshold.likelihood.value),
    "minimumConfidence": _held(lambda case, hold: hold.threshold.confidence.value),
    "reviewBy": _held(lambda case, hold: _time(hold.review_by)),
    "endorsementsRequired": lambda case, at: case.request.endorsements_required,
    "endorsementsFor": lambda case, at: _counted(case.request, Recommendation.APPROVE),
    "endorsementsAgainst": lambda case, at: _counted(case.request, Recommendation.DENY),
    "outcome": _decided(lambda decision: decision.outcome.value),
    "decidedAt": _decided(lambda decision: instant(decision.decided_at)),
    "decidedBy": _decided(lambda decision: _who(decision.decided_by)),
    "decisionReason": _decided(lambda decision: _text(decision.reason)),
    "standing": _decided(lambda decision: decision.standing.value),
    "grantedStrength": _decided(lambda decision: decision.granted_strength),
    "grantedPeriodStart": _decided(lambda d: d.granted_period and instant(d.granted_period.start)),
    "grantedPeriodEnd": _decided(lambda d: d.granted_period and instant(d.granted_period.end)),
    "validUntil": _decided(lambda decision: _time(decision.valid_until)),
    "conditions": _decided(lambda decision: _several(_text(each.text) for each in decision.conditions)),
    "conditionsOpen": _decided(lambda d: sum(not condition.is_fulfilled for condition in d.conditions)),
    "redactions": lambda case, at: _several(case.left_out),
}
