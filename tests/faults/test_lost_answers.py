"""A COMMIT whose answer is lost is neither doubled, nor taken for a conflict, nor lost in silence."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.catalogue import Event
from domain.recorded_event import Recorded
from service.errors import Unavailable
from service.event_store.connections import ConnectionLimits
from service.event_store.store import AppendConflict, EventStore
from service.settings import DatabaseUrls
from tests.faults.proxy import Fault, Proxy, proxied
from tests.reading import whole_log
from tests.service.event_store.appends import item, write

pytestmark = pytest.mark.faults


@pytest.fixture
def through(database_urls: DatabaseUrls) -> Iterator[tuple[Proxy, EventStore]]:
    """A store behind a proxy, whose statement is prepared."""
    with TemporaryDirectory() as folder, proxied(database_urls.api, Path(folder)) as (proxy, url):
        store = EventStore(url, ConnectionLimits(answer=0.5, connect=2))
        write(store, (uuid4(), 1))
        yield proxy, store
        store.close()


@pytest.fixture
def direct(database_urls: DatabaseUrls) -> Iterator[EventStore]:
    store = EventStore(database_urls.api)
    yield store
    store.close()


def positions(recorded: tuple[Recorded[Event], ...]) -> list[int]:
    return [each.position for each in recorded]


def test_a_lost_answer_is_found_again(through: tuple[Proxy, EventStore], direct: EventStore) -> None:
    proxy, store = through
    first, second = uuid4(), uuid4()
    proxy.once(Fault.LOSE_ANSWER)
    appended = write(store, (first, 1), (second, 1), (first, 2))
    assert positions(appended) == [2, 3, 4]
    assert proxy.struck == [Fault.LOSE_ANSWER]
    assert direct.feed(1, 10) == list(appended)
    assert positions(write(store, (first, 3))) == [5]


def test_a_lost_request_was_not_recorded(through: tuple[Proxy, EventStore], direct: EventStore) -> None:
    proxy, store = through
    place = (uuid4(), 1)
    proxy.once(Fault.LOSE_REQUEST)
    with pytest.raises(Unavailable, match="nothing was recorded") as raised:
        write(store, place)
    assert raised.value.recorded is False
    assert direct.head()[0] == 1
    write(store, place)


def test_a_lost_answer_to_a_lost_race_is_a_lost_race(through: tuple[Proxy, EventStore], direct: EventStore) -> None:
    proxy, store = through
    stream = uuid4()
    write(direct, (stream, 1))
    proxy.once(Fault.LOSE_ANSWER)
    assert store.append(item((stream, 1))) == AppendConflict(frozenset({stream}))
    assert proxy.struck == [Fault.LOSE_ANSWER]


def test_where_it_cannot_be_found_out_that_is_said(through: tuple[Proxy, EventStore], direct: EventStore) -> None:
    proxy, store = through
    stream = uuid4()
    proxy.once(Fault.LOSE_ANSWER, and_no_more=True)
    with pytest.raises(Unavailable, match="cannot be determined") as raised:
        write(store, (stream, 1))
    assert raised.value.recorded is None
    assert [recorded.stream for recorded in direct.feed(1, 10)] == [stream]
    proxy.is_open = True
    write(store, (stream, 2))


def test_a_database_that_does_not_answer_is_not_waited_for(
    through: tuple[Proxy, EventStore], direct: EventStore
) -> None:
    proxy, store = through
    proxy.once(Fault.HOLD_REQUEST)
    with pytest.raises(Unavailable, match="nothing was recorded") as raised:
        write(store, (uuid4(), 1))
    assert raised.value.recorded is False
    assert direct.head()[0] == 1
    write(store, (uuid4(), 1))


def test_reading_is_not_waited_for_either(through: tuple[Proxy, EventStore]) -> None:
    proxy, store = through
    stream = uuid4()
    write(store, (stream, 1))
    assert len(store.stream(stream)) == 1
    proxy.once(Fault.HOLD_REQUEST)
    with pytest.raises(Unavailable, match="does not answer"):
        store.stream(stream)
    assert len(store.stream(stream)) == 1


def test_connections_that_died_unused_are_not_noticed(direct: EventStore, database_urls: DatabaseUrls) -> None:
    stream = uuid4()
    write(direct, (stream, 1))
    assert len(direct.stream(stream)) == 1
    end = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'mandate_api' AND datname = %s"
    assert database_urls.superuser is not None
    with psycopg.connect(database_urls.superuser) as connection:
        assert connection.execute(end, [connection.info.dbname]).rowcount >= 2
    assert len(direct.stream(stream)) == 1
    write(direct, (stream, 2))


def test_what_still_waits_for_its_turn_is_ended_and_never_recorded(
    through: tuple[Proxy, EventStore], direct: EventStore, database_url: str
) -> None:
    """The server does not notice that its client has gone, and would carry the append out later."""
    proxy, store = through
    stream = uuid4()
    proxy.once(Fault.CUT)
    waiting = "SELECT mode FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database_url) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [0x6D616E64617465])
        asked = pool.submit(store.append, item((stream, 1)))
        while connection.execute(waiting).fetchall() != [("ShareLock",)]:
            assert not asked.done()
        connection.commit()
        error = asked.exception()
    assert proxy.struck == [Fault.CUT]
    assert isinstance(error, Unavailable)
    assert error.recorded is False
    assert direct.head()[0] == 1
    write(store, (stream, 1))


def test_at_random_nothing_is_doubled_or_lost(through: tuple[Proxy, EventStore], direct: EventStore) -> None:
    proxy, store = through
    chance = random.Random(7)
    faults = [Fault.NONE] * 6 + [Fault.LOSE_ANSWER, Fault.LOSE_REQUEST]
    proxy.fault = lambda: chance.choice(faults)
    acknowledged: dict[UUID, tuple[Recorded[Event], ...]] = {}
    refused: list[UUID] = []

    def act() -> None:
        for _ in range(25):
            stream = uuid4()
            try:
                acknowledged[stream] = write(store, (stream, 1), (stream, 2))
            except Unavailable as unavailable:
                if unavailable.recorded is False:
                    refused.append(stream)

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    proxy.fault = lambda: Fault.NONE

    log = whole_log(direct, 1)
    found = {recorded.stream: recorded for recorded in log}
    assert len(log) == 2 * len(found), "whole items, once"
    assert not found.keys() & set(refused)
    for stream, appended in acknowledged.items():
        assert direct.stream(stream) == list(appended)
    assert acknowledged
    assert refused
    assert set(proxy.struck) == {Fault.LOSE_ANSWER, Fault.LOSE_REQUEST}
