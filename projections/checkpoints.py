"""How far each view is, and how it does: written by the followers in the transaction of their rows."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import TIMESTAMP, BigInteger, Column, Integer, Table, Text

from projections.asking import Question
from projections.metadata import PROJECTIONS


class FollowerState(StrEnum):
    """RUNNING: a follower leads. STOPPED: none does. FAILED: it cannot apply what comes next, and tries again."""

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
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Of a rebuild, in events."""

    processed: int
    total: int
    started_at: datetime
    updated_at: datetime

    @property
    def events_per_second(self) -> float:
        seconds = (self.updated_at - self.started_at).total_seconds()
        return self.processed / seconds if seconds > 0 else 0.0

    @property
    def seconds_remaining(self) -> float | None:
        rate = self.events_per_second
        return (self.total - self.processed) / rate if rate > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One view. lag: events that it has not applied. lag_seconds: since the oldest of them was recorded.

    version: of the fold that made its rows. led: whether a follower holds its lock, by the database's own account.
    """

    view: str
    version: int
    position: int
    state: FollowerState
    led: bool
    lag: int
    lag_seconds: float
    last_error: str | None
    parked: int
    rebuild: Progress | None


def statuses() -> Question[Status]:
    """Every view that was ever followed, by name."""
    raise NotImplementedError
