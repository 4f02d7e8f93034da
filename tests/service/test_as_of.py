"""The position for an instant never changes once it was returned, whatever the database's clock does."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg

from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.service.event_store.appends import write

MICROSECOND = timedelta(microseconds=1)


def now(url: str) -> datetime:
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    found = row[0]
    assert isinstance(found, datetime)
    return found


def clock_an_hour_ahead(url: str) -> datetime:
    """As if the clock had been an hour ahead when somebody asked, and was set back since."""
    with psycopg.connect(url) as owner:
        row = owner.execute(
            "UPDATE event_store.horizon SET instant = clock_timestamp() + interval '1 hour' RETURNING instant"
        ).fetchone()
    assert row is not None
    found = row[0]
    assert isinstance(found, datetime)
    return found


def test_what_is_recorded_after_an_answer_stands_after_its_instant(
    store: EventStore, database_urls: DatabaseUrls
) -> None:
    write(store, (uuid4(), 1))
    ahead = clock_an_hour_ahead(database_urls.owner)
    assert store.position_as_of(ahead) == 1
    [recorded] = write(store, (uuid4(), 1))
    assert recorded.recorded_at == ahead + MICROSECOND
    assert store.position_as_of(ahead) == 1
    assert store.position_as_of(ahead + MICROSECOND) == 2


def test_an_answer_after_the_last_event_moves_the_horizon(store: EventStore, database_urls: DatabaseUrls) -> None:
    write(store, (uuid4(), 1))
    instant = now(database_urls.api)
    assert store.position_as_of(instant) == 1
    with psycopg.connect(database_urls.api) as connection:
        row = connection.execute("SELECT instant FROM event_store.horizon").fetchone()
    assert row is not None
    assert row[0] >= instant


def test_an_answer_before_the_last_event_writes_nothing(store: EventStore, database_urls: DatabaseUrls) -> None:
    [recorded] = write(store, (uuid4(), 1))
    assert store.position_as_of(recorded.recorded_at) == 1
    assert store.position_as_of(recorded.recorded_at - MICROSECOND) == 0
    with psycopg.connect(database_urls.api) as connection:
        assert connection.execute("SELECT 1 FROM event_store.horizon WHERE instant = '-infinity'").fetchone()


def test_a_read_only_database_shows_what_is_settled_and_no_more(store: EventStore, database_urls: DatabaseUrls) -> None:
    [recorded] = write(store, (uuid4(), 1))
    settled = now(database_urls.api)
    assert store.position_as_of(settled) == 1
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    with closing(EventStore(database_urls.api)) as reading:
        assert reading.position_as_of(recorded.recorded_at) == 1
        assert reading.position_as_of(settled) == 1
        assert reading.position_as_of(datetime.now(UTC)) is None
