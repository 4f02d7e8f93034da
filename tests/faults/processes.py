"""The processes of a register whose database is there already: API, worker and writers, each to be killed at will."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

import httpx

from domain.authority import RegisterAuthority, SetAuditingAuthority
from domain.jurisdiction import GrantMandate
from domain.vocabulary import AuthorityCode, Label, Role, Text
from service.commands.dispatcher import Dispatcher, blocking
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests import fork_server
from tests.faults.deciding import ASKER, DECIDER, PLACE, person
from tests.fork_server import Forked
from tests.service.graphql.api_client import KEY, ApiClient

DESK = AuthorityCode("desk")
"""Its auditors see everything."""


def environment(urls: DatabaseUrls, folder: Path) -> dict[str, str]:
    """Of a process that serves this database. folder: for the key that signs tokens."""
    (folder / "key").write_bytes(KEY)
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MANDATE_")}
    return {
        **clean,
        "MANDATE_DATABASE_URL": urls.api,
        "MANDATE_OWNER_DATABASE_URL": urls.owner,
        "MANDATE_WORKER_DATABASE_URL": urls.worker,
        "MANDATE_TOKEN_KEY_FILE": str(folder / "key"),
    }


class Process:
    """One that can be killed and started again."""

    def __init__(
        self, environment: dict[str, str], log: Path, *arguments: str, program: Sequence[str] | None = None
    ) -> None:
        """program: a command that is started afresh; left out, `mandate`."""
        self._environment = environment
        self._log = log
        self._program = program
        self._arguments = arguments
        self.start()

    def start(self) -> None:
        with self._log.open("ab") as said:
            self.process: Forked | subprocess.Popen[bytes] = (
                fork_server.start("service.cli", *self._arguments, env=self._environment, stderr=said)
                if self._program is None
                else subprocess.Popen([*self._program, *self._arguments], env=self._environment, stderr=said)
            )

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(60)


@contextmanager
def running(
    environment: dict[str, str], log: Path, *arguments: str, program: Sequence[str] | None = None
) -> Iterator[Process]:
    """log: for whoever asks why it ended."""
    process = Process(environment, log, *arguments, program=program)
    try:
        yield process
    finally:
        process.end(signal.SIGTERM)


@contextmanager
def writers(url: str, number: int) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.faults.deciding", url]
    started = [
        subprocess.Popen([*command, f"writer{each}", "3"], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        for each in range(number)
    ]
    try:
        yield
    finally:
        ended = [process.communicate(timeout=60)[1] for process in started]
    assert [process.returncode for process in started] == [0] * number, ended


def prepare(url: str) -> None:
    clerk = person("clerk", ASKER, Role.ADMINISTRATOR)
    with closing(EventStore(url)) as store, blocking(Dispatcher(store, StateCache(store), StreamLocks(5))) as dispatch:
        for command in (
            RegisterAuthority(code=ASKER, name=Label("asker")),
            RegisterAuthority(code=DECIDER, name=Label("decider")),
            RegisterAuthority(code=DESK, name=Label("auditors")),
            SetAuditingAuthority(authority=DESK, audits_everything=True, reason=Text("EXERCISE: they audit.")),
            GrantMandate(authority=DECIDER, region=PLACE, legal_basis=Label("EXERCISE agreement")),
        ):
            assert isinstance(dispatch(CommandEnvelope(command=command, actor=clerk)), CommandResult)


def is_ready(register: ApiClient) -> bool:
    """Whether it is healthy, and every follower leads."""
    try:
        response = register.client.get("/health/ready")
    except httpx.HTTPError:
        return False
    return response.status_code == 200 and "starting" not in response.json()["warnings"].values()


def last_position(url: str) -> int:
    with closing(EventStore(url)) as store:
        position = 0
        while events := store.feed(position, 1000):
            position = events[-1].position
        return position
