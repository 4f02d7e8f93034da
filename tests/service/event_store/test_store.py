"""Append, stream, feed: what goes in comes back, whole items or nothing, and no decision rests on what has moved."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.deployment_request.events import ReviewBegun
from domain.vocabulary import Text
from service.errors import Unavailable
from service.event_store.connections import ConnectionLimits
from service.event_store.store import AppendConflict, AppendItem, EventStore
from service.settings import DatabaseUrls
from tests.service.event_store.appends import item, unrecorded, write
from tests.waiting import until


def test_appended_events_are_read_back(store: EventStore) -> None:
    stream, other = uuid4(), uuid4()
    event = ReviewBegun(reason=Text("It is time: é, \u2028, \U0001f30d."))
    appended = store.append(AppendItem(events=(unrecorded(stream, 1, event),), reads=((other, 0),)))
    assert not isinstance(appended, AppendConflict)
    assert store.stream(stream) == list(appended)
    assert appended[0].event == event
    assert appended[0].consulted == ((other, 0),)
    assert [recorded.position for recorded in appended] == [1]
    assert store.head() == (1, appended[0].recorded_at)


def test_an_empty_store(store: EventStore) -> None:
    assert store.stream(uuid4()) == []
    assert store.streams([(uuid4(), 0)]) == []
    assert store.streams([]) == []
    assert store.feed(0, 10) == []
    assert store.head() == (0, None)
    assert store.position_as_of(datetime.now(UTC)) == 0


def test_several_streams_are_read_at_once_each_after_its_version(store: EventStore) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    write(store, (first, 1), (second, 1), (first, 2), (third, 1), (first, 3), (second, 2))
    found = store.streams([(first, 1), (second, 0), (third, 1), (uuid4(), 0)])
    assert [recorded.version for recorded in found if recorded.stream == first] == [2, 3]
    assert [recorded.version for recorded in found if recorded.stream == second] == [1, 2]
    assert len(found) == 4
    assert [recorded.version for recorded in store.stream(first, after_version=2)] == [3]


def test_the_feed_resumes_after_a_position(store: EventStore) -> None:
    stream = uuid4()
    write(store, *[(stream, version) for version in range(1, 8)])
    assert [recorded.position for recorded in store.feed(0, 3)] == [1, 2, 3]
    assert [recorded.position for recorded in store.feed(3, 100)] == [4, 5, 6, 7]
    assert store.feed(7, 100) == []


def test_a_version_is_recorded_once(store: EventStore) -> None:
    stream, other = uuid4(), uuid4()
    write(store, (stream, 1))
    assert store.append(item((other, 1), (stream, 1))) == AppendConflict(frozenset({stream}))
    assert store.stream(other) == [], "all of an item or nothing"
    assert store.head()[0] == 1
    assert [recorded.position for recorded in write(store, (stream, 2), (other, 1))] == [2, 3]


def test_an_append_with_an_outdated_consulted_version_conflicts(store: EventStore) -> None:
    subject, consulted, still = uuid4(), uuid4(), uuid4()
    write(store, (consulted, 1), (still, 1))
    write(store, (subject, 1), reads=((consulted, 1), (still, 1), (uuid4(), 0)))
    write(store, (consulted, 2))
    assert store.append(item((subject, 2), reads=((consulted, 1), (still, 1)))) == AppendConflict(
        frozenset({consulted})
    )
    assert store.append(item((subject, 2), reads=((still, 0),))) == AppendConflict(frozenset({still}))
    write(store, (subject, 2), reads=((consulted, 2), (still, 1)))


@pytest.mark.parametrize("versions", [(2, 1), (1, 1), (1, 3), (0,), ()])
def test_versions_of_a_stream_are_consecutive(store: EventStore, versions: tuple[int, ...]) -> None:
    stream = uuid4()
    with pytest.raises(ValueError, match=r"follow|one event"):
        store.append(item(*[(stream, version) for version in versions]))
    assert store.head() == (0, None)


def test_an_unencodable_event_is_not_recorded(store: EventStore) -> None:
    stream = uuid4()
    unstorable: tuple[Any, ...] = (object(), ReviewBegun(reason=Text(None)), ReviewBegun(reason=Text("\ud800")))
    for event in unstorable:
        with pytest.raises(ValueError):
            store.append(AppendItem(events=(unrecorded(stream, 1, event),)))
    assert store.head() == (0, None)


def test_time_increases_between_items_and_is_constant_within_one(store: EventStore) -> None:
    streams = [uuid4() for _ in range(5)]
    answers = [write(store, (stream, 1), (stream, 2)) for stream in streams]
    times = [{recorded.recorded_at for recorded in answer} for answer in answers]
    assert all(len(moments) == 1 for moments in times)
    assert sorted(set().union(*times)) == [moment for (moment,) in times]


def test_as_of_is_a_prefix_of_the_log(store: EventStore) -> None:
    microsecond = timedelta(microseconds=1)
    for _ in range(9):
        write(store, (uuid4(), 1), (uuid4(), 1))
    for recorded in store.feed(0, 100):
        whole_item = recorded.position + recorded.position % 2
        assert store.position_as_of(recorded.recorded_at) == whole_item
        assert store.position_as_of(recorded.recorded_at - microsecond) == whole_item - 2
    assert store.position_as_of(datetime.now(UTC)) == 18


def test_an_instant_after_the_databases_clock_has_no_answer_yet(store: EventStore) -> None:
    assert store.position_as_of(datetime.now(UTC) + timedelta(hours=1)) is None
    [recorded] = write(store, (uuid4(), 1))
    assert store.position_as_of(recorded.recorded_at) == 1
    assert store.position_as_of(recorded.recorded_at + timedelta(hours=1)) is None


def test_the_newest_name_of_each_person_is_stored(store: EventStore, database_urls: DatabaseUrls) -> None:
    now = datetime.now(UTC)
    store.record_person_name("issuer", "ana", "Ana", now)
    store.record_person_name("issuer", "ana", "Ana B.", now + timedelta(seconds=1))
    store.record_person_name("issuer", "ana", "Ana (an older token)", now)
    store.record_person_name("other", "ana", "Another Ana", now)
    with psycopg.connect(database_urls.api) as connection:
        rows = connection.execute("SELECT issuer, subject, name FROM event_store.people ORDER BY issuer").fetchall()
    assert rows == [("issuer", "ana", "Ana B."), ("other", "ana", "Another Ana")]


def test_append_refuses_to_run_on_an_old_snapshot(database_urls: DatabaseUrls) -> None:
    nothing = "SELECT event_store.append('{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')"
    with psycopg.connect(database_urls.api) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with pytest.raises(psycopg.errors.RaiseException, match="READ COMMITTED"):
            connection.execute(nothing)


def test_database_defaults_do_not_affect_the_store(database_urls: DatabaseUrls) -> None:
    """An answer as of then waits for the append under way, and must see what it committed."""
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        name = owner.info.dbname
        owner.execute(f"ALTER DATABASE \"{name}\" SET default_transaction_isolation = 'repeatable read'".encode())
    with closing(EventStore(database_urls.api)) as store, psycopg.connect(database_urls.api) as holder:
        holder.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
        call = """SELECT event_store.append('{0}', %s::uuid[], '{1}', '{x}', %s::bytea[], %s::bytea[],
                                            '{}', '{}', '{}'), clock_timestamp()"""
        found = holder.execute(call, [[uuid4()], [b"{}"], [None]]).fetchone()
        assert found is not None
        with ThreadPoolExecutor(1) as asking:
            asked = asking.submit(store.position_as_of, found[1])
            until(lambda: is_waited_for(database_urls.owner))
            holder.commit()
            assert asked.result() == 1
        stream = uuid4()
        assert not isinstance(store.append(item((stream, 1))), AppendConflict)


def is_waited_for(url: str) -> bool:
    with psycopg.connect(url) as connection:
        asked = """SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                   AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        return connection.execute(asked).fetchone() is not None


def test_a_store_that_cannot_reach_its_database_says_so() -> None:
    away = EventStore("postgresql://nobody@/none?host=/nowhere", ConnectionLimits(pool=0.1))
    try:
        with pytest.raises(Unavailable, match="cannot be reached") as raised:
            write(away, (UUID(int=1), 1))
        assert raised.value.recorded is False
        with pytest.raises(Unavailable, match="no connection"):
            away.stream(UUID(int=1))
    finally:
        away.close()
