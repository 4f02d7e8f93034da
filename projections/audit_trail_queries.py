"""Queries of the audit trail: pages, histories, single events, and which mentions a viewer may see."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    any_,
    bindparam,
    func,
    or_,
    select,
)

from domain.vocabulary import Actor, ActorKind, Role
from projections.audit_entries import AuditEntry
from projections.audit_trail import NAME, table
from projections.changes import Change
from projections.reading.list_queries import of_each
from projections.reading.queries import Query, ViewerScope, is_any_of, overlaps, text_array, uuid_array, visible

SHOWN: Final = (
    "position", "subject", "kind", "version", "type", "recorded_at", "occurred_at", "actor_kind", "actor_issuer",
    "actor_subject", "actor_authority", "actor_roles", "correlation", "causation", "mentions", "document",
)  # fmt: skip


BEYOND: Final = 2**63 - 1  # a position that no event reaches


_DOCUMENT: Final = msgspec.json.Decoder(
    tuple[dict[str, Any], tuple[Change, ...], tuple[str, ...], tuple[str, ...] | None]
)
"""The document: payload, changes, erased, reason_for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditTrailFilter:
    """The API's filter; None does not filter. actor: a subject. authority: the one that the actor acted for."""

    actor: str | None = None
    authority: str | None = None
    type: Sequence[str] | None = None
    subject: UUID | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    correlation_id: UUID | None = None


def page(scope: ViewerScope, wanted: AuditTrailFilter, limit: int, after: int = 0) -> Query[AuditEntry]:
    """The next events after a position. Query one more than you show, to know whether there are more."""
    found = _next(scope, limit, after).where(*_conditions_but_type(wanted))
    if wanted.type is not None:
        found = of_each(table.c.type, text_array(dict.fromkeys(wanted.type)), found)
        found = found.order_by(found.selected_columns.position).limit(limit)
    return _query(found)


def histories(scope: ViewerScope, subjects: Iterable[UUID], limit: int, after: int = 0) -> Query[AuditEntry]:
    """The next `limit` events of each subject after a position, ordered by subject and position."""
    found = of_each(table.c.subject, uuid_array(subjects), _next(scope, limit, after))
    return _query(found.order_by(found.selected_columns.subject, found.selected_columns.position))


def _next(scope: ViewerScope, limit: int, after: int) -> Select[Any]:
    return _select(scope).where(table.c.position > after).order_by(table.c.position).limit(limit)


def at_positions(scope: ViewerScope, positions: Iterable[int]) -> Query[AuditEntry]:
    """Single events, by position, for explanations that refer to them."""
    wanted = bindparam(None, list(positions), type_=ARRAY(BigInteger))
    return _query(_select(scope).where(table.c.position == any_(wanted)).order_by(table.c.position))


def seen(scope: ViewerScope, mentions: Iterable[UUID]) -> Query[UUID]:
    """The incidents and pieces of evidence, of those given, that the viewer may see."""
    wanted = is_any_of(table.c.introduces, uuid_array(mentions))
    return Query(select(table.c.introduces).where(wanted, *_visible(scope)), (NAME,), lambda row: row[0])


def naming(
    scope: ViewerScope, subjects: Iterable[UUID], mentions: Collection[UUID]
) -> Query[tuple[UUID, frozenset[UUID]]]:
    """Of these subjects, those with a visible event that names any of these incidents; each with those it names."""
    found = _select(scope).with_only_columns(table.c.subject, table.c.mentions)
    found = found.where(is_any_of(table.c.subject, uuid_array(subjects)))
    found = found.where(table.c.mentions.bool_op("&&")(uuid_array(mentions)))
    return Query(found, (NAME,), lambda row: (row[0], frozenset(mentions) & frozenset(row[1])))


def _conditions_but_type(wanted: AuditTrailFilter) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (table.c.actor_subject, wanted.actor),
        (table.c.actor_authority, wanted.authority),
        (table.c.subject, wanted.subject),
        (table.c.correlation, wanted.correlation_id),
    ):
        if value is not None:
            yield column == value
    if wanted.recorded_from is not None:
        yield table.c.position >= _first_recorded(wanted.recorded_from)
    if wanted.recorded_until is not None:
        yield table.c.position < _first_recorded(wanted.recorded_until)


def _first_recorded(instant: datetime) -> ColumnElement[int]:
    """The position of the first event recorded at or after the instant: times never fall as positions rise."""
    ordered = select(table.c.position).order_by(table.c.recorded_at, table.c.position).limit(1)
    return func.coalesce(ordered.where(table.c.recorded_at >= instant).correlate(None).scalar_subquery(), BEYOND)


def _visible(scope: ViewerScope) -> tuple[ColumnElement[bool], ...]:
    """Evidence has its own audience, within that of its incident."""
    return visible(table, scope), or_(table.c.within.is_(None), overlaps(table.c.within, scope))


def _select(scope: ViewerScope) -> Select[Any]:
    statement = select(*(table.c[name] for name in SHOWN)).where(*_visible(scope))
    return statement if scope.position is None else statement.where(table.c.position <= scope.position)


def _query(statement: Select[Any]) -> Query[AuditEntry]:
    return Query(statement, (NAME,), _read)


def _read(row: Sequence[Any]) -> AuditEntry:
    values = dict(zip(SHOWN, row, strict=True))
    data, differing, erased, reason_for = _DOCUMENT.decode(values["document"])
    return AuditEntry(
        position=values["position"],
        subject=values["subject"],
        kind=values["kind"],
        version=values["version"],
        type=values["type"],
        recorded_at=values["recorded_at"],
        occurred_at=values["occurred_at"],
        actor=Actor(
            kind=ActorKind(values["actor_kind"]),
            issuer=values["actor_issuer"],
            subject=values["actor_subject"],
            authority=values["actor_authority"],
            roles=tuple(map(Role, values["actor_roles"])),
        ),
        correlation=values["correlation"],
        causation=values["causation"],
        mentions=tuple(values["mentions"]),
        payload=data,
        changes=differing,
        erased=erased,
        reason_for=reason_for,
    )
