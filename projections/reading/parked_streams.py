"""Queries of parked streams: which there are, their pending events, and what an answer would miss."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select

from projections.reading.queries import Query, is_any_of, text_array
from projections.tables.parked import events, streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """One parked stream of a view. position: of the event that failed. waiting: pending events, including that one."""

    view: str
    stream: UUID
    position: int
    error: str
    parked_at: datetime
    waiting: int


def parked() -> Query[Parked]:
    """All parked streams, by view and position."""
    waiting = select(func.count()).where(events.c.view == streams.c.view, events.c.stream == streams.c.stream)
    statement = select(*streams.c, waiting.correlate(streams).scalar_subquery())
    return Query(
        statement.order_by(streams.c.view, streams.c.position),
        (),
        lambda row: Parked(
            view=row[0], stream=row[1], position=row[2], error=row[3], parked_at=row[4], waiting=int(row[5])
        ),
        unrestricted=True,
    )


def streams_of(view: str) -> Query[UUID]:
    """The parked streams of a view."""
    return Query(
        select(streams.c.stream).where(streams.c.view == view), (), lambda row: UUID(str(row[0])), unrestricted=True
    )


def waiting_positions(view: str, stream: UUID) -> Query[int]:
    """The positions of the pending events, in order."""
    found = select(events.c.position).where(events.c.view == view, events.c.stream == stream)
    return Query(found.order_by(events.c.position), (), lambda row: int(row[0]), unrestricted=True)


def missing(views: Iterable[str], at_least: int, as_of: int | None) -> Select[Any]:
    """View and position of parked events: the event at `at_least`, and for an as-of all events up to it."""
    asked_for = events.c.position == at_least
    wanted = asked_for if as_of is None else or_(asked_for, events.c.position <= as_of)
    found = select(events.c.view, events.c.position).where(is_any_of(events.c.view, text_array(views)), wanted)
    return found.order_by(events.c.position)
