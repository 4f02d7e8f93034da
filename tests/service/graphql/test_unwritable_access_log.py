"""Nothing sensitive is answered that is not in the access log, whatever fails."""

import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.e2e.serving import free_port
from tests.faults.processes import environment, running
from tests.service.graphql.access_entries import CHANGED, REQUEST, digest, documents, red, unwritable
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import Scenario, scenario
from tests.service.graphql.subscriptions.client import socket, stream
from tests.waiting import until


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def test_without_the_log_nothing_is_answered(here: Scenario) -> None:
    request, clear = red(here), here.request(None, "id", marking="CLEAR")["id"]
    register = here.register
    here.ask(here.reviewer, REQUEST, id=request)
    with socket(register, greeted=here.reviewer) as open_socket:
        open_socket.subscribe("1", CHANGED, id=request)
        open_socket.data("1")
        with unwritable(register.urls):
            response = register.post(here.reviewer, REQUEST, {"id": request, "at": register.position})
            assert (response.status_code, response.headers["retry-after"]) == (503, "1")
            assert response.json().keys() == {"errors"}
            assert response.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"
            assert here.ask(here.reviewer, REQUEST, id=clear)["deploymentRequest"] is not None
            with stream(register, here.reviewer, CHANGED, {"id": request}) as refused:
                (_, answer), end = refused.events()
            assert answer is not None
            assert "data" not in answer
            assert (answer["errors"][0]["extensions"]["code"], end) == ("UNAVAILABLE", ("complete", None))
            done = register.post(here.reviewer, BEGIN, {"id": request}).json()
            assert done["data"] is None
            recorded = [each["path"] for each in done["extensions"]["recorded"]]
            assert recorded == [["beginReview"]], "the command is recorded all the same"
            assert open_socket.errors("1")[0]["extensions"]["code"] == "UNAVAILABLE"
    assert here.ask(here.reviewer, REQUEST, id=request)["deploymentRequest"] is not None


BEGIN = """mutation ($id: ID!) { beginReview(input: {id: $id, reason: "EXERCISE: it is our turn."}) {
    ... on DeploymentRequestRecorded { deploymentRequest { reference } } } }"""


@pytest.mark.timeout(300)
def test_a_killed_api_has_answered_nothing_that_is_not_on_record(here: Scenario, tmp_path: Path) -> None:
    """Killed while the entries of all its answers wait to be written."""
    urls, request, port = here.register.urls, red(here), free_port()
    here.ask(here.reviewer, REQUEST, id=request)
    headers, url = here.register.headers(here.reviewer), f"http://127.0.0.1:{port}/graphql"
    answered: list[str] = []

    def read(reader: int) -> None:
        with httpx.Client(headers=headers, timeout=30) as client:
            for number in range(10_000):
                document = f'query R{reader}x{number} {{ deploymentRequest(id: "{request}") {{ purpose }} }}'
                try:
                    answer = client.post(url, json={"query": document}).json()
                except httpx.HTTPError:
                    return
                assert answer["data"]["deploymentRequest"]["purpose"], answer
                answered.append(digest(document))

    serve = ("serve", "--no-worker", "--port", str(port))
    with running(environment(urls, tmp_path), tmp_path / "log", *serve) as api, ThreadPoolExecutor() as threads:
        ready = url.replace("graphql", "health/ready/reads")
        until(lambda: _status(ready) == 200, seconds=60)
        readers = [threads.submit(read, reader) for reader in range(4)]
        until(lambda: len(answered) > 100, seconds=60)
        with psycopg.connect(urls.owner) as connection:
            connection.execute("LOCK TABLE event_store.access_log IN SHARE MODE")
            until(lambda: _waiting(urls.owner) >= 1, seconds=30)
            unanswered = len(answered)
            api.end(signal.SIGKILL)
            assert [reader.result() for reader in readers] == [None] * 4
            assert len(answered) == unanswered
    assert set(answered) <= documents(urls)


def _status(url: str) -> int:
    try:
        return httpx.get(url).status_code
    except httpx.HTTPError:
        return 0


def _waiting(url: str) -> int:
    """How many sessions wait to write the access log."""
    with psycopg.connect(url) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event_store.access_log'::regclass"
        ).fetchone()
    assert row is not None
    return int(row[0])
