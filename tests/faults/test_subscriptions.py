"""Subscriptions deliver the audit trail under faults: writers in several processes, clients that come and go, an API
and a worker that are killed."""

import os
import random
import signal
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event, Thread

import httpx
import pytest

from domain.vocabulary import Role
from service.settings import DatabaseUrls
from tests.e2e.serving import free_port
from tests.faults.deciding import ASKER
from tests.faults.following import Following, caught_up, have, trail
from tests.faults.processes import environment, is_ready, last_position, prepare, running, writers
from tests.service.graphql.api_client import ApiClient, Person
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROUNDS = int(os.environ.get("TEST_KILLS", "2"))


@pytest.mark.timeout(400)
def test_nothing_is_missed_or_doubled(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    given = environment(database_urls, tmp_path)
    chance, stop, port = random.Random(5), Event(), free_port()
    prepare(database_urls.api)
    auditor, requester = Person("aud", "desk", (Role.AUDITOR,)), Person("writer0-1", ASKER, (Role.REQUESTER,))
    with ExitStack() as stack:
        api = stack.enter_context(running(given, tmp_path / "api", "serve", "--no-worker", "--port", str(port)))
        worker = stack.enter_context(running(given, tmp_path / "worker", "worker"))
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30))
        register = ApiClient(client, database_urls)
        until(lambda: is_ready(register), seconds=60)
        followers = [
            Following(register, auditor, "socket", None, stop),
            Following(register, auditor, "stream", None, stop),
            Following(register, requester, "socket", None, stop),
            Following(register, requester, "stream", ["RequestRemarked", "IncidentReported"], stop),
        ]
        threads = [Thread(target=follower.run) for follower in followers]
        for thread in threads:
            thread.start()
        stack.callback(stop.set)
        with writers(database_urls.api, 2):
            for _ in range(ROUNDS):
                wanted = [len(follower.found) + 60 for follower in followers]
                until(partial(have, followers, wanted), seconds=60)
                victim = chance.choice((api, worker, api))
                victim.end(chance.choice((signal.SIGKILL, signal.SIGTERM)))
                victim.start()
        until(lambda: is_ready(register), seconds=60)
        caught_up(register, auditor, last_position(database_urls.api))
        expected = [trail(register, follower) for follower in followers]
        until(partial(have, followers, list(map(len, expected))), seconds=60)
        stop.set()
        api.end(signal.SIGTERM)
        for thread in threads:
            thread.join(30)
    for follower, events in zip(followers, expected, strict=True):
        assert follower.found == events, follower.name
        assert follower.connections > 2
    assert len({len(events) for events in expected}) > 2
