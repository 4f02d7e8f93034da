"""The database is away for a while: whatever was asked of it meanwhile, commands and reads go on once it is back."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest

from service.errors import Unavailable
from service.event_store.connections import ConnectionLimits
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.faults.proxy import Proxy, proxied
from tests.service.event_store.appends import write
from tests.waiting import until

pytestmark = pytest.mark.faults

LIMITS = ConnectionLimits(connect=1, answer=1, pool=0.2, pool_size=2)


@pytest.fixture
def through(database_urls: DatabaseUrls) -> Iterator[tuple[Proxy, EventStore]]:
    with (
        TemporaryDirectory() as folder,
        proxied(database_urls.api, Path(folder)) as (proxy, url),
        closing(EventStore(url, LIMITS)) as store,
    ):
        yield proxy, store


def does(store: EventStore, stream: UUID) -> bool:
    """Whether the store reads and records."""
    try:
        version = len(store.stream(stream))
        write(store, (stream, version + 1))
    except Unavailable:
        return False
    return True


def test_commands_go_on_after_an_outage_however_many_were_sent_meanwhile(through: tuple[Proxy, EventStore]) -> None:
    """Reads that time out pile up in the pool; the pool connects again all the same."""
    proxy, store = through
    stream = uuid4()
    until(lambda: does(store, stream))
    proxy.sever()
    with ThreadPoolExecutor(40) as threads:
        assert not any(threads.map(lambda _: does(store, uuid4()), range(200)))
    until(lambda: store._pool.get_stats()["pool_size"] == 0)
    proxy.is_open = True
    until(lambda: does(store, stream), seconds=20)


def test_a_probe_takes_the_way_of_a_command(through: tuple[Proxy, EventStore]) -> None:
    proxy, store = through
    until(lambda: does(store, uuid4()))
    head = store.head()
    store.probe()
    assert store.head() == head, "it records nothing"
    proxy.sever()
    with pytest.raises(Unavailable):
        store.probe()
    proxy.is_open = True
    until(lambda: probes(store))


def probes(store: EventStore) -> bool:
    try:
        store.probe()
    except Unavailable:
        return False
    return True
