"""The audit trail: every event that is shown to users, in the order of the log, with its changes."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Index,
    Table,
    Text,
    Uuid,
    text,
)

from domain import markings
from domain.catalogue import AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION, own_audience
from domain.deployment_request.state import DeploymentRequest
from domain.incident.events import OfEvidence
from domain.incident.state import Incident
from domain.recorded_event import Recorded
from domain.voided_events import JurisdictionEventVoided
from projections.rows.api_terms import MandateHolder
from projections.rows.audit_entries import (
    BY_AUTHORITY,
    entry,
    evolve,
    introduces,
    kind_of,
    marking_of,
    subject_of,
    visible_to,
)
from projections.rows.audit_entry import AuditEntry, VisibleEntry
from projections.rows.state_items import item_rows, reader_with_items, without_texts
from projections.rows.value_changes import Change
from projections.rows.version_rows import audience_of, readers_of
from projections.tables.metadata import PROJECTIONS
from projections.tables.row_documents import encode
from projections.tables.view import Folded, RowUpdate, StateTable, Values, View, items, state_table

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
VERSION: Final = 19

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
    Column("actor_on_behalf_of", ARRAY(Text)),
    Column("correlation", Uuid, nullable=False),
    Column("causation", BigInteger),
    Column("marking", Text, nullable=False),
    Column("audience", ARRAY(Text), nullable=False),
    Column("within", ARRAY(Text)),
    Column("public", Boolean, primary_key=True, server_default="false"),
    Column("unless", ARRAY(Text)),
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
Index(
    "ix_audit_trail_imported", table.c.position, table.c.occurred_at, postgresql_where=text("occurred_at IS NOT NULL")
)
Index("ix_audit_trail_of_deputies", table.c.position, postgresql_where=text("actor_on_behalf_of IS NOT NULL"))
Index("ix_audit_trail_about", table.c.introduces)


remembered: Final = state_table("audit_trail_memory")
remembered_items: Final = items("audit_trail_items", texts=False, audience=False)


def fold(state: Any, events: Sequence[Recorded[Any]]) -> Folded:
    before, subject = state, subject_of(events[0])
    entries, of_items = list[TrailRow](), list[Values]()
    readers: list[str] = []
    for recorded in events:
        after = evolve(state, recorded)
        entries += _entries(state, recorded, after, readers)
        of_items += item_rows(remembered_items, subject, recorded, state, after)
        state = after
    audience = audience_of(state)
    readers += readers_of(state)  # the entries share this list
    rows = [_values(each, state, audience) for each in entries]
    return Folded(
        subject=subject,
        kind=kind_of(events[0]),
        state=without_texts(state),
        rows={table: rows, remembered_items: of_items},
        updates=() if before is None else _moves(subject, before, state),
    )


@dataclass(frozen=True, slots=True)
class TrailRow:
    """A row for an event. within: who, of those in its audience, sees this row; unless: who does not.

    An event with parts that are internal to the deciding authority has two rows: a public one without them, and one
    for their readers.
    """

    entry: AuditEntry
    recorded: Recorded[Any]
    within: list[str] | None = None
    unless: list[str] | None = None


def _entries(before: Any, recorded: Recorded[Any], after: Any, readers: list[str]) -> Iterator[TrailRow]:
    whole = entry(before, recorded, after)
    public = entry(before, recorded, after, internal=False) if isinstance(after, DeploymentRequest) else whole
    if public == whole:
        yield TrailRow(whole, recorded)
        return
    yield TrailRow(whole, recorded, within=readers)
    yield TrailRow(public, recorded, unless=readers)


def _values(row: TrailRow, state: Any, audience: list[str]) -> Values:
    each, recorded, event = row.entry, row.recorded, row.recorded.event
    marking, own, within = marking_of(event, state), audience, row.within
    if isinstance(event, OfEvidence):
        own, within = sorted(state.audience_of(state.piece(event.evidence))), audience
    if (audience_of_event := own_audience(event)) is not None:
        own = sorted(audience_of_event)
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
        each.actor.on_behalf_of,
        each.correlation,
        each.causation,
        marking.value,
        own,
        within,
        row.unless is not None,
        row.unless,
        introduces(recorded),
        each.mentions,
        encode((each.payload, each.changes, each.erased, None, each.withheld)),
    )


def _moves(subject: UUID, before: Any, after: Any) -> list[RowUpdate]:
    """Updates of earlier rows if their subject, or a piece of its evidence, has another marking or audience."""
    marking, audience, updates = markings.of_state(after), audience_of(after), list[RowUpdate]()
    if (markings.of_state(before), audience_of(before)) != (marking, audience):
        values = {"marking": marking.value, "audience": audience}
        updates.append(RowUpdate(table=table, where={"subject": subject}, values=values))
    read_by = readers_of(after)
    if read_by != (formerly := readers_of(before)):
        updates += [
            RowUpdate(table=table, where={"subject": subject, name: formerly}, values={name: read_by})
            for name in ("within", "unless")
        ]
    if isinstance(after, Incident) and (updates or _deciders(after) != _deciders(before)):
        was = _evidence(before)
        updates += [
            RowUpdate(table=table, where={"introduces": piece}, values={**values, "within": audience})
            for piece, values in _evidence(after).items()
            if updates or was.get(piece, values) != values
        ]
    return updates


def _deciders(incident: Incident) -> tuple[Any, ...]:
    """Who besides its author and its recipients may see a piece of evidence."""
    return incident.region, incident.covered_by, incident.referred_to


def _evidence(incident: Incident) -> dict[UUID, dict[str, Any]]:
    """The marking and audience of each piece of evidence."""
    return {
        piece.id: {
            "marking": incident.marking_of(piece).value,
            "audience": sorted(incident.audience_of(piece)),
        }
        for piece in incident.evidence
    }


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
    by_position=(AUTHORITY, JURISDICTION, *BY_AUTHORITY),
    subject=subject_of,
    kind=kind_of,
    fold=fold,
    parks=False,
    ignores=(JurisdictionEventVoided, *(each.voided for each in BY_AUTHORITY)),
)
