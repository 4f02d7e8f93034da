"""Events as they are recorded: each that the viewer may see, in order, from a position on."""

from contextlib import suppress
from itertools import islice
from typing import Any

import pytest

from tests.service.graphql.api_client import Answer, ApiClient
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.service.graphql.subscriptions.client import Socket, socket, stream

EVENTS = """subscription ($after: Position, $types: [String!]) { eventsRecorded(after: $after, types: $types) {
    position type version recordedAt actor { subject name authority } reason payload redactions
    changes { path before after } subject { __typename id ... on DeploymentRequest { reference } } } }"""
TRAIL = """query ($at: Position, $after: String) { auditTrail(first: 100, after: $after, atLeast: $at) {
    pageInfo { hasNextPage endCursor } edges { node {
    position type version recordedAt actor { subject name authority } reason payload redactions
    changes { path before after } subject { __typename id ... on DeploymentRequest { reference } } } } } }"""


@pytest.fixture
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def trail(here: Scenario, who: Any, after: int) -> list[Answer]:
    """What the audit trail holds for somebody after a position."""
    found: list[Answer] = []
    cursor = None
    while True:
        page = here.ask(who, TRAIL, after=cursor)["auditTrail"]
        found += [edge["node"] for edge in page["edges"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return [event for event in found if int(event["position"]) > after]


def tell(here: Scenario) -> None:
    """Something for everybody, and something that not everybody may see."""
    incident = here.incident(marking="RED")["id"]
    request = here.request(incidents=[here.attributed()["id"]])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "remarkOnDeploymentRequest", request, internal=True)
    here.request(here.outsider, marking="GREEN")
    here.on_incident(here.requester, "recordEvidence", incident)


def test_each_gets_what_their_audit_trail_holds(here: Scenario) -> None:
    start = int(here.register.position)
    viewers = (here.requester, here.reviewer, here.outsider, here.auditor, ADMINISTRATOR)
    tell(here)
    expected = {who: trail(here, who, start) for who in viewers}
    assert len({len(events) for events in expected.values()}) > 2
    for who in viewers:
        with socket(here.register, greeted=who) as client:
            client.subscribe("1", EVENTS, after=str(start))
            assert [client.data("1")["eventsRecorded"] for _ in expected[who]] == expected[who]


def test_without_a_position_it_begins_with_what_comes(here: Scenario) -> None:
    before = here.request()
    with socket(here.register, greeted=here.reviewer) as client:
        client.subscribe("1", EVENTS)
        event = first_told(here, client)
    assert event["subject"]["id"] != before["id"]
    assert trail(here, here.reviewer, int(event["position"]) - 1)[0] == event


def first_told(here: Scenario, client: Socket) -> Answer:
    """Records events until the subscription delivers one: a subscription does not report its start."""
    for _ in range(100):
        here.request()
        with suppress(TimeoutError):
            event: Answer = client.data("1", wait=0.1)["eventsRecorded"]
            return event
    raise AssertionError("nothing was delivered")


def test_only_the_types_that_are_asked_for_are_reported(here: Scenario) -> None:
    start = here.register.position
    types = ["ReviewBegun", "IncidentReported"]
    with stream(here.register, here.auditor, EVENTS, {"after": start, "types": types}) as client:
        tell(here)
        found = [body["data"]["eventsRecorded"]["type"] for _, body in islice(client.events(), 2) if body]
    assert found == ["IncidentReported", "ReviewBegun"]


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ({"after": str(2**62)}, "after"),
        ({"types": ["ReviewBegun", "NoSuchThing"]}, "types.1"),
        ({"after": "soon"}, "after"),
    ],
)
def test_what_cannot_be_asked_for_is_an_error(here: Scenario, variables: dict[str, Any], argument: str) -> None:
    with socket(here.register, greeted=here.reviewer) as client:
        client.subscribe("1", EVENTS, **variables)
        [error] = client.errors("1")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert argument in error["message"]


def test_what_a_viewer_may_see_is_decided_as_each_is_reported(here: Scenario) -> None:
    """Who holds a mandate over its place sees an incident, for as long as they hold it."""
    authority = {"authority": f"{here.name}-other", "region": f"{here.name}/north"}
    incident = here.incident()["id"]
    grant = {**authority, "legalBasis": "EXERCISE agreement"}
    here.register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", grant)
    start = here.register.position
    with socket(here.register, greeted=here.outsider) as client:
        client.subscribe("1", EVENTS, after=start)
        here.on_incident(here.requester, "recordEvidence", incident)
        assert client.data("1")["eventsRecorded"]["type"] == "EvidenceRecorded"
        end = {**authority, "reason": "EXERCISE: it is over."}
        here.register.command(ADMINISTRATOR, "endMandate", "EndMandateInput", end)
        assert client.data("1")["eventsRecorded"]["type"] == "MandateEnded"
        here.on_incident(here.requester, "recordEvidence", incident)
        here.request(here.outsider, marking="GREEN")
        assert client.data("1")["eventsRecorded"]["type"] == "RequestSubmitted"


def test_no_mandate_of_the_viewer_is_overlooked_however_fast_events_follow_it(here: Scenario) -> None:
    """The view of mandates is another one than that of events: a query waits for both."""
    incident = here.incident()["id"]
    start = int(here.register.position)
    with socket(here.register, greeted=here.outsider) as client:
        client.subscribe("1", EVENTS, after=str(start), types=["EvidenceRecorded"])
        for number in range(15):
            region = f"{here.name}/north{number}"
            ours = here.incident(region=region)["id"]
            here.on_incident(here.requester, "recordEvidence", incident)
            grant = {"authority": f"{here.name}-other", "region": region, "legalBasis": "EXERCISE agreement"}
            here.register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", grant)
            here.on_incident(here.requester, "recordEvidence", ours)
            assert client.data("1")["eventsRecorded"]["subject"]["id"] == ours
