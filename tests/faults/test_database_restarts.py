"""PostgreSQL is stopped beneath an API process and started again: all that needs it goes on within five seconds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import httpx
import pytest

from service.database.embedded.binaries import find_programs
from service.database.embedded.cluster import Cluster, socket_folder
from service.database.embedded.roles import ensure_roles_and_database
from service.database.embedded.shared_server import urls
from service.database.migrations import migrate
from tests.databases import CARELESS
from tests.e2e.serving import free_port
from tests.faults.processes import environment, running
from tests.service.graphql.api_client import ApiClient, followed
from tests.service.graphql.scenario import Scenario, scenario
from tests.waiting import until

pytestmark = pytest.mark.faults

COMMANDS = 120
"""More than there are connections and threads, of requests that the process has not read."""
RECOVERY = 5.0
"""Seconds after the database answers."""
REMARK = """mutation ($id: ID!) { remarkOnDeploymentRequest(input: { id: $id, reason: "EXERCISE" }) { __typename } }"""
VERSION = "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { version } }"


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    server = Cluster(find_programs(), folder, socket_folder(folder), CARELESS)
    try:
        server.ensure_running()
        ensure_roles_and_database(server)
        migrate(urls(server).owner)
        yield server
    finally:
        server.stop()


def is_served(register: ApiClient, path: str) -> bool:
    try:
        return register.client.get(path).status_code == 200
    except httpx.HTTPError:
        return False


def is_recorded(here: Scenario, request: str) -> bool:
    answer = here.register.post(here.requester, REMARK, {"id": request})
    return "errors" not in answer.json()


def is_read(here: Scenario, request: str, version: int) -> bool:
    """From the views, whose followers must have resumed."""
    answer = here.register.post(here.requester, VERSION, {"id": request}).json()
    return "errors" not in answer and bool(answer["data"]["deploymentRequest"]["version"] >= version)


def test_commands_and_views_go_on_within_five_seconds(tmp_path: Path) -> None:
    port = free_port()
    with TemporaryDirectory() as folder, cluster(Path(folder)) as server:
        given = environment(urls(server), tmp_path)
        with (
            running(given, tmp_path / "log", "serve", "--no-worker", "--port", str(port)),
            httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
            followed(urls(server)),
        ):
            register = ApiClient(client, urls(server))
            until(lambda: is_served(register, "/health/live"), seconds=60)
            here = scenario(register)
            request = here.request()["id"]
            until(lambda: is_read(here, request, 1))
            server.stop()
            with ThreadPoolExecutor(32) as clients:
                sent = clients.map(
                    lambda _: register.post(here.requester, REMARK, {"id": str(uuid4())}), range(COMMANDS)
                )
                assert {answer.status_code for answer in sent} == {503}
            until(lambda: not is_served(register, "/health/ready/commands"))
            server.ensure_running()
            until(lambda: is_recorded(here, request), seconds=RECOVERY)
            until(lambda: is_read(here, request, 2), seconds=RECOVERY)
            until(lambda: is_served(register, "/health/ready/commands"), seconds=RECOVERY)
