"""A parked request or incident answers VIEW_BEHIND, and so does what depends on it; nothing else is affected."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from uuid import UUID

import psycopg
import pytest

from projections.catalogue import VIEW_OF
from projections.following.parked_events import retry
from projections.views import deployment_requests, incidents
from service.event_store.mapper import decode
from service.settings import DatabaseUrls
from tests.service.graphql.api_client import Answer, Person, served
from tests.service.graphql.parking import park, park_whole
from tests.service.graphql.scenario import Scenario, scenario
from tests.waiting import until

CAUGHT_UP = """query ($at: Position) {
    deploymentRequests(atLeast: $at) { totalCount } incidents(atLeast: $at) { totalCount }
    situation(atLeast: $at) { region } auditTrail(atLeast: $at) { edges { cursor } } }"""
ONE = """query ($id: ID, $reference: String, $asOf: DateTime, $version: Int, $at: Position) {
    deploymentRequest(id: $id, reference: $reference, asOf: $asOf, version: $version, atLeast: $at) {
        id version changes(fromVersion: 1) { path } history(first: 10) { edges { node { subject { id } } } } } }"""
ALL = """query ($asOf: DateTime, $at: Position, $filter: DeploymentRequestFilter) {
    deploymentRequests(asOf: $asOf, atLeast: $at, filter: $filter) { totalCount edges { node { id version } } } }"""
NODE = "query ($id: ID!) { node(id: $id) { id } }"
TRAIL = "query ($id: ID!) { auditTrail(filter: { subject: $id }) { edges { node { type subject { %s } } } } }"
KNOWN = "__typename id ... on DeploymentRequest { history { edges { node { type subject { id } } } } }"
STATE = "id ... on DeploymentRequest { %s }"
INCIDENT = "query ($id: ID!, $asOf: DateTime) { incident(id: $id, asOf: $asOf) { version } }"
RESTING = "query ($id: ID!, $asOf: DateTime) { deploymentRequest(id: $id, asOf: $asOf) { version %s } }"
DEPENDING = (
    "incidents { id }",
    "explanation { actions { action rules { description met } } }",
    "availableActions",
    "hold { awaiting { id } }",
    "decision { grounds { incident { id } } }",
)
REQUESTS_ON = """query ($id: ID!, $at: Position, $asOf: DateTime) {
    incident(id: $id, atLeast: $at, asOf: $asOf) { deploymentRequests { id version } } }"""
RECORDED = "SELECT recorded_at FROM event_store.events WHERE notification_id = %s"


class Parked(NamedTuple):
    """parked: a request whose second event its view cannot apply, at position `at`, before the last of the other's.

    before, after: instants.
    """

    here: Scenario
    parked: Answer
    other: Answer
    at: str
    before: str
    after: str

    def ask(self, document: str, **values: object) -> Answer:
        return self.here.register.ask(self.here.auditor, document, **values)

    def refused(self, document: str, **values: object) -> str:
        return refused_at(self.here, self.here.auditor, document, **values)


def refused_at(here: Scenario, who: Person, document: str, **values: object) -> str:
    """The position in the one error of an answer without data."""
    answer = here.register.post(who, document, values).json()
    assert answer["data"] is None or set(answer["data"].values()) == {None}, answer
    [error] = answer["errors"]
    assert error["extensions"]["code"] == "VIEW_BEHIND"
    position: str = error["extensions"]["parkedAt"]
    assert f"has parked the event at position {position} " in error["message"]
    return position


@pytest.fixture
def here(database_urls: DatabaseUrls) -> Iterator[Scenario]:
    with served(database_urls) as register:
        yield scenario(register)


@pytest.fixture
def parked(here: Scenario, database_urls: DatabaseUrls) -> Parked:
    parked, other = (here.request(fields="id reference") for _ in range(2))
    here.ask(here.auditor, CAUGHT_UP)
    before = here.register.position
    at = park(database_urls, parked["id"])
    for each in (parked, other):
        here.on_request(here.reviewer, "beginReview", each["id"])
    here.ask(here.auditor, CAUGHT_UP)
    instants = recorded_at(database_urls, before), recorded_at(database_urls, here.register.position)
    until(lambda: "errors" in here.register.post(here.auditor, ONE, {"id": parked["id"]}).json())
    return Parked(here, parked, other, at, *instants)


def recorded_at(urls: DatabaseUrls, position: str) -> str:
    with psycopg.connect(urls.api) as connection:
        row = connection.execute(RECORDED, [position]).fetchone()
    assert row is not None
    return str(row[0].isoformat())


@pytest.mark.parametrize("key", ["id", "reference"])
def test_it_says_where_it_is_parked_and_is_shown_as_of_before(parked: Parked, key: str) -> None:
    wanted = {key: parked.parked[key]}
    now: dict[str, Any] = {}
    for values in (now, {"asOf": parked.after}, {"version": 1}, {"version": 2}, {"at": parked.at}):
        assert parked.refused(ONE, **wanted, **values) == parked.at
        found = parked.ask(ONE, **{key: parked.other[key]}, **values)["deploymentRequest"]
        assert found["version"] == values.get("version", 2)
    found = parked.ask(ONE, **wanted, asOf=parked.before)["deploymentRequest"]
    assert (found["id"], found["version"], len(found["history"]["edges"])) == (parked.parked["id"], 1, 1)
    assert parked.here.register.ask(parked.here.outsider, ONE, **wanted) == {"deploymentRequest": None}


def test_others_in_the_same_query_are_not_affected(parked: Parked) -> None:
    one = 'deploymentRequest(id: "%s", atLeast: "%s") { version }'
    document = f"{{ a: {one % (parked.parked['id'], parked.at)} b: {one % (parked.other['id'], parked.at)} }}"
    answer = parked.here.register.post(parked.here.auditor, document).json()
    assert answer["data"] == {"a": None, "b": {"version": 2}}
    assert [error["path"] for error in answer["errors"]] == [["a"]]
    unknown = f"{parked.other['reference'][:-4]}9999"
    for values in ({}, {"asOf": parked.before}, {"asOf": parked.after}):
        assert parked.ask(ONE, reference=unknown, **values) == {"deploymentRequest": None}


def test_lists_report_what_they_would_omit_to_those_who_may_see_it(parked: Parked) -> None:
    for status, version in (("SUBMITTED", 1), ("UNDER_REVIEW", 2)):
        found = parked.ask(ALL, filter={"status": [status]})["deploymentRequests"]
        assert found["totalCount"] == len(found["edges"]) == 1
        assert found["edges"][0]["node"]["version"] == version
    assert parked.ask(ALL, asOf=parked.before)["deploymentRequests"]["totalCount"] == 2
    for values in ({"asOf": parked.after}, {"at": parked.at}):
        assert parked.refused(ALL, **values) == parked.at
        found = parked.here.register.ask(parked.here.outsider, ALL, **values)
        assert found["deploymentRequests"] == {"totalCount": 0, "edges": []}
    assert parked.ask(ALL, at=parked.here.register.position)["deploymentRequests"]["totalCount"] == 2


def test_it_is_shown_again_once_its_events_are_applied(parked: Parked, database_urls: DatabaseUrls) -> None:
    view = VIEW_OF[deployment_requests.NAME]
    assert retry(view, database_urls.worker, decode, UUID(parked.parked["id"])).error is None
    until(
        lambda: "errors" not in parked.here.register.post(parked.here.auditor, ONE, {"id": parked.parked["id"]}).json()
    )
    for values in ({}, {"asOf": parked.after}, {"at": parked.at}):
        assert parked.ask(ONE, id=parked.parked["id"], **values)["deploymentRequest"]["version"] == 2
        assert parked.ask(ALL, **values)["deploymentRequests"]["totalCount"] == 2


def test_one_without_rows_is_refused_to_those_who_may_see_it(here: Scenario, database_urls: DatabaseUrls) -> None:
    request = here.request(fields="id reference", idempotencyKey="k")
    here.ask(here.auditor, CAUGHT_UP)
    at = park_whole(database_urls, request["id"])
    asked = [(ONE, {"id": request["id"]}), (ONE, {"reference": request["reference"]}), (NODE, {"id": request["id"]})]
    until(lambda: "errors" in here.register.post(here.auditor, *asked[0]).json())
    for who in (here.reviewer, here.auditor):
        for document, values in asked:
            assert refused_at(here, who, document, **values) == at
        assert refused_at(here, who, TRAIL % (STATE % "version"), id=request["id"]) == at
        assert_trail(here, who, request["id"], ["RequestSubmitted"])
    for document, values in asked:
        assert set(here.register.ask(here.outsider, document, **values).values()) == {None}
    assert here.register.ask(here.outsider, TRAIL % "id", id=request["id"])["auditTrail"]["edges"] == []
    assert here.register.ask(here.auditor, ALL)["deploymentRequests"] == {"totalCount": 0, "edges": []}
    here.incident()
    here.ask(here.auditor, CAUGHT_UP)
    assert refused_at(here, here.auditor, ALL, at=at) == at
    again = here.request(fields="id version", idempotencyKey="k")
    assert (again["id"], again["version"]) == (request["id"], 1)


def assert_trail(here: Scenario, who: Person, request: str, types: list[str]) -> None:
    """An auditor reads the trail whatever is parked."""
    history = {"edges": [{"node": {"type": each, "subject": {"id": request}}} for each in types]}
    subject = {"__typename": "DeploymentRequest", "id": request, "history": history}
    found = here.register.ask(who, TRAIL % KNOWN, id=request)["auditTrail"]["edges"]
    assert [edge["node"] for edge in found] == [{"type": each, "subject": subject} for each in types]


@pytest.mark.parametrize("field", ["status", "force", "hold { reason }", "incidents { id }", "availableActions"])
def test_the_trail_tells_of_a_parked_one_but_not_its_state(parked: Parked, field: str) -> None:
    request = parked.parked["id"]
    assert_trail(parked.here, parked.here.auditor, request, ["RequestSubmitted", "ReviewBegun"])
    answer = parked.here.register.post(parked.here.auditor, TRAIL % (STATE % field), {"id": request}).json()
    for error in answer["errors"]:
        assert error["extensions"] == {"code": "VIEW_BEHIND", "parkedAt": parked.at}
        assert error["path"][-1] == field.split()[0]


def test_the_trail_tells_of_a_parked_incident(here: Scenario, database_urls: DatabaseUrls) -> None:
    incident = here.incident()["id"]
    here.ask(here.auditor, CAUGHT_UP)
    park_whole(database_urls, incident, view=incidents.NAME)
    until(lambda: "errors" in here.register.post(here.auditor, INCIDENT, {"id": incident}).json())
    [edge] = here.register.ask(here.auditor, TRAIL % "__typename id", id=incident)["auditTrail"]["edges"]
    assert edge["node"] == {"type": "IncidentReported", "subject": {"__typename": "Incident", "id": incident}}


@pytest.fixture(params=[False, True], ids=["from the start", "at its second event"])
def resting(here: Scenario, database_urls: DatabaseUrls, request: pytest.FixtureRequest) -> tuple[str, str, str, str]:
    """A decided and a withheld request, the incidents that they rest on, which are parked, and an instant before."""
    found, awaited = here.attributed()["id"], here.incident()["id"]
    decided = here.decided(incidents=[found])["id"]
    held = here.request(incidents=[awaited])["id"]
    here.on_request(here.reviewer, "beginReview", held)
    here.on_request(here.reviewer, "withholdDeploymentRequest", held, awaiting=[awaited])
    here.ask(here.auditor, CAUGHT_UP)
    before = recorded_at(database_urls, here.register.position)
    for incident in (found, awaited):
        if request.param:
            park(database_urls, incident, view=incidents.NAME)
        else:
            park_whole(database_urls, incident, view=incidents.NAME)
    until(lambda: "errors" in here.register.post(here.reviewer, INCIDENT, {"id": awaited}).json())
    return decided, held, found, before


def test_what_rests_on_a_parked_incident_is_refused_with_it(
    here: Scenario, resting: tuple[str, str, str, str], request: pytest.FixtureRequest
) -> None:
    decided, held, incident, before = resting
    at = refused_at(here, here.reviewer, INCIDENT, id=incident)
    for request_id, fields in ((held, DEPENDING[:4]), (decided, (DEPENDING[0], DEPENDING[4]))):
        assert here.register.ask(here.reviewer, RESTING % "status", id=request_id)["deploymentRequest"]
        for field in fields:
            answer = here.register.post(here.reviewer, RESTING % field, {"id": request_id}).json()
            name = field.split()[0]
            assert (answer["data"]["deploymentRequest"] or {name: None})[name] is None
            [error] = answer["errors"]
            assert (error["extensions"]["code"], error["path"][:2]) == ("VIEW_BEHIND", ["deploymentRequest", name])
    [error] = here.register.errors(here.reviewer, RESTING % DEPENDING[4], id=decided)
    assert error["extensions"]["parkedAt"] == at
    listed = {"filter": {"incident": incident}}
    assert refused_at(here, here.reviewer, ALL, **listed) == at
    assert here.register.ask(here.outsider, ALL, **listed)["deploymentRequests"]["totalCount"] == 0
    assert here.register.ask(here.outsider, INCIDENT, id=incident) == {"incident": None}
    if "second" in request.node.name:
        for field in (*DEPENDING[:2], DEPENDING[3]):
            assert here.register.ask(here.reviewer, RESTING % field, id=held, asOf=before)["deploymentRequest"]


def test_rules_on_a_hidden_incident_are_refused_without_its_position(
    here: Scenario, database_urls: DatabaseUrls
) -> None:
    incident = here.incident()["id"]
    held = here.request(incidents=[incident], marking="GREEN")["id"]
    here.on_request(here.reviewer, "beginReview", held)
    here.on_request(here.reviewer, "withholdDeploymentRequest", held, awaiting=[incident])
    here.ask(here.auditor, CAUGHT_UP)
    at = park_whole(database_urls, incident, view=incidents.NAME)
    explained = RESTING % DEPENDING[1]
    until(lambda: "errors" in here.register.post(here.outsider, explained, {"id": held}).json())
    [error] = here.register.errors(here.outsider, explained, id=held)
    assert error["extensions"] == {"code": "VIEW_BEHIND", "parkedAt": None}
    assert at not in error["message"]
    assert here.register.ask(here.outsider, RESTING % DEPENDING[0], id=held)["deploymentRequest"]["incidents"] == []


def test_the_requests_of_an_incident_report_a_parked_one(here: Scenario, database_urls: DatabaseUrls) -> None:
    """Named by the parked request before, and by the event that its view could not apply."""
    named, added, off = (here.incident()["id"] for _ in range(3))
    request, other = here.request(incidents=[named])["id"], here.request(incidents=[off])["id"]
    here.ask(here.auditor, CAUGHT_UP)
    before = recorded_at(database_urls, here.register.position)
    at = park(database_urls, request)
    here.on_request(here.requester, "amendDeploymentRequest", request, incidents=[named, added])
    after = recorded_at(database_urls, here.register.position)
    for values in ({"at": here.register.position}, {"asOf": after}):
        for incident in (named, added):
            assert refused_at(here, here.auditor, REQUESTS_ON, id=incident, **values) == at
        requests = here.register.ask(here.auditor, REQUESTS_ON, id=off, **values)["incident"]["deploymentRequests"]
        assert requests == [{"id": other, "version": 1}]
    for incident, expected in ((named, [{"id": request, "version": 1}]), (added, [])):
        requests = here.register.ask(here.auditor, REQUESTS_ON, id=incident, asOf=before)["incident"][
            "deploymentRequests"
        ]
        assert requests == expected
    asked = 'incident(id: "%s") { deploymentRequests { id } }'
    both = f"{{ a: {asked % named} b: {asked % off} }}"
    until(lambda: "errors" in here.register.post(here.auditor, both).json())
    answer = here.register.post(here.auditor, both).json()
    assert answer["data"] == {"a": None, "b": {"deploymentRequests": [{"id": other}]}}
