"""Every event that is shown to users, in the order in which it was recorded, with what it changed."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Select,
    Table,
    Text,
    Uuid,
    any_,
    bindparam,
    func,
    or_,
    select,
)

from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION
from domain.deployment_request.state import DeploymentRequest
from domain.incident.events import EvidenceRecorded
from domain.incident.state import Incident
from domain.recorded import Recorded
from domain.vocabulary import Actor, ActorKind, Marking, Role
from domain.voiding import JurisdictionEventVoided
from projections.api_terms import Holder
from projections.audit_entries import Entry, Shown, entry, evolve, introduces, kind_of, shown_to, subject_of
from projections.changes import Change
from projections.reading.list_queries import of_each
from projections.reading.queries import Question, Sight, among, overlaps, texts, uuids, visible
from projections.state_items import item_rows, reader_with_items, without_texts
from projections.tables.documents import encode
from projections.tables.metadata import PROJECTIONS
from projections.tables.view import Folded, Memory, Update, Values, View, items, memory
from projections.version_rows import audience_of

__all__ = [
    "NAME", "VERSION", "VIEW", "Change", "Entry", "Filter", "Shown",
    "at_positions", "entry", "evolve", "histories", "page", "seen", "shown_to",
]  # fmt: skip

NAME: Final = "audit_trail"
VERSION: Final = 3

table: Final = Table(
    NAME,
    PROJECTIONS,
    Column("position", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Uuid, nullable=False),
    Column("kind", Text, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("occurred_at", TIMESTAMP(timezone=True)),
    Column("actor_kind", Text, nullable=False),
    Column("actor_issuer", Text, nullable=False),
    Column("actor_subject", Text, nullable=False),
    Column("actor_authority", Text, nullable=False),
    Column("actor_roles", ARRAY(Text), nullable=False),
    Column("correlation", Uuid, nullable=False),
    Column("causation", BigInteger),
    Column("marking", Text, nullable=False),
    Column("audience", ARRAY(Text), nullable=False),
    Column("within", ARRAY(Text)),
    Column("introduces", Uuid),
    Column("mentions", ARRAY(Uuid), nullable=False),
    Column("document", Text, nullable=False),
)
Index(None, table.c.subject, table.c.position)
Index(None, table.c.type, table.c.position)
Index(None, table.c.actor_subject, table.c.position)
Index(None, table.c.actor_authority, table.c.position)
Index(None, table.c.correlation, table.c.position)
Index(None, table.c.recorded_at, table.c.position)
Index("ix_audit_trail_introduces", table.c.introduces, unique=True)
Index(None, table.c.audience, postgresql_using="gin")

SHOWN: Final = (
    "position", "subject", "kind", "version", "type", "recorded_at", "occurred_at", "actor_kind", "actor_issuer",
    "actor_subject", "actor_authority", "actor_roles", "correlation", "causation", "mentions", "document",
)  # fmt: skip
BEYOND: Final = 2**63 - 1  # a position that no event reaches

_TOLD: Final = msgspec.json.Decoder(tuple[dict[str, Any], tuple[Change, ...], tuple[str, ...], tuple[str, ...] | None])
"""The document: payload, changes, erased, reason_for."""

remembered: Final = memory("audit_trail_memory")
remembered_items: Final = items("audit_trail_items", texts=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """The contract's filter: what is None does not narrow. actor: a subject. authority: that somebody acted for."""

    actor: str | None = None
    authority: str | None = None
    type: Sequence[str] | None = None
    subject: UUID | None = None
    recorded_from: datetime | None = None
    recorded_until: datetime | None = None
    correlation: UUID | None = None


def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    before, subject = state, subject_of(events[0])
    told, of_items = [], list[Values]()
    for recorded in events:
        after = evolve(state, recorded)
        told.append((entry(state, recorded, after), recorded))
        of_items += item_rows(remembered_items, subject, recorded, state, after)
        state = after
    audience = audience_of(state)
    return Folded(
        subject=subject,
        kind=kind_of(events[0]),
        state=without_texts(state),
        rows={table: [_values(each, recorded, state, audience) for each, recorded in told], remembered_items: of_items},
        updates=() if before is None else _widening(subject, before, state),
    )


def _values(told: Entry, recorded: Recorded[Any], state: Any, audience: list[str]) -> Values:
    event = recorded.event
    marking, own, within = getattr(state, "marking", Marking.CLEAR), audience, None
    if isinstance(event, EvidenceRecorded):
        piece = next(each for each in reversed(state.evidence) if each.id == event.evidence)
        marking, own, within = event.marking, sorted(state.audience_of(piece)), audience
    return (
        told.position,
        told.subject,
        told.kind,
        told.version,
        told.type,
        told.recorded_at,
        told.occurred_at,
        told.actor.kind.value,
        told.actor.issuer,
        told.actor.subject,
        told.actor.authority,
        told.actor.roles,
        told.correlation,
        told.causation,
        marking.value,
        own,
        within,
        introduces(recorded),
        told.mentions,
        encode((told.payload, told.changes, told.erased, told.reason_for)),
    )


def _widening(subject: UUID, before: Any, after: Any) -> list[Update]:
    """What earlier rows get where more people may see their subject now, or a piece of its evidence."""
    audience, updates = audience_of(after), []
    if audience_of(before) != audience:
        updates.append(Update(table=table, where={"subject": subject}, values={"audience": audience}))
    if isinstance(after, Incident) and after.referred_to != before.referred_to:
        was = _audience_of_evidence(before)
        updates += [
            Update(table=table, where={"introduces": piece}, values={"audience": own, "within": audience})
            for piece, own in _audience_of_evidence(after).items()
            if updates or was.get(piece, own) != own
        ]
    return updates


def _audience_of_evidence(incident: Incident) -> dict[UUID, list[str]]:
    return {piece.id: sorted(incident.audience_of(piece)) for piece in incident.evidence}


def _remembering(kind: type[Any]) -> Memory:
    return Memory(table=remembered, read=reader_with_items(kind), versioned=False, items=remembered_items)


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table, remembered, remembered_items),
    memories={
        DEPLOYMENT_REQUEST.name: _remembering(DeploymentRequest),
        INCIDENT.name: _remembering(Incident),
        AUTHORITY.name: _remembering(Holder),
    },
    by_stream=(DEPLOYMENT_REQUEST, INCIDENT),
    by_position=(AUTHORITY, JURISDICTION),
    subject=subject_of,
    kind=kind_of,
    fold=fold,
    parks=False,
    ignores=(JurisdictionEventVoided,),
)


def page(sight: Sight, wanted: Filter, limit: int, after: int = 0) -> Question[Entry]:
    """The next events after a position. Ask for one more than is shown to know whether there are more."""
    found = _next(sight, limit, after).where(*_conditions_but_type(wanted))
    if wanted.type is not None:
        found = of_each(table.c.type, texts(dict.fromkeys(wanted.type)), found)
        found = found.order_by(found.selected_columns.position).limit(limit)
    return _asked(found)


def histories(sight: Sight, subjects: Iterable[UUID], limit: int, after: int = 0) -> Question[Entry]:
    """The next events of each of several subjects after a position, `limit` of each, by subject and position."""
    found = of_each(table.c.subject, uuids(subjects), _next(sight, limit, after))
    return _asked(found.order_by(found.selected_columns.subject, found.selected_columns.position))


def _next(sight: Sight, limit: int, after: int) -> Select[Any]:
    return _shown(sight).where(table.c.position > after).order_by(table.c.position).limit(limit)


def at_positions(sight: Sight, positions: Iterable[int]) -> Question[Entry]:
    """Single events, as explanations rest on them."""
    wanted = bindparam(None, list(positions), type_=ARRAY(BigInteger))
    return _asked(_shown(sight).where(table.c.position == any_(wanted)).order_by(table.c.position))


def seen(sight: Sight, mentions: Iterable[UUID]) -> Question[UUID]:
    """Those of these incidents and pieces of evidence that the viewer may see."""
    wanted = among(table.c.introduces, uuids(mentions))
    return Question(select(table.c.introduces).where(wanted, *_visible(sight)), (NAME,), lambda row: row[0])


def _conditions_but_type(wanted: Filter) -> Iterator[ColumnElement[bool]]:
    for column, value in (
        (table.c.actor_subject, wanted.actor),
        (table.c.actor_authority, wanted.authority),
        (table.c.subject, wanted.subject),
        (table.c.correlation, wanted.correlation),
    ):
        if value is not None:
            yield column == value
    if wanted.recorded_from is not None:
        yield table.c.position >= _first_recorded(wanted.recorded_from)
    if wanted.recorded_until is not None:
        yield table.c.position < _first_recorded(wanted.recorded_until)


def _first_recorded(instant: datetime) -> ColumnElement[int]:
    """The position of the first event recorded then or later: time never falls as positions rise."""
    ordered = select(table.c.position).order_by(table.c.recorded_at, table.c.position).limit(1)
    return func.coalesce(ordered.where(table.c.recorded_at >= instant).correlate(None).scalar_subquery(), BEYOND)


def _visible(sight: Sight) -> tuple[ColumnElement[bool], ...]:
    """Evidence has an audience of its own, within that of its incident."""
    return visible(table, sight), or_(table.c.within.is_(None), overlaps(table.c.within, sight))


def _shown(sight: Sight) -> Select[Any]:
    statement = select(*(table.c[name] for name in SHOWN)).where(*_visible(sight))
    return statement if sight.position is None else statement.where(table.c.position <= sight.position)


def _asked(statement: Select[Any]) -> Question[Entry]:
    return Question(statement, (NAME,), _read)


def _read(row: Sequence[Any]) -> Entry:
    told = dict(zip(SHOWN, row, strict=True))
    data, differing, erased, reason_for = _TOLD.decode(told["document"])
    return Entry(
        position=told["position"],
        subject=told["subject"],
        kind=told["kind"],
        version=told["version"],
        type=told["type"],
        recorded_at=told["recorded_at"],
        occurred_at=told["occurred_at"],
        actor=Actor(
            kind=ActorKind(told["actor_kind"]),
            issuer=told["actor_issuer"],
            subject=told["actor_subject"],
            authority=told["actor_authority"],
            roles=tuple(map(Role, told["actor_roles"])),
        ),
        correlation=told["correlation"],
        causation=told["causation"],
        mentions=tuple(told["mentions"]),
        payload=data,
        changes=differing,
        erased=erased,
        reason_for=reason_for,
    )
