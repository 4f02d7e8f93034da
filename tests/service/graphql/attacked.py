"""A process that is attacked, and what that does to it: to whoever waits, to its memory, and to its event loop."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import httpx

from service.settings import DatabaseUrls
from tests.e2e.serving import free_port
from tests.faults.processes import Process, environment
from tests.service.graphql import watched_process
from tests.service.graphql.api_client import ApiClient, Person, followed
from tests.service.graphql.scenario import Scenario, scenario
from tests.waiting import until

VICTIM = "{ viewer { subject } deploymentRequests(first: 1) { edges { node { reference status } } } }"
LONG = "x" * 20_000
LONG_TEXTS = 20
PAGE = 100
PATIENCE = 20.0
LONG_PATIENCE = 60.0
"""Seconds that a client waits for a file."""
SLOW = 150.0
"""Seconds that a process may take to begin on a machine that is busy."""
LOST = 599
"""What a status is that never came."""


@dataclass
class Served:
    """A process, its requests of 20,000 characters each, and the person who attacks it.

    written: reference of a request with as many long texts as a PDF may have.
    """

    here: Scenario
    process: Process
    url: str
    times: Path
    written: str

    @property
    def attacker(self) -> Person:
        return self.here.requester

    def restart(self) -> None:
        """So that the next is measured from the beginning."""
        end(self.process)
        self.process.start()
        until(lambda: is_live(self.here.register), seconds=SLOW)
        for _ in range(20):
            self.ask(VICTIM)

    def longest(self, kind: str) -> tuple[float, str]:
        """The longest PIECE of work or WAIT since it was last forgotten, and what it was."""
        lines = [line.split(" ", 2) for line in self.times.read_text().splitlines()]
        return max(((float(each[1]), each[-1]) for each in lines if each[0] == kind), default=(0.0, ""))

    def memory(self) -> int:
        """The most that it had since it was last forgotten, in megabytes."""
        status = Path(f"/proc/{self.process.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024

    def children(self) -> list[int]:
        """The processes that it has started and that still run."""
        threads = Path(f"/proc/{self.process.process.pid}/task").glob("*/children")
        return [int(child) for each in threads for child in each.read_text().split()]

    def forget(self) -> None:
        os.truncate(self.times, 0)
        Path(f"/proc/{self.process.process.pid}/clear_refs").write_text("5")

    def post(self, who: Person, body: bytes, **headers: str) -> httpx.Response:
        sent = {**self.here.register.headers(who), "content-type": "application/json", **headers}
        try:
            return httpx.post(f"{self.url}/graphql", content=body, headers=sent, timeout=PATIENCE)
        except httpx.HTTPError as error:
            return httpx.Response(LOST, text=repr(error))

    def get(self, path: str) -> httpx.Response:
        headers = {**self.here.register.headers(self.attacker), "accept": "*/*"}
        try:
            return httpx.get(f"{self.url}/api{path}", headers=headers, timeout=LONG_PATIENCE)
        except httpx.HTTPError as error:
            return httpx.Response(LOST, text=repr(error))

    def ask(self, document: str, **variables: Any) -> httpx.Response:
        return self.post(self.attacker, json.dumps({"query": document, "variables": variables}).encode())


@contextmanager
def attacked(urls: DatabaseUrls, *, requests: int = PAGE) -> Iterator[Served]:
    """A served process with requests to attack it with."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        port = free_port()
        (times := folder / "times").touch()
        program = [sys.executable, "-m", "tests.service.graphql.watched_process", str(times)]
        arguments = ("serve", "--no-worker", "--port", str(port))
        unlimited = {**environment(urls, folder), "MANDATE_COST_PER_MINUTE": "0"}
        process = Process(unlimited, folder / "log", *arguments, program=program)
        stack.callback(end, process)
        url = f"http://127.0.0.1:{port}"
        register = ApiClient(stack.enter_context(httpx.Client(base_url=url, timeout=60)), urls)
        until(lambda: is_live(register), seconds=SLOW)
        stack.enter_context(followed(urls))
        here = scenario(register)
        incident = here.incident()["id"]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda _: here.request(purpose=LONG, incidents=[incident]), range(requests)))
        counted = "{ deploymentRequests { totalCount } }"
        whole = {"deploymentRequests": {"totalCount": requests}}
        until(lambda: here.register.ask(here.requester, counted) == whole, seconds=SLOW)
        written = here.request(purpose=LONG)
        for _ in range(LONG_TEXTS):
            here.on_request(here.requester, "remarkOnDeploymentRequest", written["id"], reason=LONG)
        yield Served(here, process, url, times, written["reference"])


def is_live(register: ApiClient) -> bool:
    with suppress(httpx.HTTPError):
        return register.client.get("/health/live").status_code == 200
    return False


def end(process: Process) -> None:
    """Also one that is too busy to hear of it."""
    process.process.terminate()
    try:
        process.process.wait(15)
    except subprocess.TimeoutExpired:
        process.end(signal.SIGKILL)


@dataclass(frozen=True)
class Harm:
    """What an attack did.

    waited: the longest that another person waited, in seconds. worked and piece: the longest that the event loop worked
    meanwhile, and that it worked in one piece, in seconds of the processor. grown: megabytes.
    answers: status, bytes, text.
    """

    waited: float
    worked: float
    piece: tuple[float, str]
    grown: int
    took: float
    answers: list[tuple[int, int, str]]


def harm(served: Served, attack: Callable[[Served], httpx.Response], *, at_once: int = 4) -> Harm:
    """What an attack does that one person begins several times at once."""
    waits, over, started, victim = [0.0], threading.Event(), threading.Event(), served.here.reviewer
    headers = {**served.here.register.headers(victim), watched_process.VICTIM: "1"}

    def wait() -> None:
        with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
            while not over.is_set():
                began = monotonic()
                with suppress(httpx.HTTPError):
                    client.post("/graphql", json={"query": VICTIM}, headers=headers)
                waits.append(monotonic() - began)
                started.set()

    served.forget()
    before = served.memory()
    with ThreadPoolExecutor(at_once + 1) as pool:
        waiting = pool.submit(wait)
        started.wait(30)
        began = monotonic()
        try:
            answers = list(pool.map(lambda _: attack(served), range(at_once)))
        finally:
            took = monotonic() - began
            over.set()
        waiting.result()
    until(lambda: served.ask(VICTIM).status_code == 200, seconds=SLOW)
    found = [(each.status_code, len(each.content), each.text[:160]) for each in answers]
    worked, piece = served.longest(watched_process.WAIT)[0], served.longest(watched_process.PIECE)
    return Harm(max(waits), worked, piece, served.memory() - before, took, found)
