"""Parked streams as questions: which there are, what waits, what an answer would miss."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from projections.reading.queries import Query, is_any_of, text_array, uuid_array
from projections.tables.parked import events, streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One stream of one view. position: of the event that could not be applied. waiting: events, with that one."""

    view: str
    stream: UUID
    position: int
    error: str
    parked_at: datetime
    waiting: int


def parked() -> Query[Parked]:
    """All of them, by view and position."""
    waiting = select(func.count()).where(events.c.view == streams.c.view, events.c.stream == streams.c.stream)
    statement = select(*streams.c, waiting.correlate(streams).scalar_subquery())
    return Query(
        statement.order_by(streams.c.view, streams.c.position),
        (),
        lambda row: Parked(
            view=row[0], stream=row[1], position=row[2], error=row[3], parked_at=row[4], waiting=int(row[5])
        ),
    )


def streams_of(view: str) -> Query[UUID]:
    """Those whose rows are not what their events make of them now."""
    return Query(select(streams.c.stream).where(streams.c.view == view), (), lambda row: UUID(str(row[0])))


def waiting_positions(view: str, stream: UUID) -> Query[int]:
    """Of the events that wait, in order."""
    found = select(events.c.position).where(events.c.view == view, events.c.stream == stream)
    return Query(found.order_by(events.c.position), (), lambda row: int(row[0]))


def missing(
    views: Iterable[str], at_least: int, as_of: int | None, subjects: Iterable[UUID] | None = None
) -> Select[Any]:
    """View and position of what these views set aside: the very event asked for, and all before it for an as-of.

    subjects: whose events alone are looked at.
    """
    asked_for = events.c.position == at_least
    wanted = asked_for if as_of is None else or_(asked_for, events.c.position <= as_of)
    found = select(events.c.view, events.c.position).where(is_any_of(events.c.view, text_array(views)), wanted)
    if subjects is not None:
        found = found.where(is_any_of(events.c.stream, uuid_array(subjects)))
    return found.order_by(events.c.position)
