"""What one subscriber reads, the others who see the same do not read again."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import psycopg
import pytest

from service.settings import DatabaseUrls
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.service.graphql.statements import counted
from tests.service.graphql.subscriptions.client import Socket, socket
from tests.waiting import until

SOCKETS, EACH = 4, 50
EVENTS = """subscription ($after: Position) { eventsRecorded(after: $after) {
    position redactions actor { name } changes { path } subject { id ... on DeploymentRequest { reference } } } }"""
CHANGED = """subscription ($id: ID!) { deploymentRequestChanged(id: $id) {
    version status requestingAuthority { name } incidents { reference } availableActions } }"""
CAUGHT_UP = "query ($at: Position) { auditTrail(atLeast: $at) { edges { cursor } } }"
WAITING = """SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND usename = 'mandate_api'"""


@pytest.fixture
def here(register: ApiClient) -> Scenario:
    return scenario(register)


@contextmanager
def crowd(here: Scenario, who: Person, query: str, **variables: str) -> Iterator[list[tuple[Socket, str]]]:
    """Two hundred subscriptions of one person."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket(here.register, greeted=who)) for _ in range(SOCKETS)]
        for client in sockets:
            for number in range(EACH):
                client.subscribe(str(number), query, **variables)
        yield [(client, str(number)) for client in sockets for number in range(EACH)]


def next_messages(subscriptions: list[tuple[Socket, str]]) -> list[str]:
    """The next message of each."""
    found = {}
    for client, _ in subscriptions:
        message = client.receive()
        assert message["type"] == "next", message
        found[client, message["id"]] = str(message["payload"])
    assert found.keys() == set(subscriptions)
    return list(found.values())


def reads(statements: list[str]) -> list[str]:
    """Without the looks at how far the views are."""
    return [statement for statement in statements if "FROM projections.checkpoints" not in statement[:150]]


def test_an_event_is_read_once_for_viewers_with_one_scope(here: Scenario) -> None:
    start = here.register.position
    here.request()
    with crowd(here, here.requester, EVENTS, after=start) as subscriptions:
        next_messages(subscriptions)
        with counted() as statements:
            here.request()
            [event] = set(next_messages(subscriptions))
    assert len(reads(statements)) <= 10
    assert "'redactions': []" in event


def test_so_is_a_request_that_changed(here: Scenario) -> None:
    request = here.request(incidents=[here.incident()["id"]])["id"]
    with crowd(here, here.reviewer, CHANGED, id=request) as subscriptions:
        next_messages(subscriptions)
        with counted() as statements:
            here.on_request(here.reviewer, "beginReview", request)
            [changed] = set(next_messages(subscriptions))
    assert len(reads(statements)) <= 20
    assert "UNDER_REVIEW" in changed


@pytest.mark.parametrize("table", ["projections.audit_trail", "event_store.people"])
def test_who_leaves_takes_nothing_from_the_others(database_urls: DatabaseUrls, table: str) -> None:
    """Two wait for one read, of events or of their subjects, and one of them leaves."""
    assert database_urls.superuser is not None
    with (
        served(database_urls) as register,
        psycopg.connect(database_urls.superuser) as holder,
        psycopg.connect(database_urls.superuser, autocommit=True) as watch,
        socket(register, greeted=ADMINISTRATOR) as client,
    ):
        scenario(register).ask(ADMINISTRATOR, CAUGHT_UP)
        holder.execute(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE".encode())
        client.subscribe("1", EVENTS, after="0")
        client.subscribe("2", EVENTS, after="0")
        until(lambda: watch.execute(WAITING).fetchone())
        client.send("ping")
        assert client.receive() == {"type": "pong"}
        client.send("complete", id="1")
        holder.rollback()
        assert client.data("2")
