"""The register under test: a durable PostgreSQL, three APIs and three workers. One of each is never killed."""

import os
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg

from projections.catalogue import VIEWS
from service.database.embedded import embedded_postgres
from service.database.migrations import migrate
from service.settings import DatabaseUrls
from tests import fork_server
from tests.e2e.serving import free_port
from tests.faults.processes import Process, environment, is_ready, prepare, running
from tests.service.graphql.api_client import ApiClient
from tests.waiting import until

BACKENDS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
SESSIONS = f"SELECT count(*) FROM ({BACKENDS}) AS sessions"
CATCH_UP = 300.0
"""Seconds that everything has to be well again after the last kill."""
STEADY = "steady"
"""In the names of the processes that are never killed: they would show a leak."""


@dataclass(frozen=True)
class SoakRegister:
    """urls: of the database. apis: the addresses of the APIs. data: the folder of PostgreSQL."""

    urls: DatabaseUrls
    apis: list[str]
    processes: dict[str, Process]
    environment: dict[str, str]
    data: Path
    register: ApiClient

    def kill(self, chance: random.Random) -> str:
        """Kills one process at random with SIGKILL, starts it again where nobody else does, and returns its name."""
        self._restart_ended()
        killable = [name for name in self.processes if STEADY not in name]
        name = chance.choice([*killable, "backend", "postmaster"])
        if name in self.processes:
            self.processes[name].end(signal.SIGKILL)
            self.processes[name].start()
        elif name == "backend":
            self._kill_backend(chance)
        else:
            # The keeper of the embedded server starts it again.
            with suppress(OSError, ValueError):
                pid = int((self.data / "postgres/cluster/postmaster.pid").read_text().split("\n", 1)[0])
                os.kill(pid, signal.SIGKILL)
        return name

    def _restart_ended(self) -> None:
        """A process that starts while the database is away ends with a message: a supervisor starts it again."""
        for name, process in self.processes.items():
            if process.process.poll() is not None:
                assert STEADY not in name, f"{name} ended by itself"
                process.start()

    def _kill_backend(self, chance: random.Random) -> None:
        with suppress(psycopg.Error, OSError, IndexError), psycopg.connect(self.urls.superuser or "") as connection:
            backends = [pid for (pid,) in connection.execute(BACKENDS)]
            os.kill(chance.choice(backends), signal.SIGKILL)

    def rebuild(self, chance: random.Random) -> str:
        """Asks for a rebuild of one view, and kills it half of the times."""
        view = chance.choice(VIEWS).name
        process = fork_server.start("service.cli", "rebuild", view, env=self.environment)
        with suppress(subprocess.TimeoutExpired):
            process.wait(chance.uniform(0.5, 3) if chance.random() < 0.5 else 60)
        process.kill()
        process.wait()
        return view

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return fork_server.run("service.cli", *arguments, env=self.environment, check=False, timeout=600)

    def settle(self) -> None:
        """Waits until every API is ready and every view has caught up."""
        until(self._are_ready, seconds=CATCH_UP)
        until(lambda: self.run("status").returncode == 0, seconds=CATCH_UP)

    def memory(self) -> dict[str, int]:
        """Resident bytes of each process."""
        return {name: _resident(process.process.pid) for name, process in self.processes.items()}

    def sessions(self) -> int:
        with psycopg.connect(self.urls.superuser or "") as connection:
            row = connection.execute(SESSIONS).fetchone()
        assert row is not None
        return int(row[0])

    def _are_ready(self) -> bool:
        self._restart_ended()
        return all(self._is_ready(url) for url in self.apis)

    def _is_ready(self, url: str) -> bool:
        try:
            return httpx.get(f"{url}/health/ready", timeout=10).status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def soak_register(folder: Path) -> Iterator[SoakRegister]:
    with ExitStack() as stack:
        data = folder / "data"
        urls = stack.enter_context(embedded_postgres(data))
        migrate(urls.owner)
        prepare(urls.api)
        given = environment(urls, folder)
        processes, apis = {}, []
        for number in ("1", "2", STEADY):
            port = free_port()
            serve = ("serve", "--no-worker", "--port", str(port))
            processes[f"api {number}"] = stack.enter_context(running(given, folder / f"api-{number}.log", *serve))
            apis.append(f"http://127.0.0.1:{port}")
            worker = running(given, folder / f"worker-{number}.log", "worker")
            processes[f"worker {number}"] = stack.enter_context(worker)
        register = ApiClient(stack.enter_context(httpx.Client(base_url=apis[0], timeout=30)), urls)
        until(lambda: is_ready(register), seconds=60)
        yield SoakRegister(urls, apis, processes, given, data, register)


def _resident(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return 1024 * int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])
