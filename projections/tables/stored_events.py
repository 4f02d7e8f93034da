"""The event store's tables. `events` has the names, types, key and index of the eventsourcing library."""

from typing import Final

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    text,
)

from projections.tables.metadata import EVENT_STORE

events: Final = Table(
    "events",
    EVENT_STORE,
    Column("originator_id", Uuid, nullable=False),
    Column("originator_version", BigInteger, nullable=False),
    Column("topic", Text),
    Column("state", LargeBinary),
    Column(
        "notification_id",
        BigInteger,
        nullable=False,
        server_default=text("nextval('event_store.events_notification_id_seq'::regclass)"),
    ),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint("originator_id", "originator_version", name="events_pkey"),
    Index("events_notification_id_idx", "notification_id", unique=True),
    Index(
        "events_marking_changes_idx",
        "notification_id",
        postgresql_where=text("topic IN ('RequestMarkingChanged', 'IncidentMarkingChanged')"),
    ),
)

event_texts: Final = Table(
    "event_texts",
    EVENT_STORE,
    Column(
        "position", BigInteger, ForeignKey("event_store.events.notification_id"), primary_key=True, autoincrement=False
    ),
    Column("texts", LargeBinary, nullable=False),
)

horizon: Final = Table(
    "horizon",
    EVENT_STORE,
    Column(
        "only_row", Boolean, CheckConstraint("only_row", name="only_row"), primary_key=True, server_default=text("true")
    ),
    Column("instant", TIMESTAMP(timezone=True), nullable=False),
)
"""One row: the latest instant for which a position was returned. No event is recorded at or before it any more."""

voided_events: Final = Table(
    "voided_events",
    EVENT_STORE,
    Column(
        "position", BigInteger, ForeignKey("event_store.events.notification_id"), primary_key=True, autoincrement=False
    ),
    Column("topic", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("voided_by", Text, nullable=False),
    Column("voided_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
)
"""Events voided by an operator. topic: of the event that replaces it, as named in domain.catalogue.VOIDED."""

people: Final = Table(
    "people",
    EVENT_STORE,
    Column("issuer", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("seen_at", TIMESTAMP(timezone=True), nullable=False),
)

lineages: Final = Table(
    "lineages",
    EVENT_STORE,
    Column("system_identifier", BigInteger, primary_key=True, autoincrement=False),
    Column("timeline", BigInteger, primary_key=True, autoincrement=False),
    Column("position", BigInteger, nullable=False),
    Column("began_at", TIMESTAMP(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
)
"""Each timeline of each server that has written this log, and the position of the last event before it began."""

access_log: Final = Table(
    "access_log",
    EVENT_STORE,
    Column("id", Uuid, primary_key=True),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("reader_kind", Text, nullable=False),
    Column("reader_issuer", Text, nullable=False),
    Column("reader_subject", Text, nullable=False),
    Column("reader_authority", Text, nullable=False),
    Column("reader_roles", ARRAY(Text), nullable=False),
    Column("what", Text, nullable=False),
    Column("subjects", ARRAY(Uuid), nullable=False),
    Column("document", Text),
    Column("marking", Text),
    Column("audience", ARRAY(Text), nullable=False),
)
"""Written by `event_store.record_access` alone. Entries are deleted when they are older than the retention setting."""
Index(None, access_log.c.at, access_log.c.id)
Index(None, access_log.c.subjects, postgresql_using="gin")
