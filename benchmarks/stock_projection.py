"""The stock ProjectionRunner on the tables of a view: one transaction per event, with its rows and its tracking."""

import time
from typing import Any, Final
from uuid import UUID

import psycopg
from eventsourcing.application import Application
from eventsourcing.persistence import JSONTranscoder, Mapper, Notification, StoredEvent, Tracking
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from psycopg.sql import SQL, Identifier, Placeholder

from benchmarks.random_actors import BEGINNING
from benchmarks.stock_application import environment
from domain.recorded_event import Recorded
from projections.following.replay import topics
from projections.following.row_writer import fold
from projections.reading.item_rows import items_without_texts
from projections.views import deployment_requests
from service.event_store.mapper import MAPPER
from service.event_store.records import EventRow

VIEW: Final = deployment_requests.VIEW
TABLE: Final = deployment_requests.table
AS_THE_STOCK_CALLS_IT: Final = "CREATE OR REPLACE VIEW event_store.stored_events AS SELECT * FROM event_store.events"
ENDED: Final = SQL("UPDATE projections.{} SET valid_until = %s WHERE id = %s AND valid_until = 'infinity'").format(
    Identifier(TABLE.name)
)
ITEMS: Final = items_without_texts("projections", deployment_requests.request_items, versioned=True)
STANDS: Final = f"""
    SELECT document, {ITEMS} AS items
    FROM {TABLE} t WHERE id = %s AND valid_until = 'infinity'
""".encode()
ADDED: Final = {
    table: SQL("INSERT INTO projections.{} ({}) VALUES ({})").format(
        Identifier(table.name),
        SQL(", ").join(map(Identifier, table.c.keys())),
        SQL(", ").join([Placeholder()] * len(table.c)),
    )
    for table in VIEW.tables
}


class OurEvents(Mapper[UUID]):
    """Uses our decoder in place of the library's, so that decoding is equally fast."""

    def __init__(self) -> None:
        super().__init__(JSONTranscoder())
        self._decode = MAPPER.decode

    def to_domain_event(self, stored_event: StoredEvent) -> Any:
        assert isinstance(stored_event, Notification)
        assert isinstance(stored_event.originator_id, UUID)
        return self._decode(
            EventRow(
                position=stored_event.id,
                stream=stored_event.originator_id,
                version=stored_event.originator_version,
                topic=stored_event.topic,
                state=stored_event.state,
                recorded_at=BEGINNING,
                texts=None,
            )
        )


class StockLog(Application[UUID]):
    """The stock recorder over our events."""

    name = "stored"

    def construct_mapper(self) -> Mapper[UUID]:
        return OurEvents()


class StockView(PostgresTrackingRecorder):
    """Folds each event on the current row, which it reads, because nothing is in memory after a restart."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.done = 0

    def take(self, recorded: Recorded[Any], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            folded = fold(VIEW, recorded.stream, _standing(recorded, cursor), [recorded])
            self._insert_tracking(cursor, tracking)
            if recorded.version > 1:
                cursor.execute(ENDED, (recorded.recorded_at, recorded.stream), prepare=True)
            for table, rows in folded.rows.items():
                until = table.c.keys().index("valid_until") if "valid_until" in table.c else None
                for row in rows:
                    values = [
                        "infinity" if n == until and value is None else _plain(value) for n, value in enumerate(row)
                    ]
                    cursor.execute(ADDED[table], values, prepare=True)
        self.done += 1


class StockProjection(Projection[StockView]):
    name = "requests"
    topics = tuple(topics(VIEW.by_stream))

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.take(domain_event, tracking)


def run(owner_url: str, seconds: float) -> float:
    """Events per second, from the first event, for `seconds` or until the end of the log."""
    as_if_new(owner_url)
    env = stock_environment(owner_url)
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=StockLog, projection_class=StockProjection, view_class=StockView, env=env
    ) as runner:
        last = runner.app.recorder.max_notification_id() or 0
        while time.perf_counter() - began < seconds and not runner.view.has_tracking_id(StockLog.name, last):
            runner.run_forever(timeout=0.05)
        rate = runner.view.done / (time.perf_counter() - began)
    as_if_new(owner_url)
    return rate


def stock_environment(owner_url: str) -> dict[str, str]:
    """Settings with which the library reads our events, without creating its own tables."""
    return environment(owner_url, POSTGRES_SCHEMA="event_store", STORED_CREATE_TABLE="no")


def as_if_new(owner_url: str) -> None:
    """Resets the view to a state before any event was followed."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute(AS_THE_STOCK_CALLS_IT)
        for table in VIEW.tables:
            connection.execute(SQL("TRUNCATE projections.{}").format(Identifier(table.name)))
        connection.execute("DELETE FROM projections.checkpoints WHERE view = %s", [VIEW.name])
        connection.execute("DROP TABLE IF EXISTS event_store.requests_tracking")


def _standing(recorded: Recorded[Any], cursor: psycopg.Cursor[dict[str, Any]]) -> Any:
    if recorded.version == 1:
        return None
    cursor.execute(STANDS, (recorded.stream,), prepare=True)
    row = cursor.fetchone()
    assert row is not None
    return deployment_requests.request_in(row["document"], row["items"])


def _plain(value: Any) -> Any:
    """Converts tuples to lists, because psycopg adapts tuples as composites."""
    return list(value) if isinstance(value, tuple) else value
