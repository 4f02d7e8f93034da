"""Requests that are meant to take a process away from everybody else, and what they do to it.

`python -m tests.service.graphql.attacks` prints how long another person waits meanwhile, and how much memory it takes.
"""

import json
import signal
import socket
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

from service.database.embedded import embedded_postgres
from service.settings import DatabaseUrls
from tests.databases import CARELESS, Databases, in_memory_where_possible
from tests.e2e.serving import free_port
from tests.faults.processes import Process, environment
from tests.service.graphql.api_client import ApiClient, Person, followed
from tests.service.graphql.scenario import Scenario, scenario
from tests.waiting import until

VICTIM = "{ viewer { subject } deploymentRequests(first: 1) { edges { node { reference status } } } }"
LONG = "x" * 20_000
PAGE = 100
PATIENCE = 20.0
SLOW = 150.0
"""Seconds that a process may take to begin on a machine that is busy."""
LOST = 599
"""What a status is that never came."""


@dataclass
class Served:
    """A process, its requests of 20,000 characters each, and the person who attacks it."""

    here: Scenario
    process: Process
    url: str

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

    def memory(self) -> int:
        """The most that it had since it was last forgotten, in megabytes."""
        status = Path(f"/proc/{self.process.process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) // 1024

    def forget_memory(self) -> None:
        Path(f"/proc/{self.process.process.pid}/clear_refs").write_text("5")

    def post(self, who: Person, body: bytes, **headers: str) -> httpx.Response:
        sent = {**self.here.register.headers(who), "content-type": "application/json", **headers}
        try:
            return httpx.post(f"{self.url}/graphql", content=body, headers=sent, timeout=PATIENCE)
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
        process = Process(environment(urls, folder), folder / "log", "serve", "--no-worker", "--port", str(port))
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
        yield Served(here, process, url)


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


def line_breaks(served: Served) -> httpx.Response:
    return served.ask("{" + "\n" * 300_000 + " ".join(f"nothing{n}" for n in range(99)) + "}")


def long_name(served: Served) -> httpx.Response:
    name = "n" * 4_000_000
    return served.ask(f"query {name}(" + " ".join(f"$v{n}: Int" for n in range(99)) + ") { viewer { subject } }")


def long_alias(served: Served) -> httpx.Response:
    fields = " ".join(f"{'n' * 40_000}{n}: changes(fromVersion: 77) {{ path }}" for n in range(2))
    return served.ask(f"{{ deploymentRequests(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}")


def long_texts(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: purpose" for n in range(99))
    return served.ask(f"{{ deploymentRequests(first: 20) {{ edges {{ node {{ {fields} }} }} }} }}")


def computed(field: str, aliases: int, first: int = PAGE) -> Callable[[Served], httpx.Response]:
    def ask(served: Served) -> httpx.Response:
        fields = " ".join(f"a{n}: {field}" for n in range(aliases))
        return served.ask(f"{{ deploymentRequests(first: {first}) {{ edges {{ node {{ {fields} }} }} }} }}")

    return ask


def text_filters(served: Served) -> httpx.Response:
    fields = " ".join(
        f'a{n}: deploymentRequests(filter: {{ text: "zz{n} x y z" }}) {{ totalCount edges {{ cursor }} }}'
        for n in range(99)
    )
    return served.ask(f"{{ {fields} }}")


def many_pages(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: deploymentRequests(first: 100) {{ edges {{ node {{ id }} }} }}" for n in range(99))
    return served.ask(f"{{ {fields} }}")


def plain_fields(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: status" for n in range(99))
    return served.ask(
        f"{{ deploymentRequests(first: 100) {{ edges {{ node {{ {fields} ...F ...G }} }} }} }} "
        "fragment F on DeploymentRequest { version revision force strength region marking recipients submittedAt } "
        "fragment G on DeploymentRequest { updatedAt period { start end } incidents { reference evidence { id } } }"
    )


def names(served: Served) -> httpx.Response:
    fields = " ".join(f"a{n}: requestingAuthority {{ name }}" for n in range(98))
    return served.ask(f"{{ deploymentRequests(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}")


def overlapping(served: Served) -> httpx.Response:
    """Fragments that are spread side by side, whose fields are all compared with each other."""
    spread = " ".join(f"...F{n}" for n in range(140))
    parts = " ".join(f"fragment F{n} on DeploymentRequest {{ id status version }}" for n in range(140))
    return served.ask(f"{{ deploymentRequests {{ edges {{ node {{ {spread} }} }} }} }} {parts} # {monotonic()}")


def nested_overlap(served: Served) -> httpx.Response:
    parts = " ".join(
        f"fragment F{n} on DeploymentRequest {{ incidents {{ ...G{n} }} id }} "
        f"fragment G{n} on Incident {{ deploymentRequests {{ ...F{n + 1} }} id }}"
        for n in range(100)
    )
    last = "fragment F100 on DeploymentRequest { id }"
    spread = " ".join(f"...F{n}" for n in range(100))
    return served.ask(f"{{ deploymentRequests {{ edges {{ node {{ {spread} }} }} }} }} {parts} {last} # {monotonic()}")


def wide(served: Served) -> httpx.Response:
    """As many tokens as are accepted, in fields of one name."""
    fields = " ".join("status" for _ in range(149))
    sets = " ".join(f"... on DeploymentRequest {{ {fields} }}" for _ in range(12))
    return served.ask(f"{{ deploymentRequests {{ edges {{ node {{ {sets} }} }} }} }} # {monotonic()}")


def many_values(served: Served) -> httpx.Response:
    values = ",".join("[]" for _ in range(1_390_000))
    return served.post(
        served.attacker, f'{{"query": "{{ viewer {{ subject }} }}", "variables": {{"a": [{values}]}}}}'.encode()
    )


def slow_readers(served: Served) -> httpx.Response:
    """Fifty who ask for as much as they get, and read nothing of it."""
    body = json.dumps({"query": "{ deploymentRequests(first: 100) { edges { node { purpose } } } }"}).encode()
    token = served.here.register.headers(served.attacker)["authorization"]
    head = f"POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\ncontent-type: application/json\r\n"
    host, port = served.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(50):
            each = stack.enter_context(socket.create_connection((host, int(port))))
            each.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
        return served.ask("{ viewer { subject } }")


ATTACKS: dict[str, Callable[[Served], httpx.Response]] = {
    "none": lambda served: served.ask(VICTIM),
    "99 errors on 300,000 lines": line_breaks,
    "an operation name of 4 MB": long_name,
    "long aliases in the paths of errors": long_alias,
    "99 long texts on a page of 20": long_texts,
    "98 availableActions on a page of 100": computed("availableActions", 98),
    "4 availableActions on a page of 100": computed("availableActions", 4),
    "20 explanations on a page of 100": computed("explanation { status actions { action rules { rule } } }", 20),
    "an explanation on a page of 100": computed("explanation { status actions { action rules { rule } } }", 1),
    "90 changes on a page of 100": computed("changes(fromVersion: 1) { path }", 90),
    "90 refused changes on a page of 100": computed("changes(fromVersion: 77) { path }", 90),
    "histories of 100 on a page of 100": computed("history(first: 100) { edges { node { type payload } } }", 1),
    "10 histories on a page of 100": computed("history(first: 10) { edges { node { type payload } } }", 10),
    "99 text filters": text_filters,
    "99 pages of 100": many_pages,
    "11,000 plain fields": plain_fields,
    "98 names on a page of 100": names,
    "140 fragments side by side": overlapping,
    "fragments nested in fragments": nested_overlap,
    "1,800 fields of one name": wide,
    "1,390,000 values": many_values,
    "50 slow readers": slow_readers,
}


@dataclass(frozen=True)
class Harm:
    """waited: the longest that another person waited, in seconds. grown: megabytes. answers: status, bytes, text."""

    waited: float
    grown: int
    took: float
    answers: list[tuple[int, int, str]]


def harm(served: Served, attack: Callable[[Served], httpx.Response], *, at_once: int = 4) -> Harm:
    """What an attack does that one person begins several times at once."""
    waits, over, started, victim = [0.0], threading.Event(), threading.Event(), served.here.reviewer

    def wait() -> None:
        with httpx.Client(base_url=served.url, timeout=PATIENCE) as client:
            while not over.is_set():
                began = monotonic()
                with suppress(httpx.HTTPError):
                    client.post("/graphql", json={"query": VICTIM}, headers=served.here.register.headers(victim))
                waits.append(monotonic() - began)
                started.set()

    served.forget_memory()
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
    found = [(each.status_code, len(each.content), each.text[:160]) for each in answers]
    return Harm(max(waits), served.memory() - before, took, found)


def main(names: list[str]) -> None:
    with ExitStack() as stack:
        data = stack.enter_context(in_memory_where_possible(Path(stack.enter_context(TemporaryDirectory()))))
        databases = Databases(stack.enter_context(embedded_postgres(data, CARELESS)))
        databases.prepare(data)
        served = stack.enter_context(attacked(stack.enter_context(databases.fresh())))
        for name, attack in ATTACKS.items():
            if names and not any(each in name for each in names):
                continue
            found = harm(served, attack)
            if any(status == LOST for status, *_ in found.answers):
                served.restart()
            answers = sorted({(status, size // 1000) for status, size, _ in found.answers})
            figures = f"waited {found.waited:6.3f} s, took {found.took:5.1f} s, grew {found.grown:4} MB"
            print(f"{name:40} {figures}  {answers[:3]} {found.answers[0][2][:100]!r}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
