"""Voiding of unreadable events by an operator. Bytes and position stay; readers skip the event."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.aggregate import Aggregate
from domain.catalogue import (
    AGGREGATE_OF,
    DEPLOYMENT_REQUEST,
    EVENTS,
    INCIDENT,
    NUMBERING,
    UNBEGUN,
    State,
    evolve,
)
from domain.recorded_event import Recorded
from domain.voided_events import Unbegun
from projections.catalogue import VIEWS
from projections.following import parked_events
from projections.following.leadership import OtherVersion, connect
from projections.following.replay import FIELDS, TABLES
from service.errors import CorruptEvent, Misconfigured
from service.event_store.mapper import decode

MAX_REASON_LENGTH: Final = 2000
"""Maximum characters of a reason."""
STREAM: Final = f"""
    SELECT {FIELDS} FROM {TABLES}
    WHERE e.originator_id = (SELECT originator_id FROM event_store.events WHERE notification_id = %s)
    ORDER BY e.originator_version
"""  # noqa: S608
STORED_NAMES: Final = """
    SELECT topic FROM event_store.events WHERE originator_id = %s AND topic = ANY(%s)
    ORDER BY originator_version LIMIT 1
"""
INSERT: Final = "INSERT INTO event_store.voided_events (position, topic, reason, voided_by) VALUES (%s, %s, %s, %s)"
LIST: Final = """
    SELECT v.position, e.topic, e.originator_id, v.voided_at, v.voided_by, v.reason
    FROM event_store.voided_events v JOIN event_store.events e ON e.notification_id = v.position
    WHERE %(topics)s::text[] IS NULL OR v.topic = ANY(%(topics)s) ORDER BY v.position
"""


@dataclass(frozen=True, slots=True)
class Voided:
    """why: the event could not be read. positions: the voided ones; also later ones if the stream has no opening."""

    stream: UUID
    positions: Sequence[int]
    why: str


def void(url: str, position: int, reason: str, by: str) -> Voided:
    """url: of the owner, who alone has the right. Raises Misconfigured if the event may not be voided."""
    for name, value in (("--reason", reason), ("--by", by)):
        if not value.strip() or len(value) > MAX_REASON_LENGTH or not value.isprintable():
            raise Misconfigured(f"{name}: use 1 to {MAX_REASON_LENGTH} characters, on one line")
    with psycopg.connect(url) as connection:
        connection.execute("LOCK TABLE event_store.voided_events IN SHARE ROW EXCLUSIVE MODE")
        rows = connection.execute(STREAM.encode(), [position], binary=True).fetchall()
        if not rows:
            raise Misconfigured(f"there is no event at position {position}")
        state, why = _unreadable(rows, position)
        aggregate = _aggregate(connection, rows[0][1])
        has_begun = aggregate is NUMBERING or not isinstance(state, Unbegun | None)
        positions = [position]
        if not has_begun and aggregate in (DEPLOYMENT_REQUEST, INCIDENT, UNBEGUN):
            positions += [row[0] for row in rows if row[0] > position and row[7] is None]
        topic = (aggregate if has_begun else UNBEGUN).voided.__name__
        for each in positions:
            connection.execute(INSERT, [each, topic, reason, by])
    return Voided(rows[0][1], positions, why)


def retry_parked(url: str, stream: UUID) -> list[str]:
    """Applies the parked events of a stream, as `parked retry` does. One line for each view that had parked it."""
    results = []
    with connect(url, "mandate void") as connection:
        waiting = [view for view in VIEWS if parked_events.is_parked(connection, view, stream)]
    for view in waiting:
        try:
            result = parked_events.retry(view, url, decode, stream)
            results.append(f"{view.name}: {result.error or f'{result.applied} events applied'}")
        except (OtherVersion, CorruptEvent) as error:
            results.append(f"{view.name}: {error}")
    return results


def voided(url: str, topics: Sequence[str] | None = None) -> list[tuple[Any, ...]]:
    """position, stored name, stream, time, operator and reason, in order of position.

    topics: only those with one of these placeholders.
    """
    with psycopg.connect(url) as connection:
        return connection.execute(LIST, {"topics": None if topics is None else list(topics)}).fetchall()


def _unreadable(rows: Sequence[Sequence[Any]], position: int) -> tuple[State | None, str]:
    """The state before the event, and why the event cannot be read. Raises Misconfigured if it can be read."""
    state: State | None = None
    for row in rows:
        if row[0] == position and row[7] is not None:
            raise Misconfigured(f"the event at position {position} is voided already")
        try:
            recorded: Recorded[Any] = decode(row)
            after = evolve(state, recorded)
        except Exception as error:
            if row[0] == position:
                return state, f"{type(error).__name__}: {error}"
            raise Misconfigured(
                f"the event at position {row[0]} comes before it and cannot be read either: void that one first"
            ) from error
        if row[0] == position:
            break
        state = after
    raise Misconfigured(f"the event at position {position} can be read: only unreadable events may be voided")


def _aggregate(connection: psycopg.Connection[Any], stream: UUID) -> Aggregate:
    """The aggregate of the stream, from the first event whose name is known."""
    row = connection.execute(STORED_NAMES, [stream, list(EVENTS)]).fetchone()
    return UNBEGUN if row is None else AGGREGATE_OF[EVENTS[row[0]]]
