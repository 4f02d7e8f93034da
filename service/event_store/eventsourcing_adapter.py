"""Adapters that give the eventsourcing library its recorder, mapper and factory, on our appender and pool."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import eventsourcing.persistence as library
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore, PostgresFactory
from eventsourcing.utils import Environment
from psycopg import Connection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import ConnectionPool

from service.event_store.batch import PendingItem
from service.event_store.group_commit import Appender
from service.event_store.mapper import Mapper
from service.event_store.records import AppendConflict, EncodedEvent

SCHEMA = "event_store"
TABLE = "events"


class Recorder(PostgresApplicationRecorder):
    """Reads as the library's recorder does. Writes by group commit, without a table lock."""

    def __init__(self, datastore: PostgresDatastore, appender: Appender) -> None:
        super().__init__(datastore, events_table_name=TABLE)
        self._appender = appender

    def insert_events(self, stored_events: Sequence[StoredEvent], **kwargs: Any) -> Sequence[int] | None:
        """Inserts all events or none.

        Raises the library's IntegrityError if a version exists, and Unavailable as `append` does.
        """
        if not stored_events:
            return None
        versions = {(event.originator_id, event.originator_version) for event in stored_events}
        if len(versions) < len(stored_events):
            raise library.IntegrityError("an item contains the same version of a stream twice")
        outcome = self._appender.append(
            PendingItem([_encoded(event) for event in stored_events], kwargs.get("reads", ()))
        )
        if isinstance(outcome, AppendConflict):
            raise library.IntegrityError(f"conflicting versions in {', '.join(map(str, outcome.streams))}")
        return list(range(outcome.first, outcome.first + len(stored_events)))

    def create_table(self) -> None:
        """Does nothing: Alembic owns every table."""


class Datastore(PostgresDatastore):
    """Uses our pool instead of the library's, which drops sslmode and other options of a URL."""

    def __init__(self, pool: ConnectionPool[Any]) -> None:
        super().__init__(dbname="", host="", port="", user="", password="", schema=SCHEMA)
        self.pool = pool  # type: ignore[assignment]

    def register_type_adapters(self) -> None:
        """Does nothing: no composite types are used, and no connection is needed yet."""

    @contextmanager
    def get_connection(self) -> Iterator[Connection[DictRow]]:
        with super().get_connection() as connection:
            factory = connection.row_factory
            connection.row_factory = dict_row
            try:
                yield connection
            finally:
                connection.row_factory = factory


class Factory(PostgresFactory):
    """Gives our recorder to the library's Application."""

    def __init__(self, env: Environment, pool: ConnectionPool[Any], appender: Appender) -> None:
        super().__init__(env)
        self.datastore = Datastore(pool)
        self._appender = appender

    def application_recorder(self) -> Recorder:
        return Recorder(self.datastore, self._appender)


class StoredEventWithTexts(StoredEvent):
    """A stored event with its free texts."""

    def __init__(self, encoded: EncodedEvent) -> None:
        super().__init__(encoded.stream, encoded.version, encoded.topic, encoded.state)
        object.__setattr__(self, "texts", encoded.texts)


class LibraryMapper(library.Mapper[UUID]):
    """Our mapper behind the library's interface, so that Application.save stores events in the same format."""

    def __init__(self, mapper: Mapper) -> None:
        super().__init__(library.JSONTranscoder())
        self._mapper = mapper

    def to_stored_event(self, domain_event: Any) -> StoredEvent:
        """domain_event: an UnrecordedEvent."""
        return StoredEventWithTexts(self._mapper.encode(domain_event))

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        """Raises TypeError: the library's stored event has neither position nor time."""
        raise TypeError("events are read through EventStore.stream, streams and feed")


def environment(name: str) -> Environment:
    """The settings that the library's constructors need. The process's environment is ignored."""
    settings = {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": "",
        "POSTGRES_HOST": "",
        "POSTGRES_USER": "",
        "POSTGRES_PASSWORD": "",
        "POSTGRES_SCHEMA": SCHEMA,
        "CREATE_TABLE": "no",
        "IS_SNAPSHOTTING_ENABLED": "no",
    }
    return Environment(name, settings)


def _encoded(event: StoredEvent) -> EncodedEvent:
    stream = event.originator_id
    assert isinstance(stream, UUID)
    return EncodedEvent(stream, event.originator_version, event.topic, event.state, getattr(event, "texts", None))
