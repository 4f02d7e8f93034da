"""Queries of the stored events of streams, and of stream lengths."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, Text, case, cast, false, func, literal, or_, select

from projections.reading.queries import Query, is_any_of, uuid_array
from projections.tables.stored_events import event_texts, events, voided_events


def events_of(streams: Iterable[UUID]) -> Query[Sequence[Any]]:
    """All events of these streams, by stream and version, as `replay.Decode` takes them."""
    e, v, t = events, voided_events, event_texts
    voided = func.json_build_object(
        "reason", v.c.reason, "voided_by", v.c.voided_by, "voided_at", v.c.voided_at, "stored_as", e.c.topic
    )
    topic, is_voided = func.coalesce(v.c.topic, e.c.topic), v.c.position.is_not(None)
    place = (e.c.notification_id, e.c.originator_id, e.c.originator_version)
    statement = (
        select(*place, topic, e.c.state, e.c.recorded_at, t.c.texts, case((is_voided, cast(voided, Text))))
        .outerjoin_from(e, v, v.c.position == e.c.notification_id)
        .outerjoin(t, t.c.position == e.c.notification_id)
        .where(is_any_of(events.c.originator_id, uuid_array(streams)))
        .order_by(events.c.originator_id, events.c.originator_version)
    )
    return Query(statement, (), tuple)


def mentioning(streams: Iterable[UUID], ids: Iterable[UUID]) -> Query[UUID]:
    """The streams with an event whose stored state contains one of these ids."""
    named = [func.position(literal(str(each).encode(), LargeBinary).op("IN")(events.c.state)) > 0 for each in ids]
    found = select(events.c.originator_id).where(
        is_any_of(events.c.originator_id, uuid_array(streams)), or_(false(), *named)
    )
    return Query(found.distinct(), (), lambda row: UUID(str(row[0])))


def event_of_number(stream: UUID, number: int) -> Query[Sequence[Any]]:
    """The event of a number series that assigned a number, as `replay.Decode` takes it."""
    found = events_of([stream])
    return replace(found, statement=found.statement.where(events.c.originator_version == number))


def lengths_of(streams: Iterable[UUID]) -> Query[tuple[UUID, int]]:
    """The number of events of each of these streams."""
    length = func.max(events.c.originator_version)
    statement = select(events.c.originator_id, length).where(is_any_of(events.c.originator_id, uuid_array(streams)))
    return Query(statement.group_by(events.c.originator_id), (), lambda row: (row[0], int(row[1])))
