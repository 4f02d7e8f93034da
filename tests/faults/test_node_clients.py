"""The ecosystem's own clients miss nothing and double nothing while the API ends, is killed, and starts again."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from domain.vocabulary import Role
from service.settings import DatabaseUrls
from tests.e2e.serving import free_port
from tests.faults.processes import environment, is_ready, prepare, running, writers
from tests.node_packages import installed
from tests.service.graphql.api_client import ApiClient, Person
from tests.tidy.repository import ROOT
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow]

CLIENT = ROOT / "tests" / "service" / "graphql" / "subscriptions" / "node"
AUDITOR = Person("aud", "desk", (Role.AUDITOR,))
WAYS = ("socket", "stream")
TRAIL = """query ($after: String) { auditTrail(first: 100, after: $after) {
    pageInfo { hasNextPage endCursor } edges { node { position } } } }"""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the clients, by package name and pinned version, from npm's registry."""
    return installed(CLIENT, tmp_path_factory.mktemp("node"))


@contextmanager
def following(folder: Path, way: str, url: str, token: str) -> Iterator[Path]:
    """A client that follows until the end of the context, and the file with the positions that it received."""
    output_file = folder / way
    with output_file.open("w") as output:
        command = ["node", "follow.mjs", way, f"{url}/graphql", token]
        client = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=output, stderr=subprocess.PIPE)
    try:
        yield output_file
    finally:
        said = client.communicate(timeout=30)[1]
    assert client.returncode == 0, said.decode()


def positions(output_file: Path) -> list[str]:
    return output_file.read_text().split()


def trail(register: ApiClient) -> list[str]:
    found, cursor, more = [], None, True
    while more:
        page = register.ask(AUDITOR, TRAIL, after=cursor)["auditTrail"]
        found += [edge["node"]["position"] for edge in page["edges"]]
        cursor, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    return found


def have(ways: list[Path], wanted: list[int]) -> bool:
    return all(len(positions(output_file)) >= number for output_file, number in zip(ways, wanted, strict=True))


@pytest.mark.timeout(400)
def test_nothing_is_missed_or_doubled(clients: Path, database_urls: DatabaseUrls, tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    prepare(database_urls.api)
    given = environment(database_urls, tmp_path)
    with ExitStack() as stack:
        api = stack.enter_context(running(given, tmp_path / "api", "serve", "--no-worker", "--port", str(port)))
        stack.enter_context(running(given, tmp_path / "worker", "worker"))
        register = ApiClient(stack.enter_context(httpx.Client(base_url=url, timeout=30)), database_urls)
        until(lambda: is_ready(register), seconds=60)
        ways = [stack.enter_context(following(clients, way, url, register.token(AUDITOR))) for way in WAYS]
        with writers(database_urls.api, 2):
            for how in (signal.SIGTERM, signal.SIGKILL):
                wanted = [len(positions(output_file)) + 50 for output_file in ways]
                until(partial(have, ways, wanted), seconds=60)
                api.end(how)
                api.start()
        until(lambda: is_ready(register), seconds=60)
        last = trail(register)[-1]
        until(lambda: all(last in positions(output_file) for output_file in ways), seconds=60)
        expected = trail(register)
        until(lambda: have(ways, [len(expected)] * len(ways)), seconds=60)
        assert [positions(output_file) for output_file in ways] == [expected] * len(ways)
