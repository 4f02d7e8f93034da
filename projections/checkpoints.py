"""How far each view is, and how it does: written by the followers in the transaction of their rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    TIMESTAMP,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Integer,
    Select,
    Table,
    Text,
    cast,
    column,
    func,
    literal,
    select,
)
from sqlalchemy import table as table_of

from projections.asking import Question
from projections.metadata import PROJECTIONS
from projections.stored import events


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
)

orders: Final = Table(
    "rebuild_orders",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("asked_at", TIMESTAMP(timezone=True), nullable=False),
)

outcomes: Final = Table(
    "rebuild_outcomes",
    PROJECTIONS,
    Column("view", Text, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("ended_at", TIMESTAMP(timezone=True), nullable=False),
    Column("outcome", Text, nullable=False),
    Column("differing", BigInteger, nullable=False),
    Column("told", Text, nullable=False),
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
    held_by: the name of a session that holds it and is no follower. still_for: seconds since it moved.
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
    held_by: str | None
    still_for: float


LOCKS: Final = 0x76696577  # "view"
"""The first key of the advisory locks by which followers lead; the second is hashtext(view)."""
FOLLOWERS: Final = "mandate follower"
"""How the sessions of followers are called, before the view."""
REBUILDS: Final = 0x72656275  # "rebu"
"""Likewise, of those who build a view anew."""


def head() -> Question[int]:
    """The position of the last event of the log; 0 where there is none."""
    return Question(_head(), (), lambda row: int(row[0]))


def statuses() -> Question[Status]:
    """Every view, by name. Positions have no gaps, so that what is left can be counted by them."""
    head = _head().scalar_subquery()
    next_event = select(events.c.recorded_at).where(events.c.notification_id > table.c.position)
    oldest = next_event.order_by(events.c.notification_id).limit(1).correlate(table).scalar_subquery()
    waiting = func.extract("epoch", func.clock_timestamp() - oldest)
    statement = (
        select(
            table.c.view,
            table.c.version,
            table.c.position,
            table.c.state,
            _holder(LOCKS),
            head - table.c.position,
            func.greatest(func.coalesce(waiting, 0), 0),
            table.c.last_error,
            table.c.parked,
            _holder(REBUILDS),
            func.extract("epoch", func.clock_timestamp() - table.c.updated_at),
            rebuilds.c.processed,
            rebuilds.c.total,
            rebuilds.c.started_at,
            rebuilds.c.updated_at,
        )
        .select_from(table.outerjoin(rebuilds, rebuilds.c.view == table.c.view))
        .order_by(table.c.view)
    )
    return Question(statement, (), _status)


def _head() -> Select[Any]:
    return select(func.coalesce(func.max(events.c.notification_id), 0))


def _holder(kind: int) -> ColumnElement[str | None]:
    """The name of the session that holds the view's lock of this kind, by the database's own account."""
    fields = ("locktype", "database", "classid", "objid", "objsubid", "granted", "pid")
    locks = table_of("pg_locks", *map(column, fields), schema="pg_catalog")
    database = table_of("pg_database", column("oid"), column("datname"), schema="pg_catalog")
    here = select(database.c.oid).where(database.c.datname == func.current_database()).scalar_subquery()
    key = cast(func.hashtext(table.c.view), BigInteger).op("&")(literal(0xFFFFFFFF, BigInteger))
    sessions = table_of("pg_stat_activity", column("pid"), column("application_name"), schema="pg_catalog")
    held = select(func.coalesce(sessions.c.application_name, "")).select_from(
        locks.outerjoin(sessions, sessions.c.pid == locks.c.pid)
    )
    mine = held.where(locks.c.locktype == "advisory", locks.c.granted, locks.c.objsubid == 2)
    mine = mine.where(locks.c.database == here, cast(locks.c.classid, BigInteger) == kind)
    return mine.where(cast(locks.c.objid, BigInteger) == key).correlate(table).limit(1).scalar_subquery()


def _status(row: Sequence[Any]) -> Status:
    view, version, position, state, holder, lag, lag_seconds, last_error, parked, rebuilding, still, *progress = row
    led = holder is not None and holder.startswith(FOLLOWERS)
    return Status(
        view=view,
        version=version,
        position=position,
        state=_state(state, led),
        led=led,
        lag=lag,
        lag_seconds=float(lag_seconds),
        last_error=last_error,
        parked=parked,
        rebuild=_progress(*progress) if rebuilding is not None and progress[0] is not None else None,
        held_by=None if led else holder,
        still_for=float(still),
    )


def _progress(processed: int, total: int, started_at: datetime, updated_at: datetime) -> Progress:
    return Progress(processed=processed, total=total, started_at=started_at, updated_at=updated_at)


def _state(written: str, led: bool) -> FollowerState:
    """A follower that was killed could not write that it stopped."""
    return FollowerState(written) if led else FollowerState.STOPPED
