"""Subscriptions outlast their database connections, and views that are built again beneath them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from threading import Event

import psycopg
import pytest

from domain.vocabulary import Role
from projections.catalogue import VIEWS
from projections.rebuilding.rebuild import rebuild
from projections.views import audit_trail, deployment_requests
from service.event_store.mapper import decode
from service.settings import DatabaseUrls
from tests.faults.deciding import PLACE
from tests.faults.following import Following, caught_up, have, trail
from tests.faults.processes import last_position, prepare, writers
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.subscriptions.client import data, socket
from tests.waiting import until

pytestmark = [pytest.mark.faults, pytest.mark.slow, pytest.mark.timeout(600)]

ROUNDS = 2
AUDITOR = Person("aud", "desk", (Role.AUDITOR,))
WRITER = Person("writer0-0", "asker", (Role.REQUESTER,))
WAYS: list[tuple[Person, str, list[str] | None]] = [
    (AUDITOR, "socket", None),
    (AUDITOR, "stream", None),
    (WRITER, "socket", None),
    (WRITER, "stream", ["RequestRemarked", "IncidentReported"]),
]
MORE = 20
REQUEST = {
    "force": "Exercise Force",
    "strength": 60,
    "region": PLACE,
    "purpose": "EXERCISE",
    "period": {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"},
}
CHANGED = "subscription ($id: ID!) { deploymentRequestChanged(id: $id) { version status } }"
WITHDRAW = """mutation ($input: DeploymentRequestCommandInput!) { withdrawDeploymentRequest(input: $input) {
    __typename } }"""
SEVER = """SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
    WHERE datname = current_database() AND usename IN ('mandate_api', 'mandate_worker')"""


@contextmanager
def ended(stop: Event) -> Iterator[None]:
    """Whatever happens, nobody follows afterwards."""
    try:
        yield
    finally:
        stop.set()


@contextmanager
def followed(urls: DatabaseUrls) -> Iterator[tuple[ApiClient, list[Following]]]:
    """Clients that stay connected while others write. The events that they received are compared at the end."""
    stop = Event()
    prepare(urls.api)
    with ThreadPoolExecutor(len(WAYS) + 1) as threads:
        with served(urls) as register, ended(stop):
            followers = [Following(register, who, way, types, stop, most=10**9) for who, way, types in WAYS]
            following = [threads.submit(follower.run) for follower in followers]
            request = register.command(WRITER, "submitDeploymentRequest", "SubmitDeploymentRequestInput", REQUEST)["id"]
            changes = threads.submit(versions, register, request, stop)
            with writers(urls.owner, 1):
                yield register, followers
            until(partial(withdrawn, register, request))
            caught_up(register, AUDITOR, last_position(urls.api))
            expected = [trail(register, follower) for follower in followers]
            until(partial(have, followers, list(map(len, expected))), seconds=60)
            until(changes.done, seconds=60)
        for future in following:
            future.result()
    assert [follower.found for follower in followers] == expected
    received = changes.result()
    assert received == sorted(set(received))


def versions(register: ApiClient, request: str, stop: Event) -> list[int]:
    """The versions of a request that it receives, up to its withdrawal. It resubscribes when the server says so."""
    found: list[int] = []
    while not stop.is_set():
        with socket(register, greeted=AUDITOR) as client:
            client.subscribe("1", CHANGED, id=request)
            for message in client.messages(stop):
                if message["type"] == "error":
                    assert {each["extensions"]["code"] for each in message["payload"]} <= {"UNAVAILABLE", "VIEW_BEHIND"}
                    break
                changed = data(message, "1")["deploymentRequestChanged"]
                found.append(changed["version"])
                if changed["status"] == "WITHDRAWN":
                    return found
    return found


def withdrawn(register: ApiClient, request: str) -> bool:
    values = {"id": request, "reason": "EXERCISE: it is over."}
    return bool(register.post(WRITER, WITHDRAW, {"input": values}).status_code == 200)


def progress(followers: list[Following]) -> None:
    """Waits until each has received something more."""
    until(partial(have, followers, [len(follower.found) + MORE for follower in followers]), seconds=60)


def test_subscriptions_survive_severed_database_connections(database_urls: DatabaseUrls) -> None:
    assert database_urls.superuser is not None
    with (
        psycopg.connect(database_urls.superuser, autocommit=True) as superuser,
        followed(database_urls) as (_, followers),
    ):
        for _ in range(ROUNDS):
            progress(followers)
            severed = superuser.execute(SEVER).fetchall()
            assert len(severed) > len(VIEWS), "the API's and the followers'"
        progress(followers)
    assert [follower.connections for follower in followers] == [1] * len(followers)


def test_subscriptions_survive_rebuilds(database_urls: DatabaseUrls) -> None:
    with followed(database_urls) as (_, followers):
        for view in ROUNDS // 2 * (audit_trail.VIEW, deployment_requests.VIEW):
            progress(followers)
            rebuild(view, database_urls.worker, decode)
        progress(followers)
    assert [follower.connections for follower in followers] == [1] * len(followers)
