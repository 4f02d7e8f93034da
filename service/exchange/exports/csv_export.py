"""CSV (RFC 4180) for spreadsheets: one row per request, or one row per event.

Spreadsheets run a cell that starts with =, +, -, @, a tab or a line break as a formula. Such cells are prefixed with
an apostrophe, which makes them text.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any, BinaryIO, Final

import msgspec

from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import Decision, DeploymentRequest
from domain.vocabulary import Actor, Text, iso_time
from service.exchange.exports.columns import actor_id
from service.exchange.visible_log.request_cases import RequestCase, cases
from service.exchange.visible_log.visible_events import VisibleEvent, VisibleLog

BYTE_ORDER_MARK: Final = "\ufeff".encode()
"""Without it, spreadsheets do not detect UTF-8."""
DANGEROUS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""First characters of a formula; the last four are the full-width forms of the first four."""

EVENT_COLUMNS: Final = (
    "position", "subject", "kind", "reference", "version", "type", "recordedAt", "occurredAt", "actor", "authority",
    "roles", "reason", "correlationId", "causationId", "data", "redactions",
)  # fmt: skip


def write_requests(log: VisibleLog, target: BinaryIO) -> None:
    """One row per request, at the end of the scope."""
    at = log.scope.effective_time
    rows = ([read(case, at) for read in REQUEST_COLUMNS.values()] for case in cases(log))
    _write(target, tuple(REQUEST_COLUMNS), rows)


def write_events(log: VisibleLog, target: BinaryIO) -> None:
    """One row per event, in log order."""
    _write(target, EVENT_COLUMNS, map(_event, log.events()))


def cell(value: Any) -> Any:
    """A cell value that no spreadsheet runs as a formula. Numbers are unchanged."""
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


def _event(event: VisibleEvent) -> Iterator[Any]:
    yield from (event.position, str(event.subject), event.kind, event.name, event.version, event.type)
    yield from (iso_time(event.recorded_at), _time(event.occurred_at))
    yield from (actor_id(event.actor), event.actor.authority, _joined(event.actor.roles), event.reason)
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


def _time(value: datetime | None) -> str | None:
    return None if value is None else iso_time(value)


def _text(value: Text) -> str:
    return str(value)


def _who(actor: Actor) -> str:
    return f"{actor_id(actor)} ({actor.authority})"


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
    "periodStart": lambda case, at: iso_time(case.request.period.start),
    "periodEnd": lambda case, at: iso_time(case.request.period.end),
    "marking": lambda case, at: case.request.marking.value,
    "recipients": lambda case, at: _joined(case.request.recipients),
    "incidents": lambda case, at: _joined(case.named(case.request.incidents)),
    "submittedAt": lambda case, at: iso_time(case.request.submitted_at),
    "submittedBy": lambda case, at: _who(case.request.submitted_by),
    "updatedAt": lambda case, at: iso_time(case.request.updated_at),
    "overdue": lambda case, at: case.request.is_overdue(at),
    "heldSince": _if_held(lambda case, hold: iso_time(hold.held_since)),
    "heldBy": _if_held(lambda case, hold: _who(hold.held_by)),
    "holdReason": _if_held(lambda case, hold: _text(hold.reason)),
    "awaiting": _if_held(lambda case, hold: _joined(case.named(hold.awaiting))),
    "minimumLikelihood": _if_held(lambda case, hold: hold.threshold.likelihood.value),
    "minimumConfidence": _if_held(lambda case, hold: hold.threshold.confidence.value),
    "reviewBy": _if_held(lambda case, hold: _time(hold.review_by)),
    "endorsementsRequired": lambda case, at: case.request.endorsements_required,
    "endorsementsFor": lambda case, at: _counted(case.request, Recommendation.APPROVE),
    "endorsementsAgainst": lambda case, at: _counted(case.request, Recommendation.DENY),
    "outcome": _if_decided(lambda decision: decision.outcome.value),
    "decidedAt": _if_decided(lambda decision: iso_time(decision.decided_at)),
    "decidedBy": _if_decided(lambda decision: _who(decision.decided_by)),
    "decisionReason": _if_decided(lambda decision: _text(decision.reason)),
    "standing": _if_decided(lambda decision: decision.standing.value),
    "grantedStrength": _if_decided(lambda decision: decision.granted_strength),
    "grantedPeriodStart": _if_decided(lambda d: d.granted_period and iso_time(d.granted_period.start)),
    "grantedPeriodEnd": _if_decided(lambda d: d.granted_period and iso_time(d.granted_period.end)),
    "validUntil": _if_decided(lambda decision: _time(decision.valid_until)),
    "conditions": _if_decided(lambda decision: _joined(_text(each.text) for each in decision.conditions)),
    "conditionsOpen": _if_decided(lambda d: sum(not condition.is_fulfilled for condition in d.conditions)),
    "redactions": lambda case, at: _joined(case.left_out),
}
