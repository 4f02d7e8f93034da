"""A server that is asked to end says so to every subscriber and finishes what it has begun; the next one goes on."""

import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain
from pathlib import Path

import httpx
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed

from domain.vocabulary import Role
from tests.databases import Databases
from tests.e2e.serving import free_port
from tests.faults.deciding import ASKER
from tests.faults.processes import Process, environment, is_ready, last_position, prepare, running, writers
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.subscriptions.client import Socket, Stream, socket, stream
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

AUDITOR = Person("aud", "desk", (Role.AUDITOR,))
CLERK = Person("clerk", ASKER, (Role.ADMINISTRATOR,))
EVENTS = "subscription ($after: Position) { eventsRecorded(after: $after) { position } }"
REGISTER = "mutation ($code: String!) { registerAuthority(input: {code: $code, name: $code}) { __typename } }"
REGISTERED = "SELECT count(*) FROM event_store.events WHERE topic = 'AuthorityRegistered'"
WAITING = """SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%audit_trail%'"""
FAREWELL = (1012, "The server restarts: connect again.")
SOCKETS, STREAMS, COMMANDS = 6, 3, 20


@dataclass
class House:
    """An API that can be ended and started again, and what it wrote to its log."""

    api: Process
    log: Path
    register: ApiClient

    def end(self) -> None:
        """Without a failure that it speaks of."""
        self.ask_to_end()
        assert self.api.process.wait(30) == 0
        said = self.log.read_text()
        assert "Traceback" not in said, said
        assert "Warning" not in said, said

    def ask_to_end(self) -> None:
        self.api.process.send_signal(signal.SIGTERM)

    def begin(self) -> None:
        self.api.start()
        until(lambda: is_ready(self.register), seconds=60)


@pytest.fixture(scope="module")
def house(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder, port = tmp_path_factory.mktemp("house"), free_port()
    with ExitStack() as stack:
        urls = stack.enter_context(databases.fresh())
        given, log = environment(urls, folder), folder / "api"
        prepare(urls.api)
        api = stack.enter_context(running(given, log, "serve", "--no-worker", "--port", str(port)))
        stack.enter_context(running(given, folder / "worker", "worker"))
        client = stack.enter_context(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=30))
        found = House(api, log, ApiClient(client, urls))
        until(lambda: is_ready(found.register), seconds=60)
        yield found


@contextmanager
def following(house: House, after: list[str]) -> Iterator[list[Socket | Stream]]:
    """Clients over sockets and streams, each from the position that it has."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket(house.register, greeted=AUDITOR)) for _ in range(SOCKETS)]
        for client, position in zip(sockets, after, strict=False):
            client.subscribe("1", EVENTS, after=position)
        yield sockets + [
            stack.enter_context(stream(house.register, AUDITOR, EVENTS, {"after": position}))
            for position in after[SOCKETS:]
        ]


def received(client: Socket | Stream, last: str | None = None) -> list[str]:
    """The positions that it receives, up to `last`, or until the server ends it by the rules of its protocol."""
    found: list[str] = []
    if isinstance(client, Stream):
        for name, body in client.events():
            assert name == "next", "a stream that completes is not begun again"
            assert body is not None
            found.append(body["data"]["eventsRecorded"]["position"])
            if found[-1] == last:
                break
        return found
    with suppress(ConnectionClosed):
        while last is None or found[-1:] != [last]:
            found.append(client.data("1")["eventsRecorded"]["position"])
        return found
    assert (client.connection.close_code, client.connection.close_reason) == FAREWELL
    return found


def beyond(url: str, position: int) -> bool:
    return last_position(url) > position


def test_every_subscriber_learns_of_a_restart_and_resumes(house: House) -> None:
    url = house.register.urls.api
    parts: list[list[list[str]]] = []
    after = ["0"] * (SOCKETS + STREAMS)
    with ThreadPoolExecutor(len(after)) as threads:
        with writers(url, 1):
            for _ in range(2):
                with following(house, after) as clients:
                    reading = [threads.submit(received, client) for client in clients]
                    until(partial(beyond, url, last_position(url) + 50))
                    house.end()
                    parts.append([each.result(30) for each in reading])
                after = [part[-1] if part else old for part, old in zip(parts[-1], after, strict=True)]
                house.begin()
        with following(house, [str(last_position(url))]) as [witness, *_]:
            house.register.command(
                CLERK, "registerAuthority", "RegisterAuthorityInput", {"code": "last", "name": "last"}
            )
            last = received(witness, house.register.position)[-1]
        with following(house, after) as clients:
            parts.append(list(threads.map(lambda client: received(client, last), clients)))
        with following(house, ["0"]) as [uninterrupted, *_]:
            expected = received(uninterrupted, last)
    assert [list(chain(*pieces)) for pieces in zip(*parts, strict=True)] == [expected] * len(after)


def test_a_command_that_started_on_a_socket_is_answered(house: House) -> None:
    with socket(house.register, greeted=CLERK) as client, psycopg.connect(house.register.urls.owner) as connection:
        before = connection.execute(REGISTERED).fetchone()
        connection.commit()
        for number in range(COMMANDS):
            client.subscribe(str(number), REGISTER, code=f"authority-{number}")
        answers = [client.receive()]
        house.end()
        with suppress(ConnectionClosed):
            while True:
                answers.append(client.receive())
        after = connection.execute(REGISTERED).fetchone()
    assert (client.connection.close_code, client.connection.close_reason) == FAREWELL
    assert before is not None
    assert after is not None
    assert sum(answer["type"] == "next" for answer in answers) == after[0] - before[0]
    house.begin()


def test_a_statement_that_is_under_way_is_not_cut_off(house: House) -> None:
    """It waits for a lock, as behind a migration, while other connections are ended."""
    superuser = house.register.urls.superuser
    assert superuser is not None
    with (
        psycopg.connect(house.register.urls.owner) as holder,
        psycopg.connect(superuser, autocommit=True) as watch,
        socket(house.register, greeted=AUDITOR) as busy,
        socket(house.register, greeted=AUDITOR) as idle,
    ):
        holder.execute("LOCK TABLE projections.audit_trail IN ACCESS EXCLUSIVE MODE")
        busy.subscribe("1", EVENTS, after="0")
        until(lambda: watch.execute(WAITING).fetchone())
        house.ask_to_end()
        assert idle.closed() == FAREWELL
        holder.rollback()
        assert received(busy)
    house.end()
    house.begin()
