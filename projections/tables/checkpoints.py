"""Checkpoints, rebuilds and their outcomes. Followers write a checkpoint in the transaction of its rows."""

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
    select,
)

from domain.vocabulary import in_words
from projections.tables.metadata import PROJECTIONS
from projections.tables.stored_events import events


class FollowerState(StrEnum):
    """RUNNING: a follower leads. STOPPED: none leads. FAILED: it leads, cannot apply the next event, and retries."""

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
    Column("told", Text, key="summary", nullable=False),
)
"""The column keeps its name, which older code writes."""


class RebuildStep(StrEnum):
    """The steps of a rebuild, in this order. It may repeat CATCHING_UP and COMPARING, or SWAPPING.

    LOADING: fold events and load their rows. INDEXING: build indexes and derived rows. CATCHING_UP: apply events
    recorded meanwhile. COMPARING: compare its rows with the live ones and with folds from scratch. SWAPPING: wait
    until no statement reads the live tables, then replace them.
    """

    LOADING = "LOADING"
    INDEXING = "INDEXING"
    CATCHING_UP = "CATCHING_UP"
    COMPARING = "COMPARING"
    SWAPPING = "SWAPPING"

    @property
    def label(self) -> str:
        return in_words(self).lower()


in_the_log: Final = exists(
    select(events.c.notification_id).where(
        events.c.notification_id == table.c.position, events.c.recorded_at == table.c.recorded_at
    )
)
"""Whether the log contains the event of the checkpoint. It does not after an older log was restored."""
reached: Final = case((in_the_log, table.c.position), else_=0)
"""The checkpoint's position if this log contains it, else 0."""
