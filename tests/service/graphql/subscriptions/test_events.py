"""Events as they are recorded: each that the viewer may see, in order, from a position on."""

from contextlib import closing, suppress
from itertools import islice
from typing import Any

import pytest

from service.event_store.store import EventStore
from service.graphql.subscriptions import watermark
from service.settings import DatabaseUrls
from tests.projections.world import World
from tests.service.graphql.api_client import Answer, ApiClient, served
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario
from tests.service.graphql.subscriptions.client import Socket, socket, stream

EVENTS = """subscription ($after: Position, $types: [String!], $subject: ID, $authority: String, $region: String) {
    eventsRecorded(after: $after, types: $types, subject: $subject, authority: $authority, region: $region) {
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


def record_events(here: Scenario) -> None:
    """Something for everybody, and something that not everybody may see."""
    incident = here.incident(marking="RED", recipients=["named"])["id"]
    request = here.request(incidents=[here.attributed()["id"]])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "remarkOnDeploymentRequest", request, internal=True)
    here.request(here.outsider, marking="GREEN")
    here.on_incident(here.requester, "recordEvidence", incident)


def test_each_gets_what_their_audit_trail_holds(here: Scenario) -> None:
    start = int(here.register.position)
    viewers = (here.requester, here.reviewer, here.outsider, here.auditor, ADMINISTRATOR)
    record_events(here)
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
        event = first_event(here, client)
    assert event["subject"]["id"] != before["id"]
    assert trail(here, here.reviewer, int(event["position"]) - 1)[0] == event


def first_event(here: Scenario, client: Socket) -> Answer:
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
        record_events(here)
        found = [body["data"]["eventsRecorded"]["type"] for _, body in islice(client.events(), 2) if body]
    assert found == ["IncidentReported", "ReviewBegun"]


def test_events_are_selected_by_subject_authority_and_region(here: Scenario) -> None:
    start = int(here.register.position)
    record_events(here)
    south = here.request(region=f"{here.name}/southern")["id"]
    there = here.incident(region=f"{here.name}/south/shore")["id"]
    here.on_request(here.reviewer, "beginReview", south)
    here.request(region=f"{here.name}/south")
    expected = trail(here, here.auditor, start)
    assert {each["subject"]["__typename"] for each in expected} == {"DeploymentRequest", "Incident"}
    *_, begun, last = expected
    for selected, keeps in (
        ({"subject": south}, lambda event: event["subject"]["id"] == south),
        ({"authority": f"{here.name}-decider"}, lambda event: event["actor"]["authority"] == f"{here.name}-decider"),
        ({"region": f"{here.name}/south"}, lambda event: event["subject"]["id"] in (there, last["subject"]["id"])),
        ({"region": here.name, "types": ["ReviewBegun"], "subject": south}, lambda event: event == begun),
    ):
        wanted = [event for event in expected if keeps(event)]
        assert 0 < len(wanted) < len(expected)
        with stream(here.register, here.auditor, EVENTS, {"after": str(start), **selected}) as client:
            found = [body["data"]["eventsRecorded"] for _, body in islice(client.events(), len(wanted)) if body]
        assert found == wanted, selected


@pytest.mark.parametrize(
    ("variables", "argument"),
    [
        ({"after": str(2**62)}, "after"),
        ({"types": ["ReviewBegun", "NoSuchThing"]}, "types.1"),
        ({"after": "soon"}, "after"),
        ({"subject": "kfor-2024-0001"}, "subject"),
        ({"authority": "KFOR"}, "authority"),
        ({"region": "XK"}, "region"),
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


def test_an_event_of_which_no_notification_came_is_sent_when_the_views_have_it(
    database_urls: DatabaseUrls, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watermark, "POLL", 3600.0)
    with (
        served(database_urls, follow=False) as register,
        closing(EventStore(database_urls.api)) as store,
        socket(register, greeted=ADMINISTRATOR) as client,
    ):
        scenario(register)
        client.subscribe("1", "subscription { eventsRecorded(after: 0) { type } }")
        World(database_urls, store).apply()
        assert client.data("1")["eventsRecorded"]["type"] == "AuthorityRegistered"
