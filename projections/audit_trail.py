"""The audit trail: every event that is shown to users, in the order of the log, with its changes."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Column,
    Index,
    Table,
    Text,
    Uuid,
)

from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION
from domain.deployment_request.state import DeploymentRequest
from domain.incident.events import EvidenceRecorded
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.vocabulary import Marking
from domain.voided_events import JurisdictionEventVoided
from projections.api_terms import MandateHolder
from projections.audit_entries import (
    AuditEntry,
    VisibleEntry,
    entry,
    evolve,
    introduces,
    kind_of,
    subject_of,
    visible_to,
)
from projections.changes import Change
from projections.state_items import item_rows, reader_with_items, without_texts
from projections.tables.documents import encode
from projections.tables.metadata import PROJECTIONS
from projections.tables.view import Folded, RowUpdate, StateTable, Values, View, items, state_table
from projections.version_rows import audience_of

__all__ = [
    "NAME",
    "VERSION",
    "VIEW",
    "AuditEntry",
    "Change",
    "VisibleEntry",
    "entry",
    "evolve",
    "visible_to",
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


remembered: Final = state_table("audit_trail_memory")
remembered_items: Final = items("audit_trail_items", texts=False)


def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    before, subject = state, subject_of(events[0])
    entries, of_items = [], list[Values]()
    for recorded in events:
        after = evolve(state, recorded)
        entries.append((entry(state, recorded, after), recorded))
        of_items += item_rows(remembered_items, subject, recorded, state, after)
        state = after
    audience = audience_of(state)
    rows = [_values(each, recorded, state, audience) for each, recorded in entries]
    return Folded(
        subject=subject,
        kind=kind_of(events[0]),
        state=without_texts(state),
        rows={table: rows, remembered_items: of_items},
        updates=() if before is None else _widening(subject, before, state),
    )


def _values(each: AuditEntry, recorded: Recorded[Any], state: Any, audience: list[str]) -> Values:
    event = recorded.event
    marking, own, within = getattr(state, "marking", Marking.CLEAR), audience, None
    if isinstance(event, EvidenceRecorded):
        piece = next(one for one in reversed(state.evidence) if one.id == event.evidence)
        marking, own, within = event.marking, sorted(state.audience_of(piece)), audience
    return (
        each.position,
        each.subject,
        each.kind,
        each.version,
        each.type,
        each.recorded_at,
        each.occurred_at,
        each.actor.kind.value,
        each.actor.issuer,
        each.actor.subject,
        each.actor.authority,
        each.actor.roles,
        each.correlation,
        each.causation,
        marking.value,
        own,
        within,
        introduces(recorded),
        each.mentions,
        encode((each.payload, each.changes, each.erased, each.reason_for)),
    )


def _widening(subject: UUID, before: Any, after: Any) -> list[RowUpdate]:
    """Updates of earlier rows if more people may see their subject, or a piece of its evidence."""
    audience, updates = audience_of(after), []
    if audience_of(before) != audience:
        updates.append(RowUpdate(table=table, where={"subject": subject}, values={"audience": audience}))
    if isinstance(after, Incident) and after.referred_to != before.referred_to:
        was = _audience_of_evidence(before)
        updates += [
            RowUpdate(table=table, where={"introduces": piece}, values={"audience": own, "within": audience})
            for piece, own in _audience_of_evidence(after).items()
            if updates or was.get(piece, own) != own
        ]
    return updates


def _audience_of_evidence(incident: Incident) -> dict[UUID, list[str]]:
    return {piece.id: sorted(incident.audience_of(piece)) for piece in incident.evidence}


def _states_of(kind: type[Any]) -> StateTable:
    return StateTable(table=remembered, read=reader_with_items(kind), versioned=False, items=remembered_items)


VIEW: Final = View(
    name=NAME,
    version=VERSION,
    tables=(table, remembered, remembered_items),
    memories={
        DEPLOYMENT_REQUEST.name: _states_of(DeploymentRequest),
        INCIDENT.name: _states_of(Incident),
        AUTHORITY.name: _states_of(MandateHolder),
    },
    by_stream=(DEPLOYMENT_REQUEST, INCIDENT),
    by_position=(AUTHORITY, JURISDICTION),
    subject=subject_of,
    kind=kind_of,
    fold=fold,
    parks=False,
    ignores=(JurisdictionEventVoided,),
)
