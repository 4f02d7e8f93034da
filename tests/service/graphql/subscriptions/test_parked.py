"""Subscriptions to what a view has parked continue: the response to such an event says VIEW_BEHIND."""

from collections.abc import Iterator
from uuid import UUID

import pytest

from projections.catalogue import VIEW_OF
from projections.following.parked_events import retry
from projections.views import deployment_requests
from service.event_store.mapper import decode
from service.settings import DatabaseUrls
from tests.service.graphql.api_client import PATIENCE, followed, served
from tests.service.graphql.parking import park, park_whole
from tests.service.graphql.scenario import Scenario, scenario
from tests.service.graphql.subscriptions.client import Socket, socket

CAUGHT_UP = """query ($at: Position) {
    deploymentRequests(atLeast: $at) { totalCount } auditTrail(atLeast: $at) { edges { cursor } } }"""
EVENTS = """subscription ($after: Position) { eventsRecorded(after: $after) {
    type subject { ... on DeploymentRequest { id version } } } }"""
PLAIN = "subscription ($after: Position) { eventsRecorded(after: $after) { type } }"
CHANGED = "subscription ($id: ID!) { deploymentRequestChanged(id: $id) { version } }"


@pytest.fixture
def here(database_urls: DatabaseUrls) -> Iterator[Scenario]:
    """No view is followed, except where a test says so."""
    with served(database_urls, follow=False, view_timeout=PATIENCE) as register:
        yield scenario(register)


def refused_at(client: Socket, id: str) -> str:
    """The position in the error of the next response, after which the subscription continues."""
    message = client.receive()
    assert (message["type"], message["id"], message["payload"]["data"]) == ("next", id, None), message
    [error] = message["payload"]["errors"]
    assert error["extensions"]["code"] == "VIEW_BEHIND"
    position: str = error["extensions"]["parkedAt"]
    return position


def test_its_events_say_so_and_those_of_others_follow(here: Scenario, database_urls: DatabaseUrls) -> None:
    with followed(database_urls):
        request = here.request()["id"]
        here.ask(here.auditor, CAUGHT_UP)
        start = here.register.position
        at = park(database_urls, request)
        with socket(here.register, greeted=here.auditor) as client:
            client.subscribe("1", EVENTS, after=start)
            here.on_request(here.requester, "remarkOnDeploymentRequest", request)
            assert refused_at(client, "1") == at
            here.incident()
            assert client.data("1")["eventsRecorded"]["type"] == "IncidentReported"
        with socket(here.register, greeted=here.auditor) as client:
            client.subscribe("1", PLAIN, after=start)
            types = [client.data("1")["eventsRecorded"]["type"] for _ in range(2)]
            assert types == ["RequestRemarked", "IncidentReported"]


def test_one_without_a_row_says_so_and_others_of_the_same_page_do_not(
    here: Scenario, database_urls: DatabaseUrls
) -> None:
    start = here.register.position
    with followed(database_urls):
        first, request, last = (here.request()["id"] for _ in range(3))
        here.ask(here.auditor, CAUGHT_UP)
        at = park_whole(database_urls, request)
        with socket(here.register, greeted=here.auditor) as client:
            client.subscribe("1", EVENTS, after=start)
            assert client.data("1")["eventsRecorded"]["subject"] == {"id": first, "version": 1}
            assert refused_at(client, "1") == at
            assert client.data("1")["eventsRecorded"]["subject"] == {"id": last, "version": 1}
            client.subscribe("2", CHANGED, id=request)
            assert refused_at(client, "2") == at
        with socket(here.register, greeted=here.outsider) as client:
            client.subscribe("2", CHANGED, id=request)
            [error] = client.errors("2")
            assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_request_is_sent_again_once_its_events_are_applied(here: Scenario, database_urls: DatabaseUrls) -> None:
    with followed(database_urls):
        request = here.request()["id"]
        here.ask(here.auditor, CAUGHT_UP)
        with socket(here.register, greeted=here.auditor) as client:
            client.subscribe("1", CHANGED, id=request)
            assert client.data("1")["deploymentRequestChanged"] == {"version": 1}
            at = park(database_urls, request)
            for _ in range(2):
                here.on_request(here.requester, "remarkOnDeploymentRequest", request)
            assert refused_at(client, "1") == at
            view = VIEW_OF[deployment_requests.NAME]
            here.ask(here.auditor, CAUGHT_UP.replace("deploymentRequests(atLeast: $at) { totalCount }", ""))
            assert retry(view, database_urls.worker, decode, UUID(request)).error is None
            here.incident()
            assert client.data("1")["deploymentRequestChanged"] == {"version": 3}


def test_another_request_is_sent_while_one_is_parked(here: Scenario, database_urls: DatabaseUrls) -> None:
    with followed(database_urls):
        parked, request = here.request()["id"], here.request()["id"]
        here.ask(here.auditor, CAUGHT_UP)
    park(database_urls, parked)
    with socket(here.register, greeted=here.auditor) as client:
        client.subscribe("1", CHANGED, id=request)
        assert client.data("1")["deploymentRequestChanged"] == {"version": 1}
        for each in (request, parked):
            here.on_request(here.requester, "remarkOnDeploymentRequest", each)
        with followed(database_urls):
            assert client.data("1")["deploymentRequestChanged"] == {"version": 2}
