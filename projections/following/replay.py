"""Reads the log in batches, for followers and rebuilds: in order of position, or stream by stream."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATE_OF, EVENTS
from domain.catalogue import VOIDED as VOIDED_EVENTS
from domain.recorded_event import Recorded
from projections.following.stream_ranges import ALL, StreamRange

Decode = Callable[[Sequence[Any]], Recorded[Any]]
"""Decodes one stored event: position, stream, version, topic, state, recorded_at, texts, voided."""

BATCH_BYTES: Final = 4 * 1024 * 1024
"""Most bytes of stored events in memory at once, unless a single event has more."""
BLOCK: Final = 5_000
"""Most events that are read at once."""
LONGEST: Final = 20_000
"""Most events of one stream that are folded at once. A stream with more, or with more bytes, is folded in parts."""

TOPIC: Final = "coalesce(v.topic, e.topic)"
"""The name by which an event is decoded: if it was voided, that of the event that replaces it."""
VOIDED: Final = """
    CASE WHEN v.position IS NOT NULL THEN json_build_object(
        'reason', v.reason, 'voided_by', v.voided_by, 'voided_at', v.voided_at, 'stored_as', coalesce(e.topic, '')
    )::text END
"""
FIELDS: Final = f"""
    e.notification_id, e.originator_id, e.originator_version, {TOPIC} AS topic, e.state, e.recorded_at, t.texts,
    {VOIDED} AS voided
"""
TABLES: Final = """
    event_store.events e LEFT JOIN event_store.voided_events v ON v.position = e.notification_id
    LEFT JOIN event_store.event_texts t ON t.position = e.notification_id
"""


def bounded(statement: str, order: str, size: int = BATCH_BYTES) -> str:
    """The first rows of a statement that selects FIELDS, in order: at most `size` bytes, and at least one row.

    Sizes are computed without the values: TOASTed values of rows that are left out are not fetched.
    """
    return f"""
        SELECT notification_id, originator_id, originator_version, topic, state, recorded_at, texts, voided FROM (
            SELECT *, sum(size) OVER (ORDER BY {order} ROWS UNBOUNDED PRECEDING) - size AS before FROM (
                SELECT *, coalesce(octet_length(state), 0) + coalesce(octet_length(texts), 0) AS size
                FROM ({statement}) AS found
            ) AS sized
        ) AS summed WHERE before < {size} ORDER BY {order}
    """  # noqa: S608


_IN_STREAMS: Final = "originator_id, originator_version"
_BY_STREAM: Final = bounded(
    f"""SELECT {FIELDS} FROM {TABLES}
        WHERE (e.originator_id, e.originator_version) > (%s, %s) AND e.notification_id <= %s AND {TOPIC} = ANY(%s)
            AND e.originator_id <= %s
        ORDER BY e.originator_id, e.originator_version LIMIT %s""",  # noqa: S608
    _IN_STREAMS,
)
_OF_STREAM: Final = bounded(
    f"""SELECT {FIELDS} FROM {TABLES}
        WHERE e.originator_id = %s AND e.originator_version > %s AND e.notification_id <= %s AND {TOPIC} = ANY(%s)
        ORDER BY e.originator_version LIMIT %s""",  # noqa: S608
    _IN_STREAMS,
)
_BY_POSITION: Final = bounded(
    f"""SELECT {FIELDS} FROM {TABLES}
        WHERE e.notification_id > %s AND e.notification_id <= %s AND {TOPIC} = ANY(%s)
        ORDER BY e.notification_id LIMIT %s""",  # noqa: S608
    "notification_id",
)
_AT_POSITIONS: Final = bounded(
    f"""SELECT {FIELDS} FROM {TABLES}
        WHERE e.notification_id > %s AND e.notification_id = ANY(%s) ORDER BY e.notification_id LIMIT %s""",  # noqa: S608
    "notification_id",
)
_HEAD: Final = "SELECT coalesce(max(notification_id), 0) FROM event_store.events"
_COUNT: Final = f"SELECT count(*) FROM {TABLES} WHERE e.notification_id <= %s AND {TOPIC} = ANY(%s)"  # noqa: S608


class BatchSize:
    """The number of events that a process reads and folds at once: 1 at first, doubled after each batch up to BLOCK.

    So whoever resumes after an unclean exit begins with a small batch where the process before it may have run out of
    memory.
    """

    def __init__(self) -> None:
        self.events = 1

    def grow(self) -> None:
        self.events = min(self.events * 2, BLOCK)


class Stream(NamedTuple):
    """One stream. events: None if there are too many to fold at once. size: in bytes."""

    id: UUID
    events: list[Recorded[Any]] | None
    size: int


def head(connection: psycopg.Connection[Any]) -> int:
    """The last position of the log."""
    row = connection.execute(_HEAD).fetchone()
    assert row is not None
    return int(row[0])


def count(connection: psycopg.Connection[Any], wanted: Sequence[str], until: int) -> int:
    """The number of events of these types up to a position."""
    row = connection.execute(_COUNT, [until, list(wanted)]).fetchone()
    assert row is not None
    return int(row[0])


def at_positions(
    connection: psycopg.Connection[Any], decode: Decode, positions: Sequence[int]
) -> Iterator[Recorded[Any]]:
    """The events at these positions, in order."""
    after = 0
    while rows := connection.execute(_AT_POSITIONS.encode(), [after, list(positions), BLOCK], binary=True).fetchall():
        yield from map(decode, rows)
        after = rows[-1][0]


def topics(aggregates: Iterable[Aggregate]) -> list[str]:
    """The stored names of the aggregates' events."""
    chosen = set(aggregates)
    return [name for name, event in (*EVENTS.items(), *VOIDED_EVENTS.items()) if AGGREGATE_OF[event] in chosen]


class LogReplay:
    """The log up to a position, on a connection used for nothing else. Every batch is a transaction of its own.

    Parallel workers are off: starting them for every batch takes longer than they save.
    """

    def __init__(
        self, connection: psycopg.Connection[Any], decode: Decode, until: int, size: BatchSize | None = None
    ) -> None:
        """size: of the batches, shared by all that the process reads."""
        connection.execute("SET max_parallel_workers_per_gather = 0")
        self._connection = connection
        self._decode = decode
        self._until = until
        self._size = size or BatchSize()

    def blocks(self, wanted: Sequence[str], part: StreamRange) -> Iterator[list[Stream]]:
        """The streams of a part, in blocks of about as many events as a batch has, or BATCH_BYTES bytes."""
        block, events, size = list[Stream](), 0, 0
        for stream in self.by_stream(wanted, part):
            block.append(stream)
            if stream.events is not None:
                events += len(stream.events)
                size += stream.size
            if events >= self._size.events or size >= BATCH_BYTES:
                yield block
                block, events, size = [], 0, 0
        if block:
            yield block

    def by_stream(self, wanted: Sequence[str], part: StreamRange = ALL) -> Iterator[Stream]:
        """Each stream with its events of these types, or None if there are too many to fold at once."""
        stream: UUID | None = None
        own: list[Recorded[Any]] | None = []
        size = 0
        for batch in self._batches(_BY_STREAM, (part.first, 0), _place, wanted, part.last):
            for recorded, bytes_ in batch:
                if recorded.stream != stream:
                    if stream is not None:
                        yield Stream(stream, own, size)
                    stream, own, size = recorded.stream, [], 0
                size += bytes_
                if own is not None:
                    own.append(recorded)
                    if _is_too_long(own, size):
                        own = None
        if stream is not None:
            yield Stream(stream, own, size)

    def whole(self, stream: UUID, wanted: Sequence[str]) -> list[Recorded[Any]] | None:
        """The events of one stream; None if there are too many to fold at once."""
        own, size = list[Recorded[Any]](), 0
        for batch in self._batches(_OF_STREAM, (stream, 0), _place, wanted):
            for recorded, bytes_ in batch:
                own.append(recorded)
                size += bytes_
                if _is_too_long(own, size):
                    return None
        return own

    def of_stream(self, stream: UUID, wanted: Sequence[str]) -> Iterator[list[Recorded[Any]]]:
        """The events of one stream, batch by batch."""
        for batch in self._batches(_OF_STREAM, (stream, 0), _place, wanted):
            yield [recorded for recorded, _ in batch]

    def by_position(self, wanted: Sequence[str], after: int = 0) -> Iterator[list[Recorded[Any]]]:
        """The events of these types in the order of the log, batch by batch."""
        for batch in self._batches(_BY_POSITION, (after,), lambda last: (last.position,), wanted):
            yield [recorded for recorded, _ in batch]

    def _batches(
        self,
        statement: str,
        after: tuple[Any, ...],
        place: Callable[[Recorded[Any]], tuple[Any, ...]],
        wanted: Sequence[str],
        *also: Any,
    ) -> Iterator[list[tuple[Recorded[Any], int]]]:
        """Batches of events, each with its stored size in bytes."""
        while wanted:
            parameters = (*after, self._until, list(wanted), *also, self._size.events)
            rows = self._connection.execute(statement.encode(), parameters, binary=True).fetchall()
            if not rows:
                return
            batch = [(self._decode(row), len(row[4] or b"") + len(row[6] or b"")) for row in rows]
            del rows
            yield batch
            self._size.grow()
            after = place(batch[-1][0])


def _is_too_long(events: Sequence[Recorded[Any]], size: int) -> bool:
    return len(events) > LONGEST or (size > BATCH_BYTES and len(events) > 1)


def _place(recorded: Recorded[Any]) -> tuple[UUID, int]:
    return recorded.stream, recorded.version
