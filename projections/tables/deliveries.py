"""Tables of the messages to endpoints. They are in no view: nothing rebuilds them."""

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Column,
    Identity,
    Index,
    Integer,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    text,
)

from projections.tables.metadata import PROJECTIONS
from projections.tables.view import state_table

NAME: Final = "deliveries"
"""Of the consumer that queues the messages, and of their table."""


class DeliveryState(StrEnum):
    """PENDING: it is to be sent, or sent again. DELIVERED: the receiver answered with 2xx. WITHHELD: the endpoint may
    not see its subject, or it is no longer true. DEAD: all attempts failed. SKIPPED: an operator gave it up.

    Later messages about the same subject wait for one that is PENDING or DEAD.
    """

    PENDING = "PENDING"
    DELIVERED = "DELIVERED"
    WITHHELD = "WITHHELD"
    DEAD = "DEAD"
    SKIPPED = "SKIPPED"


table: Final = Table(
    NAME,
    PROJECTIONS,
    Column("id", BigInteger, Identity(always=True), primary_key=True),
    Column("endpoint", Uuid, nullable=False),
    Column("key", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("type", Text, nullable=False),
    Column("position", BigInteger),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("queued_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("state", Text, nullable=False, server_default=DeliveryState.PENDING.value),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False, server_default=func.clock_timestamp()),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("claim", Uuid),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column("ended_at", TIMESTAMP(timezone=True)),
    Column("outcome", Text),
    UniqueConstraint("endpoint", "key", name="uq_deliveries_endpoint_key"),
)
"""key: what the message is, the same whoever queues it. at: when its event was recorded, or it falls due. due_at: when
it is sent next. claim: the sender that has it until `claimed_until`. outcome: of the last attempt."""

Index("ix_deliveries_due", table.c.endpoint, table.c.due_at, postgresql_where=text("state = 'PENDING'"))
Index(
    "ix_deliveries_open",
    table.c.endpoint,
    table.c.subject,
    table.c.id,
    postgresql_where=text("state IN ('PENDING', 'DEAD')"),
)

endpoints: Final = state_table("delivery_endpoints")
"""The endpoints as the consumer knows them, at the position of its checkpoint."""
