"""The register as an application of the eventsourcing library, for projections written with its public classes.

Nothing else in the service uses the library. docs/integration.md shows how to follow the register with it.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from eventsourcing import persistence, popo
from eventsourcing.application import Application
from eventsourcing.utils import Environment

from projections.following.leadership import CHANNEL, connect, wait_for_append
from service.errors import Misconfigured, Unavailable
from service.event_store.connections import ConnectionLimits, open_pool
from service.event_store.lineage import Lineage
from service.event_store.log import Log, outages_as_unavailable
from service.event_store.mapper import MAPPER
from service.event_store.records import EventRow

BLOCK: Final = 1_000
"""Most events that are read at once."""
NAME: Final = "mandate integration"
LISTEN_SECONDS: Final = 0.5
"""Longest wait for an append: a stopped subscription ends after it."""


@dataclass(frozen=True)
class StoredRow(persistence.Notification):
    """row: the event with what the library's notification has no field for: time of recording, texts, voiding."""

    row: EventRow


class RowMapper(persistence.Mapper[UUID]):
    """Decodes rows of the register."""

    def __init__(self) -> None:
        super().__init__(persistence.JSONTranscoder())

    def to_domain_event(self, stored_event: persistence.StoredEvent) -> Any:
        """The event as Recorded. Raises CorruptEvent."""
        assert isinstance(stored_event, StoredRow)
        return MAPPER.decode(stored_event.row)


class Recorder(persistence.ApplicationRecorder):
    """Reads the register. Its methods raise Unavailable if the database does not answer."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.lineage = Lineage()
        self._pool = open_pool(url, ConnectionLimits(pool_size=2), self.lineage.confirm)
        self.log = Log(self._pool, MAPPER, self.lineage)

    def insert_events(self, stored_events: Sequence[persistence.StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Raises ProgrammingError: only commands write the register."""
        raise persistence.ProgrammingError("the register is written by its commands only")

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[StoredRow]:
        """The events of a stream with versions in (gt, lte]."""
        assert isinstance(originator_id, UUID)
        rows = self.log.stream_rows(originator_id, gt or 0)
        found = [_stored(row) for row in rows if lte is None or row.version <= lte]
        return (found[::-1] if desc else found)[:limit]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[StoredRow]:
        """The first `limit` events from position `start` to `stop`, of these stored names."""
        after = 0 if start is None else start - inclusive_of_start
        found = list[StoredRow]()
        while len(found) < limit and (rows := self.log.rows(after, limit)):
            after = rows[-1].position
            found += [_stored(row) for row in _of(rows, topics) if stop is None or row.position <= stop]
            if stop is not None and after >= stop:
                break
        return found[:limit]

    def max_notification_id(self) -> int | None:
        """The last position of the log."""
        return self.log.head()[0] or None

    def subscribe(self, gt: int | None = None, topics: Sequence[str] = ()) -> "LogSubscription":
        """All events after position `gt`, those to come included, in log order."""
        return LogSubscription(self, gt, topics)

    def close(self) -> None:
        self._pool.close()


class LogSubscription(persistence.Subscription[Recorder]):
    """Yields every event once, in order of position, and waits at the end of the log.

    An append holds a lock from the assignment of its positions to its commit, so no event appears later at or below a
    position that was read. Raises Unavailable if the database does not answer, or if it was restored to an earlier
    point: the position may then be that of another event.
    """

    def __init__(self, recorder: Recorder, gt: int | None, topics: Sequence[str]) -> None:
        super().__init__(recorder, gt, topics)
        self._stopped = threading.Event()
        self._events = _follow(recorder, gt or 0, topics, self._stopped)

    def stop(self) -> None:
        self._stopped.set()

    def __next__(self) -> StoredRow:
        return next(self._events)


class Register(Application[UUID]):
    """The register, for ApplicationSubscription and ProjectionRunner. It is read-only.

    Domain events are Recorded. Topics are the stored names of events, 'RequestApproved'. MANDATE_DATABASE_URL names the
    database, in the given environment or that of the process.
    """

    name = "mandate"
    recorder: Recorder

    def construct_factory(self, env: Environment) -> persistence.InfrastructureFactory[Any]:
        return popo.POPOFactory(env)

    def construct_mapper(self) -> RowMapper:
        return RowMapper()

    def construct_recorder(self) -> Recorder:
        """Raises Misconfigured if the environment names no database."""
        url = self.env.get("MANDATE_DATABASE_URL")
        if not url:
            raise Misconfigured("MANDATE_DATABASE_URL is not set: it names the database of the register")
        return Recorder(url)

    def close(self) -> None:
        super().close()
        self.recorder.close()


def _follow(recorder: Recorder, after: int, topics: Sequence[str], stopped: threading.Event) -> Iterator[StoredRow]:
    lineage = recorder.lineage.number
    with outages_as_unavailable(), closing(connect(recorder.url, NAME)) as connection:
        # Before the first read, so that every append is either read or notified.
        connection.execute(f"LISTEN {CHANNEL}".encode())
        restored = after > recorder.log.head()[0]
        while not stopped.is_set():
            rows = recorder.log.rows(after, BLOCK)
            if restored or recorder.lineage.number != lineage:
                raise Unavailable(f"the database was restored: position {after} may be that of another event")
            for row in _of(rows, topics):
                if stopped.is_set():
                    return
                yield _stored(row)
            if rows:
                after = rows[-1].position
            wait_for_append(connection, 0 if rows else LISTEN_SECONDS)


def _of(rows: Sequence[EventRow], topics: Sequence[str]) -> Sequence[EventRow]:
    return [row for row in rows if row.topic in topics] if topics else rows


def _stored(row: EventRow) -> StoredRow:
    return StoredRow(row.stream, row.version, row.topic, row.state, row.position, row)
