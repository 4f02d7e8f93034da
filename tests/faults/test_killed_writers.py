"""Writers that are killed at any point leave whole items, an order without gaps, and nothing in others' way."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from uuid import UUID, uuid4

import pytest

from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.reading import whole_log
from tests.service.event_store.appends import write

pytestmark = pytest.mark.faults


@pytest.fixture
def store(database_urls: DatabaseUrls) -> Iterator[EventStore]:
    made = EventStore(database_urls.api)
    yield made
    made.close()


def killed_after(url: str, lines: int) -> list[str]:
    """What a process had acknowledged when it was killed."""
    command = [sys.executable, "-m", "tests.service.event_store.writer_process", url, "4", "100000"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
        printed += process.stdout.readlines()
    return [line for line in printed if line.endswith("\n")]


def test_what_was_acknowledged_is_there_and_nothing_is_half_there(
    store: EventStore, database_urls: DatabaseUrls
) -> None:
    chance = random.Random(11)
    acknowledged = [line for _ in range(5) for line in killed_after(database_urls.api, chance.randint(1, 400))]
    answer = write(store, (uuid4(), 1), (uuid4(), 1))
    log = whole_log(store)
    assert [recorded.position for recorded in log] == list(range(1, answer[-1].position + 1))
    places = {(recorded.stream, recorded.version): recorded.position for recorded in log}
    for position, stream, version in map(str.split, acknowledged):
        assert places[UUID(stream), int(version)] == int(position)
    pairs = list(zip(log[::2], log[1::2], strict=True))
    assert all(one.recorded_at == other.recorded_at and one.version == other.version for one, other in pairs)
