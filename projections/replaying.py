"""The log read for a view that is built anew: stream by stream, so that nothing but one stream is kept in memory."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.catalogue import AGGREGATE_OF, EVENTS, Aggregate
from domain.recorded import Recorded
from projections.parts import ALL, Part

Decode = Callable[[Sequence[Any]], Recorded[Any]]
"""Of one stored event: position, stream, version, topic, state, recorded_at, texts."""

BLOCK: Final = 5_000
"""Events that are read at once."""
LONGEST: Final = 20_000
"""Events of one stream that are folded at once: a longer one is not."""

_FIELDS: Final = """
    SELECT e.notification_id, e.originator_id, e.originator_version, e.topic, e.state, e.recorded_at, t.texts
    FROM event_store.events e LEFT JOIN event_store.event_texts t ON t.position = e.notification_id
"""
_BY_STREAM: Final = f"""
    {_FIELDS}
    WHERE (e.originator_id, e.originator_version) > (%s, %s) AND e.notification_id <= %s AND e.topic = ANY(%s)
        AND e.originator_id <= %s
    ORDER BY e.originator_id, e.originator_version LIMIT %s
"""
_OF_STREAM: Final = f"""
    {_FIELDS}
    WHERE e.originator_id = %s AND e.originator_version > %s AND e.notification_id <= %s AND e.topic = ANY(%s)
    ORDER BY e.originator_version LIMIT %s
"""
_BY_POSITION: Final = f"""
    {_FIELDS}
    WHERE e.notification_id > %s AND e.notification_id <= %s AND e.topic = ANY(%s)
    ORDER BY e.notification_id LIMIT %s
"""
_HEAD: Final = "SELECT coalesce(max(notification_id), 0) FROM event_store.events"
_COUNT: Final = "SELECT count(*) FROM event_store.events WHERE notification_id <= %s AND topic = ANY(%s)"
_AT_POSITIONS: Final = f"{_FIELDS} WHERE e.notification_id = ANY(%s) ORDER BY e.notification_id"


def head(connection: psycopg.Connection[Any]) -> int:
    """The last position of the log."""
    row = connection.execute(_HEAD).fetchone()
    assert row is not None
    return int(row[0])


def count(connection: psycopg.Connection[Any], wanted: Sequence[str], until: int) -> int:
    """How many events of these types there are up to a position."""
    row = connection.execute(_COUNT, [until, list(wanted)]).fetchone()
    assert row is not None
    return int(row[0])


def at_positions(connection: psycopg.Connection[Any], decode: Decode, positions: Sequence[int]) -> list[Recorded[Any]]:
    """The events at these positions, in order."""
    return [decode(row) for row in connection.execute(_AT_POSITIONS.encode(), [list(positions)], binary=True)]


def topics(aggregates: Iterable[Aggregate]) -> list[str]:
    """The stored names of their events."""
    chosen = set(aggregates)
    return [name for name, event in EVENTS.items() if AGGREGATE_OF[event] in chosen]


class Replay:
    """The log up to a position, on a connection of its own use. Every block is a transaction: none stays open.

    PostgreSQL's workers would be begun for every block, and take longer for that than what they bring.
    """

    def __init__(self, connection: psycopg.Connection[Any], decode: Decode, until: int) -> None:
        connection.execute("SET max_parallel_workers_per_gather = 0")
        self._connection = connection
        self._decode = decode
        self._until = until

    def by_stream(self, wanted: Sequence[str], part: Part = ALL) -> Iterator[tuple[UUID, list[Recorded[Any]] | None]]:
        """Each stream with its events of these types, or with None where there are more than LONGEST."""
        own: list[Recorded[Any]] | None = []
        stream: UUID | None = None
        for recorded in self._in_order(_BY_STREAM, (part.first, 0), _place, wanted, part.last):
            if recorded.stream != stream:
                if stream is not None:
                    yield stream, own
                stream, own = recorded.stream, []
            if own is not None:
                own.append(recorded)
                if len(own) > LONGEST:
                    own = None
        if stream is not None:
            yield stream, own

    def of_stream(self, stream: UUID, wanted: Sequence[str]) -> Iterator[Recorded[Any]]:
        """The events of one stream."""
        return self._in_order(_OF_STREAM, (stream, 0), _place, wanted)

    def by_position(self, wanted: Sequence[str], after: int = 0) -> Iterator[Recorded[Any]]:
        return self._in_order(_BY_POSITION, (after,), lambda last: (last.position,), wanted)

    def _in_order(
        self,
        statement: str,
        after: tuple[Any, ...],
        place: Callable[[Recorded[Any]], tuple[Any, ...]],
        wanted: Sequence[str],
        *also: Any,
    ) -> Iterator[Recorded[Any]]:
        while wanted:
            parameters = (*after, self._until, list(wanted), *also, BLOCK)
            rows = self._connection.execute(statement.encode(), parameters, binary=True).fetchall()
            events = list(map(self._decode, rows))
            yield from events
            if len(events) < BLOCK:
                return
            after = place(events[-1])


def _place(recorded: Recorded[Any]) -> tuple[UUID, int]:
    return recorded.stream, recorded.version


def blocks(
    streams: Iterable[tuple[UUID, list[Recorded[Any]] | None]],
) -> Iterator[list[tuple[UUID, list[Recorded[Any]] | None]]]:
    """Streams gathered until they have a block's worth of events."""
    block, events = [], 0
    for stream, own in streams:
        block.append((stream, own))
        events += len(own) if own is not None else 0
        if events >= BLOCK:
            yield block
            block, events = [], 0
    if block:
        yield block
