"""Reads streams by their ids, and the log in order of position."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import psycopg
from psycopg_pool import ConnectionPool, PoolTimeout, TooManyRequests

from domain.recorded_event import Recorded
from projections.following.replay import FIELDS, TABLES, bounded
from service.errors import Overloaded, Unavailable, first_line
from service.event_store.connections import BoundedConnection
from service.event_store.lineage import Lineage, Seen
from service.event_store.mapper import Mapper
from service.event_store.records import EventRow, StreamVersion

FEED_BYTES: Final = 1024 * 1024
"""Size of a page. All followers of a worker read the feed at the same time."""
ROWS: Final = f"{FIELDS} FROM {TABLES}"
STREAM: Final = f"""
    SELECT {ROWS} WHERE e.originator_id = %s AND e.originator_version > %s ORDER BY e.originator_version
"""
EVENT: Final = f"SELECT {ROWS} WHERE e.originator_id = %s AND e.originator_version = %s"
STREAMS: Final = f"""
    SELECT found.* FROM unnest(%s::uuid[], %s::bigint[]) AS place (stream, version)
    CROSS JOIN LATERAL (
        SELECT {ROWS} WHERE e.originator_id = place.stream AND e.originator_version > place.version
        ORDER BY e.originator_version
    ) AS found
"""  # noqa: S608
PAGE_EVENTS: Final = 500
PAGE: Final = bounded(
    f"""SELECT found.*, place.n FROM unnest(%s::uuid[], %s::bigint[]) WITH ORDINALITY AS place (stream, version, n)
        CROSS JOIN LATERAL (
            SELECT {ROWS} WHERE e.originator_id = place.stream AND e.originator_version > place.version
        ) AS found ORDER BY place.n, found.originator_version LIMIT {PAGE_EVENTS}""",  # noqa: S608
    "n, originator_version",
)
PAGE_WITHOUT_TEXTS: Final = PAGE.replace("t.texts", "NULL::bytea AS texts")
FEED: Final = bounded(
    f"""SELECT {ROWS} AND t.position > %(after)s
        WHERE e.notification_id > %(after)s ORDER BY e.notification_id LIMIT %(limit)s""",
    "notification_id",
    FEED_BYTES,
)
HEAD: Final = "SELECT notification_id, recorded_at FROM event_store.events ORDER BY notification_id DESC LIMIT 1"
DIGESTS: Final = (
    "SELECT notification_id, encode(sha256(state), 'hex') FROM event_store.events WHERE notification_id = ANY(%s)"
)
AS_OF: Final = "SELECT event_store.position_as_of(%s)"


class Log:
    """Reads events, from any thread. Raises Unavailable if the database does not answer, CorruptEvent for bad data."""

    def __init__(self, pool: ConnectionPool[BoundedConnection], mapper: Mapper, lineage: Lineage) -> None:
        self._pool = pool
        self._mapper = mapper
        self._lineage = lineage

    def event(self, stream: UUID, version: int) -> Recorded[Any] | None:
        """One event of a stream."""
        found = self._decoded(self._rows(EVENT, (stream, version)))
        return found[0] if found else None

    def stream(self, stream: UUID, after_version: int = 0) -> list[Recorded[Any]]:
        """The events of a stream in order."""
        return self._decoded(self.stream_rows(stream, after_version))

    def stream_rows(self, stream: UUID, after_version: int) -> list[EventRow]:
        """The events of a stream in order, as stored rows."""
        return self._rows(STREAM, (stream, after_version))

    def streams(self, places: Sequence[StreamVersion]) -> list[Recorded[Any]]:
        """The events of several streams, each after the given version, each stream in order, in one statement."""
        if not places:
            return []
        streams, versions = zip(*places, strict=True)
        return self._decoded(self._rows(STREAMS, (list(streams), list(versions))))

    def pages(self, places: Sequence[StreamVersion], *, texts: bool = True) -> Iterator[list[Recorded[Any]]]:
        """The events of several streams, stream by stream, in pages of bounded size.

        texts: False reads no texts; they then look erased.
        """
        statement = PAGE if texts else PAGE_WITHOUT_TEXTS
        remaining = list(places)
        while remaining:
            streams, versions = zip(*remaining, strict=True)
            if not (page := self._decoded(self._rows(statement, (list(streams), list(versions))))):
                return
            yield page
            last = page[-1]
            remaining = [(last.stream, last.version), *remaining[streams.index(last.stream) + 1 :]]

    def feed(self, after_position: int, limit: int) -> list[Recorded[Any]]:
        """The next events of the log: at most `limit`, fewer if they are large, none at its end.

        No event appears later at or below a returned position.
        """
        return self._decoded(self.rows(after_position, limit))

    def rows(self, after_position: int, limit: int) -> list[EventRow]:
        """The next events of the log as stored rows, as many as `feed` returns."""
        return self._rows(FEED, {"after": after_position, "limit": limit})

    def head(self) -> tuple[int, datetime | None]:
        """The last position and its time of recording; 0 and None for an empty log."""
        found = self._fetch(HEAD, ())
        return found[0] if found else (0, None)

    def digests(self, positions: Sequence[int]) -> dict[int, str]:
        """The SHA-256 of the stored bytes of these events, in hex, by position."""
        return dict(self._fetch(DIGESTS, (list(positions),)))

    def position_as_of(self, instant: datetime) -> int | None:
        """The last position recorded at or before an instant. An answer never changes.

        None if the instant is after the database's clock or, in a read-only database, after the last event: the answer
        could still change.
        """
        position = self._fetch(AS_OF, (instant,))[0][0]
        return None if position is None else int(position)

    def _decoded(self, rows: list[EventRow]) -> list[Recorded[Any]]:
        decode = self._mapper.decode
        return [decode(row) for row in rows]

    def _rows(self, statement: str, parameters: Any) -> list[EventRow]:
        number = self._lineage.number
        rows = list(map(EventRow._make, self._fetch(statement, parameters)))
        if rows:
            newest = max(rows, key=_position)
            self._lineage.note(Seen(newest.position, newest.stream, newest.version, newest.recorded_at), number)
        return rows

    def _fetch(self, statement: str, parameters: Any) -> list[Any]:
        """Retries once if a pooled connection turns out to be dead."""
        with outages_as_unavailable():
            with self._pool.connection() as connection:
                try:
                    return connection.execute(statement.encode(), parameters, binary=True).fetchall()
                except psycopg.OperationalError:
                    if not connection.broken:
                        raise
            self._pool.check()
            with self._pool.connection() as connection:
                return connection.execute(statement.encode(), parameters, binary=True).fetchall()


_position: Final = attrgetter("position")


@contextmanager
def outages_as_unavailable() -> Iterator[None]:
    """Turns the errors of an unreachable, slow or overloaded database into Unavailable."""
    try:
        yield
    except (PoolTimeout, TooManyRequests):
        raise Overloaded("no connection to the database is free") from None
    except psycopg.OperationalError as error:
        raise Unavailable(f"the database does not answer: {first_line(error)}") from error
