"""The appender turns away what it cannot take, fails what is bad alone, and never leaves a caller waiting."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from service.errors import Overloaded, Unavailable
from service.event_store.batch import Batch, Committed, PendingItem, conflict_with
from service.event_store.connections import ConnectionLimits
from service.event_store.database_clock import DatabaseClock
from service.event_store.group_commit import Appender
from service.event_store.lineage import Lineage
from service.event_store.records import AppendConflict, EncodedEvent, StreamVersion
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.service.event_store.appends import item, write

APPENDS_LOCK = 0x6D616E64617465


def entry(
    *places: StreamVersion, reads: tuple[StreamVersion, ...] = (), topic: str = "Topic", lineage: int | None = None
) -> PendingItem:
    events = [EncodedEvent(stream, version, topic, b"{}", None) for stream, version in places]
    return PendingItem(events, reads, lineage)


WAITERS = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def wait_for_a_waiter(connection: psycopg.Connection[Any]) -> None:
    """Until somebody waits for the appends' lock."""
    while connection.execute(WAITERS).fetchone() == (0,):
        pass


class Stopped:
    """Appending stands still: the first item has reached the database, the others wait in the process."""

    def __init__(self, connection: psycopg.Connection[Any], appender: Appender, pool: ThreadPoolExecutor) -> None:
        self._connection = connection
        self._appender = appender
        self._pool = pool

    def submit(self, *entries: PendingItem) -> list[Future[Committed | AppendConflict]]:
        first, *others = entries
        futures = [self._pool.submit(self._appender.append, first)]
        wait_for_a_waiter(self._connection)
        futures += [self._pool.submit(self._appender.append, other) for other in others]
        while self._appender.waiting < len(others):
            pass
        return futures


@contextmanager
def stopped(url: str, appender: Appender) -> Iterator[Stopped]:
    with ThreadPoolExecutor(20) as pool, psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(%s)", [APPENDS_LOCK])
        yield Stopped(connection, appender, pool)


@pytest.fixture
def appender(database_urls: DatabaseUrls) -> Iterator[Appender]:
    lineage = Lineage()
    clock = DatabaseClock(lineage)
    made = Appender(database_urls.api, ConnectionLimits(queue=12), clock.query, lineage, clock)
    yield made
    made.close()


def outcomes(futures: list[Future[Committed | AppendConflict]]) -> list[object]:
    return [future.exception() or future.result() for future in futures]


def test_disjoint_items_share_a_batch_and_overlapping_items_wait() -> None:
    a, b, c = uuid4(), uuid4(), uuid4()
    batch = Batch()
    assert batch.add(entry((a, 1), reads=((b, 1),)))
    assert batch.add(entry((c, 1), reads=((b, 1),))), "two may consult the same stream"
    assert not batch.add(entry((a, 2))), "write, write"
    assert not batch.add(entry((uuid4(), 1), reads=((a, 1),))), "write, read"
    assert not batch.add(entry((b, 2))), "read, write"
    assert batch.events == 2


def test_an_entry_whose_caller_gave_up_is_never_sent() -> None:
    batch, given_up = Batch(), entry((uuid4(), 1))
    assert given_up.take()
    assert batch.add(given_up)
    assert batch.entries == []


@pytest.mark.parametrize(
    ("place", "reads", "lost"),
    [
        ((1, 1), (), {1}),
        ((1, 2), (), set()),
        ((2, 1), ((1, 0),), {1}),
        ((2, 1), ((1, 1),), set()),
        ((3, 1), ((2, 1),), set()),
    ],
)
def test_an_item_that_lost_to_the_last_commit_conflicts(
    place: tuple[int, int], reads: tuple[tuple[int, int], ...], lost: set[int]
) -> None:
    asked = entry((UUID(int=place[0]), place[1]), reads=tuple((UUID(int=stream), version) for stream, version in reads))
    found = conflict_with(asked, [entry((UUID(int=1), 1))])
    assert (found.streams if found else set()) == {UUID(int=stream) for stream in lost}


def test_a_bad_item_fails_alone(appender: Appender, database_url: str) -> None:
    bad = entry((uuid4(), 1), topic="NUL \0 is no text")
    with stopped(database_url, appender) as waiting:
        *good, failed = waiting.submit(*[entry((uuid4(), 1)) for _ in range(8)], bad)
    assert all(isinstance(outcome, Committed) for outcome in outcomes(good))
    assert isinstance(failed.exception(), psycopg.DataError)


def test_many_on_one_stream_win_one_after_the_other(appender: Appender, database_url: str) -> None:
    stream = uuid4()
    lost = AppendConflict(frozenset({stream}))
    on_it = [entry((uuid4(), 1), reads=((stream, 0),)) for _ in range(4)]
    with stopped(database_url, appender) as waiting:
        futures = waiting.submit(*[entry((stream, 1)) for _ in range(8)], *on_it)
    first, *others = outcomes(futures)
    assert isinstance(first, Committed)
    assert others == [lost] * 11


def test_a_waiting_item_conflicts_with_the_batch_before_it(appender: Appender, database_url: str) -> None:
    stream = uuid4()
    with stopped(database_url, appender) as waiting:
        futures = waiting.submit(*[entry((each, 1)) for each in (uuid4(), stream, stream)])
    found = outcomes(futures)
    assert sorted(isinstance(each, Committed) for each in found) == [False, True, True]
    assert AppendConflict(frozenset({stream})) in found
    assert isinstance(appender.append(entry((stream, 2))), Committed)


def test_an_item_of_another_lineage_conflicts_alone(appender: Appender, database_url: str) -> None:
    stream, consulted = uuid4(), uuid4()
    stale = entry((stream, 1), reads=((consulted, 0),), lineage=99)
    with stopped(database_url, appender) as waiting:
        *good, lost = waiting.submit(entry((uuid4(), 1)), entry((uuid4(), 1), lineage=0), entry((uuid4(), 1)), stale)
    assert all(isinstance(outcome, Committed) for outcome in outcomes(good))
    assert lost.result() == AppendConflict(frozenset({stream, consulted}))


def test_an_item_that_waits_too_long_in_the_queue_is_refused() -> None:
    """Behind an item for a server that accepts connections and says nothing."""
    limits, lineage = ConnectionLimits(connect=2, answer=0.1), Lineage()
    clock = DatabaseClock(lineage)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as pool:
        url = f"postgresql://nobody@127.0.0.1:{server.getsockname()[1]}/nothing"
        with closing(Appender(url, limits, clock.query, lineage, clock)) as appender:
            first = pool.submit(appender.append, entry((uuid4(), 1)))
            peer, _ = server.accept()
            with pytest.raises(Overloaded, match="too much is waiting to be recorded"):
                appender.append(entry((uuid4(), 1)))
            with pytest.raises(Overloaded, match="too much is waiting to be recorded"):
                asyncio.run(appender.append_async(entry((uuid4(), 1))))
            with pytest.raises(Unavailable, match="the database cannot be reached: connection") as raised:
                first.result()
            assert raised.value.recorded is False
            peer.close()


def test_an_internal_error_fails_the_waiting_items_and_the_writer_continues(
    database_urls: DatabaseUrls, caplog: pytest.LogCaptureFixture
) -> None:
    lineage, errors = Lineage(), [ZeroDivisionError()]
    clock = DatabaseClock(lineage)

    def fails_once(connection: psycopg.Connection[Any]) -> None:
        if errors:
            raise errors.pop()
        clock.query(connection)

    with closing(Appender(database_urls.api, ConnectionLimits(), fails_once, lineage, clock)) as appender:
        with pytest.raises(Unavailable, match=r"^the appender failed$") as raised:
            appender.append(entry((uuid4(), 1)))
        assert raised.value.recorded is None
        assert "the appender failed" in caplog.messages
        assert isinstance(appender.append(entry((uuid4(), 1))), Committed)


@pytest.mark.parametrize("in_a_loop", [False, True])
def test_waiting_for_a_connection_times_out(database_urls: DatabaseUrls, in_a_loop: bool) -> None:
    lineage, ready = Lineage(), threading.Event()
    limits = ConnectionLimits(connect=1, lock=0.1, answer=0.1)
    appender = Appender(database_urls.api, limits, lambda _: assert_set(ready), lineage, DatabaseClock(lineage))
    waiting = (
        partial(asyncio.run, appender.append_async(entry((uuid4(), 1))))
        if in_a_loop
        else partial(appender.append, entry((uuid4(), 1)))
    )
    with pytest.raises(Unavailable, match="whether it was recorded is not known") as raised:
        waiting()
    assert raised.value.recorded is None
    appender.close()
    ready.set()


def assert_set(ready: threading.Event) -> None:
    assert ready.wait(120)


def test_waiting_for_the_append_lock_times_out(database_urls: DatabaseUrls) -> None:
    store = EventStore(database_urls.api, ConnectionLimits(lock=0.2))
    place = (uuid4(), 1)
    with psycopg.connect(database_urls.owner) as connection:
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [APPENDS_LOCK])
        with pytest.raises(Unavailable, match="lock timeout") as raised:
            write(store, place)
    assert raised.value.recorded is False
    write(store, place)
    store.close()


def test_items_beyond_the_queue_are_refused(appender: Appender, database_url: str) -> None:
    with stopped(database_url, appender) as waiting:
        accepted = waiting.submit(*[entry((uuid4(), 1)) for _ in range(13)])
        with pytest.raises(Unavailable, match="too much is waiting"):
            appender.append(entry((uuid4(), 1)))
    assert all(isinstance(outcome, Committed) for outcome in outcomes(accepted))


def test_closing_records_what_was_accepted(appender: Appender, database_url: str) -> None:
    with stopped(database_url, appender) as waiting:
        accepted = waiting.submit(*[entry((uuid4(), 1)) for _ in range(6)])
        closing = threading.Thread(target=appender.close)
        closing.start()
    closing.join()
    assert all(isinstance(outcome, Committed) for outcome in outcomes(accepted))
    with pytest.raises(Unavailable, match="stopping"):
        appender.append(entry((uuid4(), 1)))


def test_as_of_now_waits_for_what_is_stamped_and_not_yet_committed(store: EventStore, database_url: str) -> None:
    append = "SELECT stamp FROM event_store.append('{0}', %s, '{1}', '{T}', '{x}', '{NULL}', '{}', '{}', '{}')"
    with ThreadPoolExecutor(1) as pool, psycopg.connect(database_url) as connection:
        row = connection.execute(append, [[uuid4()]]).fetchone()
        assert row is not None
        asked = pool.submit(store.position_as_of, row[0])
        wait_for_a_waiter(connection)
        assert not asked.done()
        connection.commit()
        assert asked.result() == 1


def test_followers_are_notified_once_per_append(store: EventStore, database_urls: DatabaseUrls) -> None:
    stream = uuid4()
    with psycopg.connect(database_urls.worker, autocommit=True) as connection:
        connection.execute("LISTEN mandate_events")
        write(store, (stream, 1), (stream, 2))
        assert store.append(item((stream, 2))) == AppendConflict(frozenset({stream}))
        write(store, (stream, 3))
        heard = [notify.payload for notify in connection.notifies(timeout=10, stop_after=2)]
    assert heard == ["2", "3"], "and nothing where nothing was recorded"
