"""Queries of the audit trail: pages, histories, single events, and which mentions a viewer may see."""

from collections.abc import Collection, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    ColumnElement,
    Select,
    any_,
    bindparam,
    func,
    literal_column,
    not_,
    or_,
    select,
    union_all,
)

from domain.fast_replace import fast_replace
from domain.vocabulary import Actor, ActorKind, Marking, Role
from projections.reading.filter_shape import LIMIT
from projections.reading.list_queries import of_each
from projections.reading.queries import (
    PreparedQuery,
    Query,
    ViewerScope,
    is_any_of,
    last_position,
    named_texts,
    named_uuids,
    overlaps,
    visible,
)
from projections.rows.audit_entry import AuditEntry
from projections.rows.partial_entries import Names, entry_parts, person_of
from projections.rows.value_changes import Change
from projections.views.audit_trail import NAME, table
from projections.views.audit_trail_conditions import alternatives
from projections.views.audit_trail_filter import BEYOND, FROM_THE_START, AuditTrailFilter, PositionRange

SHOWN: Final = (
    "position", "subject", "kind", "version", "type", "recorded_at", "occurred_at", "actor_kind", "actor_issuer",
    "actor_subject", "actor_authority", "actor_roles", "actor_on_behalf_of", "correlation", "causation", "mentions",
    "document", "marking", "introduces",
)  # fmt: skip


class _EntryDocument(msgspec.Struct, array_like=True):
    """reason_for: in rows of an older version, who may read the reason."""

    payload: dict[str, Any]
    changes: tuple[Change, ...]
    erased: tuple[str, ...]
    reason_for: tuple[str, ...] | None = None
    withheld: tuple[str, ...] = ()


_DOCUMENT: Final = msgspec.json.Decoder(_EntryDocument)


def page(
    scope: ViewerScope,
    wanted: AuditTrailFilter,
    limit: int,
    part: PositionRange = FROM_THE_START,
    names: Names | None = None,
) -> Query[AuditEntry]:
    """The next events of a range. Query one more than you show, to know whether there are more.

    names: the parts that are read of each, as in `partial_entries`; None if any may be read.
    """
    values = wanted.values
    form = (part.newest_first, tuple(values))
    return _prepared(_PAGES, scope, names, *form, **values, limit=limit, after=part.after, before=part.before)


def count(scope: ViewerScope, wanted: AuditTrailFilter) -> Query[int]:
    """How many events the filter leaves. One row."""
    return _COUNTS.of(scope, tuple(wanted.values), **wanted.values)


def histories(
    scope: ViewerScope,
    subjects: Iterable[UUID],
    limit: int,
    part: PositionRange = FROM_THE_START,
    names: Names | None = None,
) -> Query[AuditEntry]:
    """The next `limit` events of each subject in a range, by subject.

    names: as in `page`.
    """
    values = {"subjects": list(subjects), "limit": limit, "after": part.after, "before": part.before}
    return _prepared(_HISTORIES, scope, names, part.newest_first, **values)


def history_lengths(scope: ViewerScope, subjects: Iterable[UUID], before: int = BEYOND) -> Query[tuple[UUID, int]]:
    """The number of events before a position, of each subject that has any."""
    return _LENGTHS.of(scope, subjects=list(subjects), before=before)


def at_positions(scope: ViewerScope, positions: Iterable[int]) -> Query[AuditEntry]:
    """Single events, by position, for explanations that refer to them."""
    return _AT_POSITIONS.of(scope, positions=list(positions))


def seen(scope: ViewerScope, mentions: Iterable[UUID]) -> Query[UUID]:
    """The incidents and pieces of evidence, of those given, that the viewer may see."""
    return _SEEN.of(scope, mentioned=list(mentions))


def naming(
    scope: ViewerScope, subjects: Iterable[UUID], mentions: Collection[UUID]
) -> Query[tuple[UUID, frozenset[UUID]]]:
    """Of these subjects, those with a visible event that names any of these incidents; each with those it names."""
    found = _NAMING.of(scope, subjects=list(subjects), mentioned=list(mentions))
    return fast_replace(found, read=lambda row: (row[0], frozenset(mentions) & frozenset(row[1])))


@dataclass(frozen=True, slots=True, kw_only=True)
class HappenedPart:
    """The events of a subject before its first one that happened after an instant. version: of the last of them; 0 if
    there is none. end: the position of the next event."""

    version: int
    end: int


def happened(scope: ViewerScope, subjects: Iterable[UUID], until: datetime) -> Query[tuple[UUID, HappenedPart]]:
    """How far each subject had come by an instant, whenever that was recorded."""
    return _HAPPENED.of(scope, subjects=list(subjects), until=until)


def _prepared(
    query: PreparedQuery[AuditEntry], scope: ViewerScope, names: Names | None, *form: Hashable, **values: object
) -> Query[AuditEntry]:
    parts = None if names is None else entry_parts(names)
    if parts is None:
        return query.of(scope, SHOWN, *form, **values)
    return fast_replace(query.of(scope, parts.columns, *form, **values), read=parts.read)


def _page(scope: ViewerScope, columns: tuple[str, ...], newest_first: bool, chosen: tuple[str, ...]) -> Select[Any]:
    lists = [_next(scope, columns, newest_first).where(*each) for each in alternatives(chosen)]
    if "type" in chosen:
        lists = [of_each(table.c.type, named_texts("type"), each) for each in lists]
    if len(lists) == 1 and "type" not in chosen:
        return lists[0]
    found = union_all(*(select(each.subquery()) for each in lists)).subquery("found")
    return select(found).order_by(_ordered(found.c.position, newest_first)).limit(LIMIT)


def _count(scope: ViewerScope, chosen: tuple[str, ...]) -> Select[Any]:
    counted = _select(scope).with_only_columns(func.count().label("events"))
    if "type" in chosen:
        counted = counted.where(is_any_of(table.c.type, named_texts("type")))
    found = union_all(*(counted.where(*each) for each in alternatives(chosen))).subquery("found")
    return select(func.sum(found.c.events))


def _histories(scope: ViewerScope, columns: tuple[str, ...], newest_first: bool) -> Select[Any]:
    found = of_each(table.c.subject, named_uuids("subjects"), _next(scope, columns, newest_first))
    return found.order_by(found.selected_columns.subject, _ordered(found.selected_columns.position, newest_first))


def _history_lengths(scope: ViewerScope) -> Select[Any]:
    of_these = _select(scope).where(is_any_of(table.c.subject, named_uuids("subjects")), table.c.position < _BEFORE)
    return of_these.with_only_columns(table.c.subject, func.count()).group_by(table.c.subject)


def _happened(scope: ViewerScope) -> Select[Any]:
    is_later = func.coalesce(table.c.occurred_at, table.c.recorded_at) > bindparam(
        "until", type_=TIMESTAMP(timezone=True)
    )
    version = func.coalesce(func.min(table.c.version).filter(is_later) - 1, func.max(table.c.version))
    end = func.coalesce(func.min(table.c.position).filter(is_later), BEYOND)
    of_these = _select(scope).where(is_any_of(table.c.subject, named_uuids("subjects")))
    return of_these.with_only_columns(table.c.subject, version, end).group_by(table.c.subject)


def _next(scope: ViewerScope, columns: tuple[str, ...], newest_first: bool) -> Select[Any]:
    after = bindparam("after", type_=BigInteger)
    found = _select(scope, columns).where(table.c.position > after, table.c.position < _BEFORE)
    return found.order_by(_ordered(table.c.position, newest_first)).limit(LIMIT)


def _ordered(position: ColumnElement[int], newest_first: bool) -> ColumnElement[int]:
    return position.desc() if newest_first else position


def _at_positions(scope: ViewerScope) -> Select[Any]:
    wanted = bindparam("positions", type_=ARRAY(BigInteger))
    return _select(scope).where(table.c.position == any_(wanted)).order_by(table.c.position)


def _seen(scope: ViewerScope) -> Select[Any]:
    return select(table.c.introduces).where(is_any_of(table.c.introduces, named_uuids("mentioned")), *_visible(scope))


def _naming(scope: ViewerScope) -> Select[Any]:
    found = _select(scope).with_only_columns(table.c.subject, table.c.mentions)
    found = found.where(is_any_of(table.c.subject, named_uuids("subjects")))
    return found.where(table.c.mentions.bool_op("&&")(named_uuids("mentioned")))


def _visible(scope: ViewerScope) -> tuple[ColumnElement[bool], ...]:
    """Evidence has its own audience, within that of its incident. Of two rows of an event, one is for the viewer."""
    tokens = named_texts("tokens")  # empty for the register, which sees no public row
    is_other = (func.cardinality(tokens) > literal_column("0")) & not_(table.c.unless.bool_op("&&")(tokens))
    shown = or_(table.c.unless.is_(None), is_other)
    return visible(table, scope), or_(table.c.within.is_(None), overlaps(table.c.within, scope)), shown


def _select(scope: ViewerScope, columns: tuple[str, ...] = SHOWN) -> Select[Any]:
    statement = select(*(table.c[name] for name in columns)).where(*_visible(scope))
    return statement if scope.position is None else statement.where(table.c.position <= last_position())


def _read(row: Sequence[Any]) -> AuditEntry:
    values = dict(zip(SHOWN, row, strict=True))
    document = _DOCUMENT.decode(values["document"])
    if document.reason_for is not None:
        document.payload.pop("reason", None)
        document.withheld = ("reason",)
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
            on_behalf_of=person_of(values["actor_on_behalf_of"]),
        ),
        correlation=values["correlation"],
        causation=values["causation"],
        mentions=tuple(values["mentions"]),
        payload=document.payload,
        changes=document.changes,
        erased=document.erased,
        withheld=document.withheld,
        marking=Marking(values["marking"]),
        introduces=values["introduces"],
    )


_BEFORE: Final = bindparam("before", type_=BigInteger)
_PAGES: Final = PreparedQuery(_page, (NAME,), _read)
_COUNTS: Final = PreparedQuery(_count, (NAME,), lambda row: int(row[0]))
_HISTORIES: Final = PreparedQuery(_histories, (NAME,), _read, by_key=True)
_LENGTHS: Final[PreparedQuery[tuple[UUID, int]]] = PreparedQuery(
    _history_lengths, (NAME,), lambda row: (row[0], int(row[1])), by_key=True
)
_HAPPENED: Final[PreparedQuery[tuple[UUID, HappenedPart]]] = PreparedQuery(
    _happened, (NAME,), lambda row: (row[0], HappenedPart(version=int(row[1]), end=int(row[2])))
)
_AT_POSITIONS: Final = PreparedQuery(_at_positions, (NAME,), _read, by_key=True)
_SEEN: Final = PreparedQuery(_seen, (NAME,), lambda row: row[0])
_NAMING: Final[PreparedQuery[Any]] = PreparedQuery(_naming, (NAME,), lambda row: row)
