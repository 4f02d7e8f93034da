"""The event store's tables. `events` has the names, types, key and index of the eventsourcing library."""

from typing import Final

from sqlalchemy import (
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
