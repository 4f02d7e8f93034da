"""A stream that a view has set aside holds up nobody who subscribed to anything else."""

from collections.abc import Iterator

import psycopg
import pytest

from domain.vocabulary import Role
from service.database import DatabaseUrls
from tests.service.graphql.live.client import socket
from tests.service.graphql.parking import park
from tests.service.graphql.register import Person, followed, served
from tests.service.graphql.world import World, world

AUDITOR = Person("aud", "desk", (Role.AUDITOR,))
CAUGHT_UP = """query ($at: Position) {
    deploymentRequests(atLeast: $at) { totalCount } auditTrail(atLeast: $at) { edges { cursor } } }"""
EVENTS = """subscription ($after: Position) { eventsRecorded(after: $after) {
    type subject { ... on DeploymentRequest { id version } } } }"""
PLAIN = "subscription ($after: Position) { eventsRecorded(after: $after) { type } }"
CHANGED = "subscription ($id: ID!) { deploymentRequestChanged(id: $id) { version } }"


@pytest.fixture
def here(database_urls: DatabaseUrls) -> Iterator[World]:
    """Nothing follows but where a test says so."""
    with served(database_urls, follow=False) as register:
        yield world(register)


def test_its_events_are_told_with_what_the_view_has(here: World, database_urls: DatabaseUrls) -> None:
    with followed(database_urls):
        request = here.request()["id"]
        here.ask(AUDITOR, CAUGHT_UP)
        park(database_urls, request)
        with socket(here.register, greeted=AUDITOR) as client:
            client.subscribe("1", EVENTS, after=here.register.position)
            here.on_request(here.requester, "remarkOnDeploymentRequest", request)
            assert client.data("1")["eventsRecorded"] == {
                "type": "RequestRemarked",
                "subject": {"id": request, "version": 1},
            }
            here.incident()
            assert client.data("1")["eventsRecorded"]["type"] == "IncidentReported"


def test_an_event_whose_subject_is_not_there_ends_what_asks_for_it(here: World, database_urls: DatabaseUrls) -> None:
    """It is told to whoever does not, and later events with it."""
    start = here.register.position
    with followed(database_urls):
        request = here.request()["id"]
        here.ask(AUDITOR, CAUGHT_UP)
        with psycopg.connect(database_urls.owner) as owner:
            owner.execute("DELETE FROM projections.deployment_requests")
        park(database_urls, request, here.register.position)
        with socket(here.register, greeted=AUDITOR) as client:
            client.subscribe("1", EVENTS, after=start)
            [error] = client.errors("1")
            assert error["extensions"]["code"] == "VIEW_BEHIND"
            assert f"has set aside the event at position {here.register.position}" in error["message"]
            client.subscribe("2", PLAIN, after=start)
            assert client.data("2")["eventsRecorded"]["type"] == "RequestSubmitted"
            here.incident()
            assert client.data("2")["eventsRecorded"]["type"] == "IncidentReported"


def test_a_request_that_changed_just_before_it_is_told(here: World, database_urls: DatabaseUrls) -> None:
    with followed(database_urls):
        set_aside, request = here.request()["id"], here.request()["id"]
        here.ask(AUDITOR, CAUGHT_UP)
    park(database_urls, set_aside)
    with socket(here.register, greeted=AUDITOR) as client:
        client.subscribe("1", CHANGED, id=request)
        assert client.data("1")["deploymentRequestChanged"] == {"version": 1}
        for each in (request, set_aside):
            here.on_request(here.requester, "remarkOnDeploymentRequest", each)
        with followed(database_urls):
            assert client.data("1")["deploymentRequestChanged"] == {"version": 2}
