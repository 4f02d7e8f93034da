"""What a view has set aside is told to subscribers from its own events, and holds up nobody who asked for others."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from domain.catalogue import DEPLOYMENT_REQUEST
from domain.recorded_event import Recorded
from domain.vocabulary import Role
from service.graphql.loaders import loaders, parked_subjects
from service.settings import DatabaseUrls
from tests.service.graphql.parking import park, park_whole
from tests.service.graphql.register import Person, followed, served
from tests.service.graphql.subscriptions.client import socket
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


def test_its_events_are_told_with_what_it_is(here: World, database_urls: DatabaseUrls) -> None:
    with followed(database_urls):
        request = here.request()["id"]
        here.ask(AUDITOR, CAUGHT_UP)
        park(database_urls, request)
        with socket(here.register, greeted=AUDITOR) as client:
            client.subscribe("1", EVENTS, after=here.register.position)
            here.on_request(here.requester, "remarkOnDeploymentRequest", request)
            assert client.data("1")["eventsRecorded"] == {
                "type": "RequestRemarked",
                "subject": {"id": request, "version": 2},
            }
            here.incident()
            assert client.data("1")["eventsRecorded"]["type"] == "IncidentReported"


def test_so_they_are_where_the_view_has_no_row_of_it(here: World, database_urls: DatabaseUrls) -> None:
    start = here.register.position
    with followed(database_urls):
        request = here.request()["id"]
        here.ask(AUDITOR, CAUGHT_UP)
        park_whole(database_urls, request)
        with socket(here.register, greeted=AUDITOR) as client:
            client.subscribe("1", EVENTS, after=start)
            client.subscribe("2", CHANGED, id=request)
            told = {message["id"]: message["payload"]["data"] for message in (client.receive(), client.receive())}
            assert told["1"]["eventsRecorded"]["subject"] == {"id": request, "version": 1}
            assert told["2"]["deploymentRequestChanged"] == {"version": 1}


def test_events_before_one_that_nobody_can_fold_are_told(
    here: World, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Then the subscription ends; one that does not ask for subjects goes on."""
    with followed(database_urls):
        start = here.register.position
        other, request = here.request()["id"], here.request()["id"]
        here.ask(AUDITOR, CAUGHT_UP)
        park_whole(database_urls, request)

        def evolve(state: Any, recorded: Recorded[Any]) -> Any:
            if str(recorded.stream) == request and recorded.version == 2:
                raise ValueError("poison")
            return DEPLOYMENT_REQUEST.evolve(state, recorded)

        poisoned = replace(parked_subjects.REQUESTS, aggregate=replace(DEPLOYMENT_REQUEST, evolve=evolve))
        monkeypatch.setattr(loaders, "REQUESTS", poisoned)
        here.on_request(here.requester, "remarkOnDeploymentRequest", request)
        with socket(here.register, greeted=AUDITOR) as client:
            client.subscribe("1", EVENTS, after=start)
            assert client.data("1")["eventsRecorded"]["subject"] == {"id": other, "version": 1}
            [error] = client.errors("1")
            assert error["extensions"]["code"] == "VIEW_BEHIND"
            client.subscribe("2", PLAIN, after=start)
            told = [client.data("2")["eventsRecorded"]["type"] for _ in range(3)]
            assert told == ["RequestSubmitted", "RequestSubmitted", "RequestRemarked"]


def test_each_change_of_it_is_told(here: World, database_urls: DatabaseUrls) -> None:
    with followed(database_urls):
        request = here.request()["id"]
        here.ask(AUDITOR, CAUGHT_UP)
        with socket(here.register, greeted=AUDITOR) as client:
            client.subscribe("1", CHANGED, id=request)
            assert client.data("1")["deploymentRequestChanged"] == {"version": 1}
            park(database_urls, request)
            for version in (2, 3):
                here.on_request(here.requester, "remarkOnDeploymentRequest", request)
                assert client.data("1")["deploymentRequestChanged"] == {"version": version}


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
