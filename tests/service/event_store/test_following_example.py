"""The example of docs/integration.md: it counts every decision once, while events are recorded and across kills."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from domain.deployment_request.events import RequestApproved, RequestDenied, RequestSubmitted
from domain.vocabulary import Region
from service.event_store.store import AppendConflict, AppendItem, EventStore
from service.settings import DatabaseUrls
from tests.golden.samples import filled
from tests.reading import whole_log
from tests.service.event_store.appends import unrecorded
from tests.tidy.repository import ROOT
from tests.waiting import until

EXAMPLE = ROOT / "examples" / "decisions_per_region.py"
REGIONS = [Region("xk/pristina"), Region("xk/mitrovica"), Region("xk/prizren")]
WRITERS, REQUESTS = 4, 60
SUBMITTED, APPROVED, DENIED = (filled(event) for event in (RequestSubmitted, RequestApproved, RequestDenied))

Counts = dict[str, tuple[int, int]]
"""Region -> (approved, denied)."""


@contextmanager
def following(file: Path, urls: DatabaseUrls) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"MANDATE_DATABASE_URL": urls.api, "MANDATE_DATA_DIR": str(file.parent)}
    command = [sys.executable, "-m", "examples.decisions_per_region", str(file)]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def counted(file: Path) -> tuple[int, Counts]:
    """The tracked position and the counts, in one transaction; 0 and nothing before the first event."""
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        position = connection.execute("SELECT notification_id FROM tracking WHERE application_name = 'mandate'")
        decisions = connection.execute("SELECT * FROM decisions").fetchall()
        return (position.fetchone() or (0,))[0], {region: (approved, denied) for region, approved, denied in decisions}
    return 0, {}


def expected(store: EventStore, until_position: int) -> Counts:
    """The counts up to a position of the log."""
    regions, approved, denied = {}, Counter[str](), Counter[str]()
    for recorded in whole_log(store):
        if recorded.position <= until_position:
            match recorded.event:
                case RequestSubmitted(region=region):
                    regions[recorded.stream] = region
                case RequestApproved():
                    approved[regions[recorded.stream]] += 1
                case RequestDenied():
                    denied[regions[recorded.stream]] += 1
                case _:
                    pass
    return {region: (approved[region], denied[region]) for region in approved | denied}


def decide(store: EventStore, seed: int) -> None:
    """Submits and decides requests, among other events."""
    for number in range(REQUESTS):
        stream = uuid4()
        decision = (APPROVED, DENIED)[(seed + number) % 2]
        submitted = replace(SUBMITTED, region=REGIONS[number % 3])
        for version, event in enumerate((submitted, None, decision), start=1):
            answer = store.append(AppendItem(events=(unrecorded(stream, version, event),)))
            assert not isinstance(answer, AppendConflict)


def test_every_decision_is_counted_once(store: EventStore, database_urls: DatabaseUrls, tmp_path: Path) -> None:
    file = tmp_path / "decisions.db"
    decide(store, 0)
    writers = [threading.Thread(target=decide, args=(store, seed)) for seed in range(WRITERS)]
    with following(file, database_urls) as process:
        until(lambda: counted(file)[0] > 0)
        for writer in writers:
            writer.start()
        until(lambda: counted(file)[0] > 2 * REQUESTS)
        process.send_signal(signal.SIGKILL)
    killed_at, counts = counted(file)
    assert killed_at > 0
    assert counts == expected(store, killed_at)
    with following(file, database_urls) as process:
        for writer in writers:
            writer.join()
        until(lambda: counted(file)[0] == store.head()[0] or process.poll() is not None, seconds=60)
        assert process.poll() is None, process.communicate()[1]
    position, counts = counted(file)
    assert sum(map(sum, counts.values())) == (WRITERS + 1) * REQUESTS
    assert counts == expected(store, position)


@pytest.mark.parametrize(
    "block", re.findall(r"```python\n(.*?)```", (ROOT / "docs/integration.md").read_text(), re.DOTALL)
)
def test_the_page_shows_the_example_as_it_is(block: str) -> None:
    assert block in EXAMPLE.read_text()
