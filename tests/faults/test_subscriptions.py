"""What is told live is the audit trail, whatever happens: writers in several processes, clients that come and go, an
API and a worker that are killed."""

import os
import random
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import Any

import httpx
import pytest
from websockets.exceptions import WebSocketException

from domain.vocabulary import Role
from service.database import DatabaseUrls
from tests.e2e.serving import free_port
from tests.faults.deciding import ASKER
from tests.faults.processes import environment, is_ready, last_position, prepare, running, writers
from tests.service.graphql.live.client import socket, stream
from tests.service.graphql.register import Answer, Person, Register
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

ROUNDS = int(os.environ.get("MANDATE_TEST_KILLS", "3"))
FIELDS = "position type version payload redactions actor { subject } subject { id }"
EVENTS = f"""subscription ($after: Position, $types: [String!]) {{
    eventsRecorded(after: $after, types: $types) {{ {FIELDS} }} }}"""
TRAIL = f"""query ($after: String, $filter: AuditFilter) {{ auditTrail(first: 100, after: $after, filter: $filter) {{
    pageInfo {{ hasNextPage endCursor }} edges {{ node {{ {FIELDS} }} }} }} }}"""
CAUGHT_UP = "query ($at: Position) { auditTrail(first: 1, atLeast: $at) { edges { cursor } } }"
PASSING = (WebSocketException, httpx.HTTPError, OSError, AssertionError)
"""What a client meets where a server goes; AssertionError is that a socket was closed without a word."""


class Following:
    """A client that takes what it is told, comes and goes as chance has it, and begins again where it was."""

    def __init__(self, register: Register, who: Person, way: str, types: list[str] | None, stop: Event) -> None:
        self.who = who
        self.name = f"{way} {who.subject}"
        self._register = register
        self._events = getattr(self, f"_over_{way}")
        self._stop = stop
        self._chance = random.Random(self.name)
        self.types = types
        self.found: list[Answer] = []
        self.connections = 0

    def run(self) -> None:
        while not self._stop.is_set():
            try:
                self._follow(self._chance.randint(1, 400))
            except PASSING:
                self._stop.wait(0.1)

    def _follow(self, most: int) -> None:
        variables = {"after": self.found[-1]["position"] if self.found else "0", "types": self.types}
        for event in self._events(variables):
            self.found.append(event)
            most -= 1
            if not most or self._stop.is_set():
                return

    def _over_socket(self, variables: dict[str, Any]) -> Iterator[Answer]:
        with socket(self._register, greeted=self.who) as client:
            self.connections += 1
            client.subscribe("1", EVENTS, **variables)
            while not self._stop.is_set():
                try:
                    yield client.data("1", wait=0.5)["eventsRecorded"]
                except TimeoutError:
                    continue

    def _over_stream(self, variables: dict[str, Any]) -> Iterator[Answer]:
        with stream(self._register, self.who, EVENTS, variables) as client:
            self.connections += 1
            for name, body in client.events():
                assert name == "next"
                assert body is not None
                yield body["data"]["eventsRecorded"]


def trail(register: Register, follower: Following) -> list[Answer]:
    found: list[Answer] = []
    cursor, more = None, True
    while more:
        answer = register.ask(follower.who, TRAIL, after=cursor, filter={"type": follower.types})["auditTrail"]
        found += [edge["node"] for edge in answer["edges"]]
        cursor, more = answer["pageInfo"]["endCursor"], answer["pageInfo"]["hasNextPage"]
    return found


def have(followers: list[Following], wanted: list[int]) -> bool:
    return all(len(each.found) >= number for each, number in zip(followers, wanted, strict=True))


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
        register = Register(client, database_urls)
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
        register.ask(auditor, CAUGHT_UP, at=str(last_position(database_urls.api)))
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
