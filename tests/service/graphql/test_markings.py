"""Who loses sight of a subject by a change of its marking loses its past and future; who gains it gains both."""

import json
from typing import Final

import pytest

from domain.vocabulary import Role
from tests.service.graphql.api_client import Answer, ApiClient
from tests.service.graphql.scenario import Scenario, scenario
from tests.service.graphql.subscriptions.client import Socket, socket

REQUEST = """query ($id: ID!, $at: Position) {
    deploymentRequest(id: $id, atLeast: $at) { version history(first: 100) { edges { node { type } } } }
    past: deploymentRequest(id: $id, version: 1, atLeast: $at) { version }
    auditTrail(first: 100, filter: { subject: $id }, atLeast: $at) { edges { node { type reason } } } }"""
INCIDENT = """query ($id: ID!, $at: Position) {
    incident(id: $id, atLeast: $at) { marking evidence { id } }
    auditTrail(first: 100, filter: { subject: $id }, atLeast: $at) { edges { node { type } } } }"""
CHANGED = "subscription ($id: ID!) { deploymentRequestChanged(id: $id) { version } }"
EVENTS = "subscription ($after: Position) { eventsRecorded(after: $after) { type subject { id } } }"
NOTHING: Final[Answer] = {"deploymentRequest": None, "past": None, "auditTrail": {"edges": []}}


@pytest.fixture
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def events(client: Socket, key: str, until: tuple[str, str]) -> list[tuple[str, str]]:
    """Type and subject of the events of a subscription, up to this one."""
    found: list[tuple[str, str]] = []
    while until not in found:
        event = client.data(key)["eventsRecorded"]
        found.append((event["type"], event["subject"]["id"]))
    return found


def test_who_loses_sight_of_a_request_loses_its_past_and_its_future(here: Scenario) -> None:
    colleague = here.of("asker", "ruth", Role.REQUESTER)
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE")
    before = here.register.position
    assert here.ask(colleague, REQUEST, id=request)["past"] == {"version": 1}
    with socket(here.register, greeted=colleague) as client:
        client.subscribe("1", CHANGED, id=request)
        assert client.data("1")["deploymentRequestChanged"] == {"version": 3}
        assert here.mark(here.reviewer, request, "AMBER_STRICT")["marking"] == "AMBER_STRICT"
        [error] = client.errors("1")
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert here.ask(colleague, REQUEST, id=request) == NOTHING
        client.subscribe("2", EVENTS, after=before)
        here.on_request(here.reviewer, "remarkOnDeploymentRequest", request)
        seen = here.request(marking="GREEN")["id"]
        assert request not in [subject for _, subject in events(client, "2", ("RequestSubmitted", seen))]
    author = here.ask(here.requester, REQUEST, id=request)
    assert [event["node"]["type"] for event in author["auditTrail"]["edges"]][3:] == [
        "RequestMarkingChanged", "RequestRemarked",
    ]  # fmt: skip


def test_who_gains_sight_of_a_request_gains_its_past(here: Scenario) -> None:
    request = here.request(marking="AMBER_STRICT")["id"]
    here.on_request(here.reviewer, "beginReview", request)
    before = here.register.position
    assert here.ask(here.outsider, REQUEST, id=request) == NOTHING
    assert here.mark(here.approver, request, "GREEN")["__typename"] == "TransitionRefused"
    assert here.mark(here.requester, request, "GREEN")["marking"] == "AMBER_STRICT"
    assert here.ask(here.outsider, REQUEST, id=request) == NOTHING
    with socket(here.register, greeted=here.outsider) as client:
        client.subscribe("1", EVENTS, after=before)
        assert here.mark(here.approver, request, "GREEN")["marking"] == "GREEN"
        events(client, "1", ("RequestMarkingChanged", request))
    answer = here.ask(here.outsider, REQUEST, id=request)
    assert (answer["past"], answer["deploymentRequest"]["version"]) == ({"version": 1}, 4)
    assert [event["node"]["type"] for event in answer["auditTrail"]["edges"]] == [
        "RequestSubmitted", "ReviewBegun", "RequestMarkingProposed", "RequestMarkingChanged",
    ]  # fmt: skip


def test_red_hides_endorsements_from_the_deciding_authority_too(here: Scenario) -> None:
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE")
    refused = here.mark(here.approver, request, "RED")
    assert refused["fields"][0]["path"] == "recipients"
    assert f"an approver of {here.approver.authority}" in refused["fields"][0]["message"]
    assert here.mark(here.reviewer, request, "RED", here.approver.subject)["marking"] == "RED"
    for who in (here.reviewer, here.auditor, here.of("decider", "otto")):
        assert here.ask(who, REQUEST, id=request) == NOTHING
    document = (
        "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { endorsements { reason } } }"
    )
    for who, number in ((here.approver, 1), (here.requester, 0)):
        assert len(here.ask(who, document, id=request)["deploymentRequest"]["endorsements"]) == number
    assert "recommendation" not in json.dumps(here.ask(here.requester, REQUEST, id=request))


def test_an_incident_and_its_evidence_follow_its_marking(here: Scenario) -> None:
    incident = here.incident(marking="GREEN")["id"]
    here.on_incident(here.reviewer, "recordEvidence", incident, marking="GREEN")
    request = here.request(marking="GREEN", incidents=[incident])["id"]
    assert len(here.ask(here.outsider, INCIDENT, id=incident)["incident"]["evidence"]) == 1
    assert here.mark(here.reviewer, incident, "AMBER", of="Incident")["marking"] == "AMBER"
    assert here.ask(here.outsider, INCIDENT, id=incident) == {"incident": None, "auditTrail": {"edges": []}}
    assert incident not in json.dumps(here.ask(here.outsider, REQUEST, id=request))
    here.mark(here.requester, incident, "CLEAR", of="Incident")
    assert here.mark(here.approver, incident, "CLEAR", of="Incident")["marking"] == "CLEAR"
    found = here.ask(here.outsider, INCIDENT, id=incident)
    assert [event["node"]["type"] for event in found["auditTrail"]["edges"]] == [
        "IncidentReported", "EvidenceRecorded", "IncidentMarkingChanged", "IncidentMarkingProposed",
        "IncidentMarkingChanged",
    ]  # fmt: skip
    assert len(found["incident"]["evidence"]) == 1


def test_an_approver_whom_the_author_names_reaches_what_no_recipient_can_decide(here: Scenario) -> None:
    gone, other = here.of("decider", "gone", Role.APPROVER), here.of("decider", "eve", Role.APPROVER)
    heir = here.of("decider", "heir", Role.APPROVER)
    request = here.decided()["id"]
    assert here.mark(here.approver, request, "RED", gone.subject)["marking"] == "RED"
    named = (gone.subject, heir.subject)
    unknown = here.mark(heir, "c7d1f3c4-7f4e-4a1c-8a3e-000000000000", "RED", *named)
    assert here.mark(heir, request, "RED", *named) == unknown
    assert here.mark(here.requester, request, "RED", *named)["marking"] == "RED"
    assert here.ask(heir, REQUEST, id=request) == NOTHING
    for who in (other, here.of("other", "heir", Role.APPROVER), here.of("decider", "heir", Role.REVIEWER)):
        assert here.mark(who, request, "RED", *named) == unknown
    assert here.on_request(heir, "revokeApproval", request)["__typename"] == "NotFound"
    assert here.mark(heir, request, "RED", *named)["__typename"] == "DeploymentRequestRecorded"
    assert here.ask(heir, REQUEST, id=request)["past"] == {"version": 1}
    assert here.on_request(heir, "revokeApproval", request)["status"] == "REVOKED"
    assert here.ask(other, REQUEST, id=request) == NOTHING
