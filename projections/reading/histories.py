"""The events of some streams, as the present code reads them, and how many there are."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from domain.recorded import Recorded
from projections.reading.asking import Question, among, uuids
from projections.stored import event_texts, events


def events_of(streams: Iterable[UUID], decode: Callable[[Sequence[Any]], Recorded[Any]]) -> Question[Recorded[Any]]:
    """All of these streams, by stream and version. decode: as in `replaying`."""
    fields = ("notification_id", "originator_id", "originator_version", "topic", "state", "recorded_at")
    statement = (
        select(*(events.c[name] for name in fields), event_texts.c.texts)
        .outerjoin_from(events, event_texts, event_texts.c.position == events.c.notification_id)
        .where(among(events.c.originator_id, uuids(streams)))
        .order_by(events.c.originator_id, events.c.originator_version)
    )
    return Question(statement, (), decode)


def lengths_of(streams: Iterable[UUID]) -> Question[tuple[UUID, int]]:
    """How many events each of these streams has."""
    length = func.max(events.c.originator_version)
    statement = select(events.c.originator_id, length).where(among(events.c.originator_id, uuids(streams)))
    return Question(statement.group_by(events.c.originator_id), (), lambda row: (row[0], int(row[1])))
