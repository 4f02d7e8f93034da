"""A register served for real: the command line's own processes, on a data folder of their own."""

import json
import os
import socket
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from typer.testing import CliRunner, Result

from service.cli import application
from tests import fork_server
from tests.fork_server import Forked
from tests.waiting import until


@dataclass
class Served:
    """url: of the API. environment: for further commands on the same register."""

    url: str
    environment: dict[str, str]
    process: Forked
    log: Path
    tokens: dict[tuple[str, ...], str] = field(default_factory=dict)

    def run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """One command on this register."""
        return fork_server.run("service.cli", *arguments, env=self.environment, check=check)

    def invoke(self, *arguments: str) -> Result:
        """One command on this register, executed in this process: where the test is not about the process."""
        unset: dict[str, str | None] = {name: None for name in os.environ if name.startswith("MANDATE_")}
        return CliRunner().invoke(application(arguments[0]), arguments, env={**unset, **self.environment})

    def token(self, subject: str, authority: str, *roles: str) -> str:
        key = (subject, authority, *roles)
        if key not in self.tokens:
            named = [argument for role in roles for argument in ("--role", role)]
            said = self.invoke("token", "--subject", subject, "--authority", authority, *named)
            assert said.exit_code == 0, said.output
            self.tokens[key] = said.stdout.strip()
        return self.tokens[key]

    def post(self, token: str | None, document: str, **variables: Any) -> tuple[int, Any]:
        """HTTP status and body."""
        body = json.dumps({"query": document, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        request = urllib.request.Request(f"{self.url}/graphql", data=body, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                return response.status, json.load(response)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def data(self, token: str, document: str, **variables: Any) -> Any:
        status, answer = self.post(token, document, **variables)
        assert status == 200, answer
        assert "errors" not in answer, answer
        return answer["data"]

    def health(self, what: str = "ready") -> int:
        """The HTTP status of a health check; 0 where nobody listens."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/{what}", timeout=5) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return 0

    def has_started(self, what: str) -> bool:
        """Whether it is healthy, and nothing of it is about to start."""
        try:
            with urllib.request.urlopen(f"{self.url}/health/{what}", timeout=5) as response:
                return "starting" not in json.load(response).get("warnings", {}).values()
        except (OSError, TimeoutError):
            return False


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@contextmanager
def serve(folder: Path, *arguments: str, ready: str = "ready", **environment: str) -> Iterator[Served]:
    """`mandate serve` on a data folder. ready: the health check that it passes before anything is asked of it."""
    port = free_port()
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MANDATE_")}
    environment = {**clean, "MANDATE_DATA_DIR": str(folder / "data"), **environment}
    log = folder / f"serve-{port}.log"
    with log.open("wb") as said:
        process = fork_server.start(
            "service.cli", "serve", "--port", str(port), *arguments, env=environment, stdout=said, stderr=said
        )
    served = Served(f"http://127.0.0.1:{port}", environment, process, log)
    try:
        until(lambda: served.has_started(ready) or process.poll() is not None, seconds=120)
        assert process.poll() is None, log.read_text()
        yield served
    finally:
        process.terminate()
        process.wait(60)
