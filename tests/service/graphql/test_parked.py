"""What is told while a view has set something aside: by id and reference what it is, and lists that own up to it."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, NamedTuple

import psycopg
import pytest

from domain.catalogue import DEPLOYMENT_REQUEST
from domain.recorded_event import Recorded
from domain.vocabulary import Role
from projections import incidents
from service.graphql.loaders import loaders, parked_subjects
from service.settings import DatabaseUrls
from tests.service.graphql.parking import park, park_whole
from tests.service.graphql.register import Answer, Person, served
from tests.service.graphql.world import World, world
from tests.waiting import until

AUDITOR = Person("aud", "desk", (Role.AUDITOR,))
CAUGHT_UP = """query ($at: Position) {
    deploymentRequests(atLeast: $at) { totalCount } incidents(atLeast: $at) { totalCount }
    situation(atLeast: $at) { region } auditTrail(atLeast: $at) { edges { cursor } } }"""
ONE = """query ($id: ID, $reference: String, $asOf: DateTime, $version: Int) {
    deploymentRequest(id: $id, reference: $reference, asOf: $asOf, version: $version) {
        id version history(first: 10) { edges { node { subject { id } } } } } }"""
ALL = """query ($asOf: DateTime, $filter: DeploymentRequestFilter) {
    deploymentRequests(asOf: $asOf, filter: $filter) { totalCount edges { node { id version } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"
CHANGES = """query ($id: ID!) { deploymentRequest(id: $id) {
    changes(fromVersion: 1, toVersion: 2) { path } } }"""
TRAIL = "{ auditTrail(first: 100) { edges { node { type subject { id } } } } }"
RESTING = """query ($id: ID!) { deploymentRequest(id: $id) {
    availableActions explanation { actions { action rules { description met } } }
    incidents { id version } hold { awaiting { id } } decision { grounds { incident { id } } } } }"""
INCIDENT = "query ($id: ID!) { incident(id: $id) { version deploymentRequests { id } } }"
AT_LEAST = """query ($id: ID, $reference: String, $at: Position) {
    deploymentRequest(id: $id, reference: $reference, atLeast: $at) { version } }"""
REQUESTS_ON = """query ($id: ID!, $at: Position, $asOf: DateTime) {
    incident(id: $id, atLeast: $at, asOf: $asOf) { deploymentRequests { id version } } }"""
RECORDED = "SELECT recorded_at FROM event_store.events WHERE notification_id = %s"


class Parked(NamedTuple):
    """set_aside: a request whose second event waits, before the last of the other's. before, after: instants."""

    here: World
    set_aside: Answer
    other: Answer
    before: str
    after: str

    def told(self, document: str, **values: object) -> Answer:
        return self.here.register.ask(AUDITOR, document, **values)

    def behind(self, document: str, **values: object) -> str:
        [error] = self.here.register.errors(AUDITOR, document, **values)
        assert error["extensions"]["code"] == "VIEW_BEHIND"
        message: str = error["message"]
        return message


@pytest.fixture
def here(database_urls: DatabaseUrls) -> Iterator[World]:
    with served(database_urls) as register:
        yield world(register)


@pytest.fixture
def parked(here: World, database_urls: DatabaseUrls) -> Parked:
    found = two_under_review(here, database_urls)
    until(lambda: found.told(ONE, id=found.set_aside["id"])["deploymentRequest"]["version"] == 2)
    return found


def two_under_review(here: World, database_urls: DatabaseUrls) -> Parked:
    set_aside, other = (here.request(fields="id reference") for _ in range(2))
    here.ask(AUDITOR, CAUGHT_UP)
    before = here.register.position
    park(database_urls, set_aside["id"])
    for each in (set_aside, other):
        here.on_request(here.reviewer, "beginReview", each["id"])
    here.ask(AUDITOR, CAUGHT_UP)
    instants = recorded_at(database_urls, before), recorded_at(database_urls, here.register.position)
    return Parked(here, set_aside, other, *instants)


def recorded_at(urls: DatabaseUrls, position: str) -> str:
    with psycopg.connect(urls.api) as connection:
        row = connection.execute(RECORDED, [position]).fetchone()
    assert row is not None
    return str(row[0].isoformat())


@pytest.mark.parametrize("key", ["id", "reference"])
@pytest.mark.parametrize("which", ["set_aside", "other"])
def test_one_is_told_as_it_is_and_as_it_was(parked: Parked, which: str, key: str) -> None:
    request = getattr(parked, which)
    for values in ({}, {"asOf": parked.after}, {"version": 2}):
        found = parked.told(ONE, **{key: request[key]}, **values)["deploymentRequest"]
        assert (found["id"], found["version"], len(found["history"]["edges"])) == (request["id"], 2, 2)
    found = parked.told(ONE, **{key: request[key]}, asOf=parked.before)["deploymentRequest"]
    assert found["version"] == 1
    assert parked.told(CHANGES, id=request["id"])["deploymentRequest"]["changes"]


def test_lists_count_what_they_hold_and_those_of_then_leave_nothing_out(parked: Parked) -> None:
    for status, version in (("SUBMITTED", 1), ("UNDER_REVIEW", 2)):
        found = parked.told(ALL, filter={"status": [status]})["deploymentRequests"]
        assert found["totalCount"] == len(found["edges"]) == 1
        assert found["edges"][0]["node"]["version"] == version
    assert parked.told(ALL, asOf=parked.before)["deploymentRequests"]["totalCount"] == 2
    assert "has parked the event at position" in parked.behind(ALL, asOf=parked.after)
    unknown = f"{parked.other['reference'][:-4]}9999"
    for values in ({}, {"asOf": parked.before}, {"asOf": parked.after}):
        assert parked.told(ONE, reference=unknown, **values)["deploymentRequest"] is None


def ids(found: Answer | None) -> list[str]:
    return [] if found is None else [found["id"]]


def test_one_without_rows_is_told_of_by_those_who_may_see_it(here: World, database_urls: DatabaseUrls) -> None:
    request = here.request(fields="id reference", idempotencyKey="k")
    here.ask(AUDITOR, CAUGHT_UP)
    park_whole(database_urls, request["id"])
    for who, found in ((here.reviewer, [request["id"]]), (AUDITOR, [request["id"]]), (here.outsider, [])):
        for values in ({"id": request["id"]}, {"reference": request["reference"]}):
            assert ids(here.register.ask(who, ONE, **values)["deploymentRequest"]) == found
        assert ids(here.register.ask(who, NODE, id=request["id"])["node"]) == found
        subjects = [edge["node"]["subject"]["id"] for edge in here.register.ask(who, TRAIL)["auditTrail"]["edges"]]
        assert (request["id"] in subjects) == bool(found)
    until(lambda: here.register.ask(AUDITOR, ALL)["deploymentRequests"] == {"totalCount": 0, "edges": []})
    again = here.request(fields="id reference availableActions", idempotencyKey="k")
    assert again["id"] == request["id"]
    assert again["availableActions"]


@pytest.mark.parametrize("has_rows", [False, True])
def test_what_rests_on_an_incident_that_was_set_aside_is_told_with_it(
    here: World, database_urls: DatabaseUrls, has_rows: bool
) -> None:
    """The finding is what waits, or all of the incident."""
    found, awaited = here.attributed()["id"], here.incident()["id"]
    decided = here.decided(incidents=[found])["id"]
    held = here.request(incidents=[awaited])["id"]
    here.on_request(here.reviewer, "beginReview", held)
    here.on_request(here.reviewer, "withholdDeploymentRequest", held, awaiting=[awaited])
    here.ask(AUDITOR, CAUGHT_UP)
    before = here.register.ask(here.reviewer, RESTING, id=decided), here.register.ask(here.reviewer, RESTING, id=held)
    assert before[0]["deploymentRequest"]["decision"]["grounds"]
    if has_rows:
        with psycopg.connect(database_urls.owner) as owner:
            owner.execute("DELETE FROM projections.incidents WHERE version > 1")
            owner.execute("UPDATE projections.incidents SET valid_until = 'infinity'")
        park(database_urls, found, view=incidents.NAME)
        park(database_urls, awaited, view=incidents.NAME)
    else:
        park_whole(database_urls, found, view=incidents.NAME)
        park_whole(database_urls, awaited, view=incidents.NAME)
    told = {"version": 2, "deploymentRequests": [{"id": decided}]}
    until(lambda: here.register.ask(here.reviewer, INCIDENT, id=found)["incident"] == told)
    after = here.register.ask(here.reviewer, RESTING, id=decided), here.register.ask(here.reviewer, RESTING, id=held)
    assert after == before
    assert here.register.ask(here.outsider, INCIDENT, id=found)["incident"] is None
    listed = {"filter": {"incident": found}}
    if has_rows:
        assert here.register.ask(here.reviewer, ALL, **listed)["deploymentRequests"]["totalCount"] == 1
    else:
        [error] = here.register.errors(here.reviewer, ALL, **listed)
        assert error["extensions"]["code"] == "VIEW_BEHIND"
        assert here.register.ask(here.outsider, ALL, **listed)["deploymentRequests"]["totalCount"] == 0


@pytest.mark.parametrize("key", ["id", "reference"])
def test_what_a_command_did_is_read_at_its_position(here: World, database_urls: DatabaseUrls, key: str) -> None:
    set_aside, other = (here.request(fields="id reference") for _ in range(2))
    here.ask(AUDITOR, CAUGHT_UP)
    park(database_urls, set_aside["id"])
    for each in (other, set_aside):
        here.on_request(here.reviewer, "beginReview", each["id"])
        for one in (other, set_aside)[: 1 + (each is set_aside)]:
            assert here.ask(AUDITOR, AT_LEAST, **{key: one[key]})["deploymentRequest"] == {"version": 2}


def test_the_requests_of_an_incident_are_told_with_those_set_aside(here: World, database_urls: DatabaseUrls) -> None:
    on, off = here.incident()["id"], here.incident()["id"]
    request = here.request(incidents=[on])["id"]
    other = here.request(incidents=[off])["id"]
    here.ask(AUDITOR, CAUGHT_UP)
    before = recorded_at(database_urls, here.register.position)
    park(database_urls, request)
    here.on_request(here.reviewer, "beginReview", request)
    after = recorded_at(database_urls, here.register.position)
    for incident, found, then in ((on, request, 2), (off, other, 1)):
        for values, version in (({"at": here.register.position}, then), ({"asOf": after}, then), ({"asOf": before}, 1)):
            told = here.register.ask(AUDITOR, REQUESTS_ON, id=incident, **values)["incident"]["deploymentRequests"]
            assert told == [{"id": found, "version": version}]


@pytest.fixture
def unfoldable(here: World, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch) -> Parked:
    """The second event of what is set aside is one that the domain itself cannot apply."""
    found = two_under_review(here, database_urls)
    refuse(monkeypatch, found.set_aside["id"], 2)
    until(lambda: "errors" in here.register.post(AUDITOR, ONE, {"id": found.set_aside["id"]}).json())
    return found


@pytest.mark.parametrize("key", ["id", "reference"])
def test_one_that_nobody_can_fold_is_told_up_to_there(unfoldable: Parked, key: str) -> None:
    wanted = {key: unfoldable.set_aside[key]}
    now: dict[str, str] = {}
    for values in (now, {"asOf": unfoldable.after}):
        assert "has parked the event at position" in unfoldable.behind(ONE, **wanted, **values)
    plain = ONE.replace("history(first: 10) { edges { node { subject { id } } } }", "")
    assert unfoldable.told(plain, **wanted, asOf=unfoldable.before)["deploymentRequest"]["version"] == 1
    here = unfoldable.here
    assert here.register.ask(here.outsider, ONE, **wanted)["deploymentRequest"] is None


def test_one_that_nobody_can_fold_is_in_no_others_way(unfoldable: Parked) -> None:
    other = unfoldable.other
    for key in ("id", "reference"):
        assert unfoldable.told(ONE, **{key: other[key]})["deploymentRequest"]["version"] == 2
    unknown = f"{other['reference'][:-4]}9999"
    assert unfoldable.told(ONE, reference=unknown)["deploymentRequest"] is None
    incident = unfoldable.here.incident()["id"]
    unfoldable.here.ask(AUDITOR, CAUGHT_UP)
    assert unfoldable.told(REQUESTS_ON, id=incident)["incident"] == {"deploymentRequests": []}


def test_of_several_incidents_only_those_that_it_names_say_so(
    here: World, database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked for together. An event of one without rows that nobody can fold is shown, and its subject says why not."""
    on, off = here.incident()["id"], here.incident()["id"]
    request = here.request(incidents=[on])["id"]
    here.ask(AUDITOR, CAUGHT_UP)
    park_whole(database_urls, request)
    here.on_request(here.requester, "remarkOnDeploymentRequest", request)
    refuse(monkeypatch, request, 2)
    asked = 'incident(id: "%s") { deploymentRequests { id } }'
    both = f"{{ a: {asked % on} b: {asked % off} }}"
    until(lambda: "errors" in here.register.post(AUDITOR, both).json())
    answer = here.register.post(AUDITOR, both).json()
    assert [error["path"][0] for error in answer["errors"]] == ["a"]
    assert answer["data"] == {"a": None, "b": {"deploymentRequests": []}}
    refuse(monkeypatch, request, 1)
    [error] = here.register.errors(AUDITOR, TRAIL)
    assert error["extensions"]["code"] == "VIEW_BEHIND"


def refuse(monkeypatch: pytest.MonkeyPatch, stream: str, version: int) -> None:
    """The domain cannot apply this event from now on."""

    def evolve(state: Any, recorded: Recorded[Any]) -> Any:
        if (str(recorded.stream), recorded.version) == (stream, version):
            raise ValueError("poison")
        return DEPLOYMENT_REQUEST.evolve(state, recorded)

    poisoned = replace(parked_subjects.REQUESTS, aggregate=replace(DEPLOYMENT_REQUEST, evolve=evolve))
    monkeypatch.setattr(loaders, "REQUESTS", poisoned)
