"""Position order is commit order: whoever follows the log beside any number of appenders misses nothing."""

import random
import subprocess
import sys
import threading
from uuid import UUID, uuid4

from domain.recorded_event import Recorded
from service.event_store.store import AppendConflict, EventStore
from service.settings import DatabaseUrls
from tests.reading import whole_log
from tests.service.event_store.appends import item

PROCESSES, THREADS, ITEMS = 2, 4, 150
EVENTS = PROCESSES * THREADS * ITEMS * 2


def test_a_follower_beside_eight_appenders_reads_every_event(store: EventStore, database_urls: DatabaseUrls) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.service.event_store.writer_process",
        database_urls.api,
        str(THREADS),
        str(ITEMS),
    ]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(PROCESSES)]
    seen: list[Recorded[object]] = []
    while any(writer.poll() is None for writer in writers):
        seen += store.feed(seen[-1].position if seen else 0, 50)
    while found := store.feed(seen[-1].position if seen else 0, 50):
        seen += found
    printed = [writer.communicate()[0].splitlines() for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * PROCESSES
    assert [recorded.position for recorded in seen] == list(range(1, EVENTS + 1))

    places = {(recorded.stream, recorded.version): recorded.position for recorded in seen}
    assert len(places) == EVENTS
    for position, stream, version in (line.split() for lines in printed for line in lines):
        assert places[UUID(stream), int(version)] == int(position)

    times = [recorded.recorded_at for recorded in seen]
    assert times == sorted(times)
    assert len(set(times)) == EVENTS // 2, "every item has a time of its own"


def test_decisions_are_serializable(store: EventStore) -> None:
    """Readers and writers of the same few streams, at random: as if one had gone after the other."""
    streams = [uuid4() for _ in range(6)]
    recorded_items = []

    def act(seed: int) -> None:
        chosen = random.Random(seed)
        for _ in range(60):
            subject, *consulted = chosen.sample(streams, 3)
            versions = dict.fromkeys((subject, *consulted), 0)
            for found in store.streams([(stream, 0) for stream in versions]):
                versions[found.stream] = found.version
            reads = tuple((stream, versions[stream]) for stream in consulted)
            answer = store.append(item((subject, versions[subject] + 1), reads=reads))
            if not isinstance(answer, AppendConflict):
                recorded_items.append(answer)

    threads = [threading.Thread(target=act, args=(seed,)) for seed in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    log = whole_log(store)
    assert len(log) == len(recorded_items) > 6
    versions = dict.fromkeys(streams, 0)
    for recorded in log:
        assert recorded.version == versions[recorded.stream] + 1
        assert dict(recorded.consulted).items() <= versions.items(), f"stale at position {recorded.position}"
        versions[recorded.stream] = recorded.version
