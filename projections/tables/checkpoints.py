"""How far each view is, and how it does: written by the followers in the transaction of their rows."""

from enum import StrEnum
from typing import Final

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    Integer,
    Table,
    Text,
    case,
    exists,
)

from projections.tables.metadata import PROJECTIONS
from projections.tables.stored_events import events


class FollowerState(StrEnum):
    """RUNNING: a follower leads. STOPPED: none does. FAILED: it leads, cannot apply what comes next, and tries on."""

    RUNNING = "RUNNING"
    STOPPED = "STOPPED"
    FAILED = "FAILED"


table: Final = Table(
    "checkpoints",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True)),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
    Column("state", Text, nullable=False),
    Column("last_error", Text),
    Column("failed_at", TIMESTAMP(timezone=True)),
    Column("parked", Integer, nullable=False, server_default="0"),
    Column("mends", BigInteger, nullable=False, server_default="0"),
)

rebuilds: Final = Table(
    "rebuilds",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False),
    Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
    Column("processed", BigInteger, nullable=False),
    Column("total", BigInteger, nullable=False),
    Column("cancelled", Boolean, nullable=False, server_default="false"),
    Column("step", Text),
    Column("swaps", Boolean),
)

rebuild_requests: Final = Table(
    "rebuild_orders",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("asked_at", TIMESTAMP(timezone=True), nullable=False),
)

rebuild_outcomes: Final = Table(
    "rebuild_outcomes",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("ended_at", TIMESTAMP(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("differing", BigInteger, nullable=False),
    Column("told", Text, nullable=False),
)


class RebuildStep(StrEnum):
    """What a rebuild does, in this order; it may catch up and compare, or swap, more than once.

    LOADING: it folds events and loads their rows. INDEXING: it builds what hangs on rows. CATCHING_UP: it applies what
    was recorded meanwhile. COMPARING: its rows with those that are served, and with folds from scratch. SWAPPING: it
    waits for a moment in which nobody reads, and takes the place of what is served.
    """

    LOADING = "LOADING"
    INDEXING = "INDEXING"
    CATCHING_UP = "CATCHING_UP"
    COMPARING = "COMPARING"
    SWAPPING = "SWAPPING"

    @property
    def label(self) -> str:
        return self.value.lower().replace("_", " ")


in_the_log: Final = exists().where(
    events.c.notification_id == table.c.position, events.c.recorded_at == table.c.recorded_at
)
"""Whether the last event that a checkpoint has taken in is in the log: it is not where an older log was restored."""
reached: Final = case((in_the_log, table.c.position), else_=0)
"""The position that a checkpoint has reached in this log."""
