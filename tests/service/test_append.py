"""What event_store.append accepts from those who call it, and what loses: no stream ever has a gap."""

from contextlib import closing
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from service.errors import Unavailable
from service.event_store.connections import ConnectionLimits
from service.event_store.store import AppendConflict, EventStore
from service.processes.composition import write_side
from service.settings import DatabaseUrls, Settings
from tests.service.event_store.appends import item, write

STREAM = UUID(int=1)
CALL = """
    SELECT (event_store.append(%(items)s::int[], %(streams)s::uuid[], %(versions)s::bigint[], %(topics)s::text[],
        %(states)s::bytea[], %(texts)s::bytea[], %(read_items)s::int[], %(read_streams)s::uuid[],
        %(read_versions)s::bigint[])).lost_items
"""
GOOD: dict[str, Any] = {
    "items": [0],
    "streams": [STREAM],
    "versions": [1],
    "topics": ["T"],
    "states": [b"{}"],
    "texts": [None],
    "read_items": [0],
    "read_streams": [UUID(int=2)],
    "read_versions": [0],
}
TWICE = {"topics": ["T"] * 2, "states": [b"{}"] * 2, "texts": [None] * 2}


def call(url: str, **arguments: Any) -> Any:
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(CALL, GOOD | arguments).fetchone()
        assert row is not None
        return row[0]


def test_a_complete_item_is_recorded(store: EventStore, database_urls: DatabaseUrls) -> None:
    assert call(database_urls.api) is None
    assert store.head()[0] == 1


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize("value", ["null", "null inside", "longer", "empty"])
def test_null_and_arrays_of_unequal_length_are_refused(
    store: EventStore, database_urls: DatabaseUrls, name: str, value: str
) -> None:
    values = {"null": None, "null inside": [None], "longer": GOOD[name] * 2, "empty": []}
    if (name, value) == ("texts", "null inside"):
        return
    with pytest.raises((psycopg.errors.ArraySubscriptError, psycopg.errors.NullValueNotAllowed)):
        call(database_urls.api, **{name: values[value]})
    assert store.head()[0] == 0


@pytest.mark.parametrize(
    "events",
    [
        {"versions": [0]},
        {"versions": [-1]},
        {**TWICE, "items": [0, 0], "streams": [STREAM, STREAM], "versions": [1, 3]},
        {**TWICE, "items": [0, 0], "streams": [STREAM, STREAM], "versions": [2, 1]},
        {**TWICE, "items": [0, 1], "streams": [STREAM, STREAM], "versions": [1, 2]},
    ],
)
def test_nonconsecutive_versions_are_refused(
    store: EventStore, database_urls: DatabaseUrls, events: dict[str, Any]
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        call(database_urls.api, **events)
    assert store.head()[0] == 0


@pytest.mark.parametrize("version", [2, 7])
def test_a_version_without_its_predecessor_loses(store: EventStore, version: int) -> None:
    stream, other = uuid4(), uuid4()
    assert store.append(item((stream, version), (other, 1))) == AppendConflict(frozenset({stream}))
    write(store, (stream, 1))
    assert store.append(item((stream, version + 1))) == AppendConflict(frozenset({stream}))
    assert store.head()[0] == 1


def test_a_consulted_version_that_does_not_exist_loses(store: EventStore) -> None:
    stream, consulted = uuid4(), uuid4()
    assert store.append(item((stream, 1), reads=((consulted, 1),))) == AppendConflict(frozenset({consulted}))
    write(store, (consulted, 1))
    assert store.append(item((stream, 1), reads=((consulted, 2),))) == AppendConflict(frozenset({consulted}))
    write(store, (stream, 1), reads=((consulted, 1),))


def test_consecutive_items_of_a_stream_are_recorded_together(store: EventStore) -> None:
    stream, other = uuid4(), uuid4()
    items = [item((stream, 1)), item((other, 1), reads=((stream, 1),)), item((stream, 2), reads=((other, 1),))]
    assert not isinstance(store.append_together(items), AppendConflict)
    assert store.head()[0] == 3


def test_a_commit_is_durable_despite_the_session_setting(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.api) as connection:
        for setting, expected in (("off", "on"), ("local", "on"), ("remote_apply", "remote_apply")):
            connection.execute(f"SET synchronous_commit = {setting}".encode())
            connection.execute(CALL, GOOD | {"streams": [uuid4()]})
            assert connection.execute("SHOW synchronous_commit").fetchone() == (expected,)
            connection.rollback()


def test_a_database_that_may_lose_commits_causes_a_warning(
    database_urls: DatabaseUrls, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        for setting, is_warned_of in (("on", False), ("local", False), ("off", True)):
            caplog.clear()
            change = f'ALTER DATABASE "{owner.info.dbname}" SET synchronous_commit = {setting}'
            owner.execute(change.encode())
            with write_side(Settings(), database_urls.api) as write:
                write.store.probe()
                assert (write.store.durability_warning() is not None) == is_warned_of
            assert ("synchronous_commit is off" in caplog.text) == is_warned_of


def test_a_database_that_is_read_only_records_nothing(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f'ALTER DATABASE "{name}" SET default_transaction_read_only = on'.encode())
    with closing(EventStore(database_urls.api, ConnectionLimits(answer=2))) as store:
        with pytest.raises(Unavailable, match="read-only"):
            store.probe()
        with pytest.raises(Unavailable, match="read-only") as raised:
            write(store, (uuid4(), 1))
    assert raised.value.recorded is False


def test_recorded_time_never_decreases_when_the_clock_does(store: EventStore, database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        ahead = """INSERT INTO event_store.events VALUES
            (%s, 1, 'T', '{}', 1, clock_timestamp() + interval '1 hour') RETURNING recorded_at"""
        row = owner.execute(ahead, [uuid4()]).fetchone()
    assert row is not None
    for position in (2, 3):
        [recorded] = write(store, (uuid4(), 1))
        assert recorded.position == position
        assert recorded.recorded_at == row[0] + (position - 1) * timedelta(microseconds=1)
