"""Status of every view: position, lag, leadership, rebuild in progress."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Select,
    Text,
    cast,
    column,
    func,
    literal,
    select,
    true,
    union,
)
from sqlalchemy import table as table_of

from projections.reading.queries import Query
from projections.tables.checkpoints import FollowerState, RebuildStep, rebuilds, table
from projections.tables.stored_events import events


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressReport:
    """Progress of a rebuild, in events. step: None if older code runs it. swaps: whether it swaps, or only compares.

    waits_for: sessions that hold the view's tables, if the rebuilding process reports them here.
    """

    processed: int
    total: int
    started_at: datetime
    updated_at: datetime
    step: RebuildStep | None
    swaps: bool = True
    waits_for: str = ""

    @property
    def events_per_second(self) -> float:
        seconds = (self.updated_at - self.started_at).total_seconds()
        return self.processed / seconds if seconds > 0 else 0.0

    @property
    def seconds_remaining(self) -> float | None:
        """Until all events are read. None if unknown, and while the rebuild reads no events."""
        rate, left = self.events_per_second, self.total - self.processed
        is_reading = self.step in (None, RebuildStep.LOADING, RebuildStep.CATCHING_UP)
        return left / rate if is_reading and rate > 0 and left > 0 else None

    @property
    def summary(self) -> str:
        """One line, such as 'loading, 41%, 12,300 events/s, 60 s left'."""
        parts = [self.step.label] if self.step else []
        if self.total:
            parts += [f"{self.processed / self.total:.0%}", f"{self.events_per_second:,.0f} events/s"]
        if (left := self.seconds_remaining) is not None:
            parts.append(f"{left:.0f} s left")
        if self.waits_for:
            parts.append(f"waits for {self.waits_for}")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewStatus:
    """Status of one view. lag: events not yet applied. lag_seconds: since the oldest of them was recorded.

    version: of the fold that made its rows; None if it was never followed. led: whether a follower holds its advisory
    lock. held_by: the name of a session that holds it and is no follower. still_for: seconds since the checkpoint's
    last update.
    """

    view: str
    version: int | None
    position: int
    state: FollowerState
    led: bool
    lag: int
    lag_seconds: float
    last_error: str | None
    parked: int
    rebuild: ProgressReport | None
    held_by: str | None
    still_for: float


LOCKS: Final = 0x76696577  # "view"
"""First key of the advisory locks by which followers lead; the second is hashtext(view)."""


FOLLOWERS: Final = "mandate follower"
"""Prefix of the application names of followers' sessions, before the view."""


REBUILDS: Final = 0x72656275  # "rebu"
"""First key of the advisory locks of rebuilds; the second is hashtext(view)."""


def head() -> Query[int]:
    """The position of the last event in the log; 0 if it is empty."""
    return Query(_head(), (), lambda row: int(row[0]), unrestricted=True)


def statuses(names: Sequence[str] = ()) -> Query[ViewStatus]:
    """The status of everything that was ever followed and of the given names, ordered by name.

    Positions have no gaps, so the lag is a difference of positions.
    """
    named = select(func.unnest(literal(list(names), ARRAY(Text))).label("view"))
    listed = union(select(table.c.view), named).subquery("listed")
    position = func.coalesce(table.c.position, 0)
    head = _head().scalar_subquery()
    next_event = select(events.c.recorded_at).where(events.c.notification_id > position)
    oldest = next_event.order_by(events.c.notification_id).limit(1).correlate(table).scalar_subquery()
    waiting = func.extract("epoch", func.clock_timestamp() - oldest)
    followed = listed.outerjoin(table, table.c.view == listed.c.view)
    statement = (
        select(
            listed.c.view,
            table.c.version,
            position,
            func.coalesce(table.c.state, FollowerState.STOPPED.value),
            _holder(LOCKS, listed.c.view),
            head - position,
            func.greatest(func.coalesce(waiting, 0), 0),
            table.c.last_error,
            func.coalesce(table.c.parked, 0),
            _holder(REBUILDS, listed.c.view),
            func.coalesce(func.extract("epoch", func.clock_timestamp() - table.c.updated_at), 0),
            rebuilds.c.processed,
            rebuilds.c.total,
            rebuilds.c.started_at,
            rebuilds.c.updated_at,
            rebuilds.c.step,
            func.coalesce(rebuilds.c.swaps, true()),
        )
        .select_from(followed.outerjoin(rebuilds, rebuilds.c.view == listed.c.view))
        .order_by(listed.c.view)
    )
    return Query(statement, (), _status, unrestricted=True)


def _head() -> Select[Any]:
    return select(func.coalesce(func.max(events.c.notification_id), 0))


def _holder(kind: int, view: ColumnElement[str]) -> ColumnElement[str | None]:
    """The name of the session that holds a view's advisory lock of this kind."""
    fields = ("locktype", "database", "classid", "objid", "objsubid", "granted", "pid")
    locks = table_of("pg_locks", *map(column, fields), schema="pg_catalog")
    database = table_of("pg_database", column("oid"), column("datname"), schema="pg_catalog")
    here = select(database.c.oid).where(database.c.datname == func.current_database()).scalar_subquery()
    key = cast(func.hashtext(view), BigInteger).op("&")(literal(0xFFFFFFFF, BigInteger))
    sessions = table_of("pg_stat_activity", column("pid"), column("application_name"), schema="pg_catalog")
    held = select(func.coalesce(sessions.c.application_name, "")).select_from(
        locks.outerjoin(sessions, sessions.c.pid == locks.c.pid)
    )
    mine = held.where(locks.c.locktype == "advisory", locks.c.granted, locks.c.objsubid == 2)
    mine = mine.where(locks.c.database == here, cast(locks.c.classid, BigInteger) == kind)
    return mine.where(cast(locks.c.objid, BigInteger) == key).correlate(view.table).limit(1).scalar_subquery()


def _status(row: Sequence[Any]) -> ViewStatus:
    view, version, position, state, holder, lag, lag_seconds, last_error, parked, rebuilding, still, *progress = row
    led = holder is not None and holder.startswith(FOLLOWERS)
    return ViewStatus(
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


def _progress(
    processed: int, total: int, started_at: datetime, updated_at: datetime, step: str | None, swaps: bool
) -> ProgressReport:
    """A step that only newer code has becomes None."""
    return ProgressReport(
        processed=processed,
        total=total,
        started_at=started_at,
        updated_at=updated_at,
        step=RebuildStep.__members__.get(step or ""),
        swaps=swaps,
    )


def _state(written: str, led: bool) -> FollowerState:
    """STOPPED unless led: a killed follower cannot write that it stopped."""
    return FollowerState(written) if led else FollowerState.STOPPED
