"""What of a subject is hidden from those who may see a part. See `tests/service/visibility` for all fields."""

import json
from dataclasses import dataclass

import pytest

from projections.catalogue import VIEWS
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import Scenario, scenario

NOWHERE = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True)
class Secret:
    """An incident that only some may see, and a request that rests on it."""

    world: Scenario
    incident: str


@pytest.fixture(scope="module")
def secret(register: ApiClient) -> Secret:
    here = scenario(register)
    incident = here.incident(marking="AMBER")
    here.request(marking="AMBER", incidents=[incident["id"]])
    return Secret(here, incident["id"])


def test_counts_of_a_region_leave_out_what_is_not_seen(secret: Secret) -> None:
    document = "query ($at: Position) { situation(atLeast: $at) { region openIncidents requestsByStatus { count } } }"
    seen = secret.world.ask(secret.world.reviewer, document)["situation"]
    assert {"region": secret.world.region, "openIncidents": 1, "requestsByStatus": [{"count": 1}]} in seen
    unseen = secret.world.ask(secret.world.outsider, document)["situation"]
    assert [region for region in unseen if region["region"].startswith(secret.world.name)] == []


def test_an_unseen_incident_in_another_field_is_named_as_one_that_is_not_there(secret: Secret) -> None:
    here = secret.world
    hidden = here.request(here.outsider, incidents=[secret.incident])
    unknown = here.request(here.outsider, incidents=[NOWHERE])
    assert hidden["__typename"] == unknown["__typename"] == "InvalidInput"
    assert [problem["path"] for problem in hidden["fields"]] == ["incidents"]
    assert hidden["message"].replace(secret.incident, NOWHERE) == unknown["message"]


PARTS = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
    incidents { id }
    hold { awaiting { id } }
    decision { grounds { incident { id } evidence { id } } }
    history(first: 100) { edges { node { type payload changes { path before after } redactions } } } } }"""


def test_an_invisible_incident_within_a_visible_request_is_left_out(register: ApiClient) -> None:
    here = scenario(register)
    red = here.incident(here.reviewer, marking="RED")["id"]
    plain = here.incident(marking="GREEN")["id"]
    request = here.request(marking="GREEN", incidents=[plain])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    held = here.on_request(
        here.reviewer, "withholdDeploymentRequest", request, "hold { awaiting { id } } incidents { id }",
        awaiting=[red, plain],
    )  # fmt: skip
    assert [each["id"] for each in held["incidents"]] == [plain, red]
    answer = here.ask(here.requester, PARTS, id=request)["deploymentRequest"]
    assert answer["incidents"] == [{"id": plain}]
    assert answer["hold"]["awaiting"] == [{"id": plain}]
    assert red not in json.dumps(answer)
    withheld = answer["history"]["edges"][-1]["node"]
    assert withheld["redactions"] == ["actor", "awaiting.0"]
    assert withheld["payload"]["awaiting"] == [plain]
    whole = here.ask(here.reviewer, PARTS, id=request)["deploymentRequest"]["history"]["edges"][-1]["node"]
    assert (whole["redactions"], whole["payload"]["awaiting"]) == ([], [red, plain])


def test_grounds_and_their_evidence_are_shown_as_far_as_they_may_be_seen(register: ApiClient) -> None:
    here = scenario(register)
    strict = here.incident(here.reviewer, marking="AMBER_STRICT")["id"]
    open_one = here.incident(marking="GREEN")["id"]
    own = here.on_incident(here.reviewer, "recordEvidence", open_one, "evidence { id marking }", marking="RED")
    red = own["evidence"][0]["id"]
    both = here.on_incident(here.reviewer, "recordEvidence", open_one, "evidence { id }", marking="GREEN")
    green = both["evidence"][1]["id"]
    here.on_incident(here.reviewer, "attributeIncident", strict)
    here.on_incident(here.reviewer, "attributeIncident", open_one, evidence=[red, green])
    request = here.request(marking="GREEN", incidents=[open_one])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(
        here.reviewer, "withholdDeploymentRequest", request, awaiting=[strict], minimumLikelihood="ALMOST_CERTAIN"
    )
    here.on_request(here.reviewer, "resumeReview", request)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE")
    here.on_request(here.approver, "approveDeploymentRequest", request)
    grounds = here.ask(here.outsider, PARTS, id=request)["deploymentRequest"]["decision"]["grounds"]
    assert grounds == [{"incident": {"id": open_one}, "evidence": [{"id": green}]}]
    grounds = here.ask(here.reviewer, PARTS, id=request)["deploymentRequest"]["decision"]["grounds"]
    assert [ground["incident"]["id"] for ground in grounds] == [open_one, strict]
    assert grounds[0]["evidence"] == [{"id": red}, {"id": green}]


def test_grounds_are_reported_as_they_stood_when_it_was_decided(register: ApiClient) -> None:
    here = scenario(register)
    incident = here.attributed(marking="GREEN")["id"]
    request = here.decided(incidents=[incident])["id"]
    here.on_incident(here.reviewer, "attributeIncident", incident, responsibleParty="EXERCISE another", basis="other")
    document = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { decision { grounds {
        responsibleParty basis incident { attribution { responsibleParty } } } } } }"""
    [ground] = here.ask(here.requester, document, id=request)["deploymentRequest"]["decision"]["grounds"]
    assert ground["responsibleParty"] == "EXERCISE party"
    assert ground["basis"] == "EXERCISE: what was found."
    assert ground["incident"]["attribution"]["responsibleParty"] == "EXERCISE another"


def test_the_text_of_an_internal_remark_is_for_the_decider_and_auditors(register: ApiClient) -> None:
    here = scenario(register)
    request = here.request(marking="GREEN")["id"]
    here.on_request(here.reviewer, "remarkOnDeploymentRequest", request, internal=True, reason="EXERCISE: a secret")
    document = """query ($id: ID!, $at: Position) {
        deploymentRequest(id: $id, atLeast: $at) { history { edges { node { version reason payload redactions } } } }
        auditTrail(filter: { subject: $id }, atLeast: $at) { edges { node { version reason payload redactions } } } }"""
    for who, reads in ((here.requester, False), (here.outsider, False), (here.reviewer, True), (here.auditor, True)):
        answer = here.ask(who, document, id=request)
        for events in (answer["deploymentRequest"]["history"]["edges"], answer["auditTrail"]["edges"]):
            remark = events[-1]["node"]
            assert remark["version"] == 2
            assert (remark["reason"] == "EXERCISE: a secret") is reads
            assert ("EXERCISE: a secret" in json.dumps(remark)) is reads
            assert remark["redactions"] == ([] if reads else ["actor", "reason"])


def test_the_requests_on_an_incident_are_those_that_may_be_seen(register: ApiClient) -> None:
    here = scenario(register)
    incident = here.incident(marking="GREEN")["id"]
    hidden = here.request(incidents=[incident])["id"]
    shown = here.request(marking="GREEN", incidents=[incident])["id"]
    document = "query ($id: ID!, $at: Position) { incident(id: $id, atLeast: $at) { deploymentRequests { id } } }"
    assert here.ask(here.outsider, document, id=incident)["incident"]["deploymentRequests"] == [{"id": shown}]
    both = here.ask(here.reviewer, document, id=incident)["incident"]["deploymentRequests"]
    assert both == [{"id": hidden}, {"id": shown}]


def test_a_referral_lets_another_authority_see(register: ApiClient) -> None:
    here = scenario(register)
    incident = here.attributed()["id"]
    document = (
        "query ($id: ID!, $at: Position) { incident(id: $id, atLeast: $at) { history { edges { node { type } } } } }"
    )
    assert here.ask(here.outsider, document, id=incident)["incident"] is None
    here.on_incident(here.reviewer, "referIncident", incident, authority=f"{here.name}-other")
    events = here.ask(here.outsider, document, id=incident)["incident"]["history"]["edges"]
    assert [event["node"]["type"] for event in events] == ["IncidentReported", "IncidentAttributed", "IncidentReferred"]


def test_red_is_for_its_author_and_the_named_alone(register: ApiClient) -> None:
    here = scenario(register)
    named = here.of("other", "nina")
    request = here.request(marking="RED", recipients=[named.subject])["id"]
    document = "query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { id } }"
    seen = {
        who.subject: here.ask(who, document, id=request)["deploymentRequest"] is not None
        for who in (here.requester, named, here.reviewer, here.auditor, here.of("asker", "ruth"))
    }
    assert seen == {
        here.requester.subject: True,
        named.subject: True,
        here.reviewer.subject: False,
        here.auditor.subject: False,
        f"{here.name}-ruth": False,
    }


def test_errors_of_views_are_for_administrators(register: ApiClient) -> None:
    from tests.service.graphql.scenario import ADMINISTRATOR

    document = "{ projections { name position lag lagSeconds state parked lastError rebuild { processed } } }"
    here = scenario(register)
    for who in (here.outsider, ADMINISTRATOR):
        statuses = here.ask(who, f'query ($at: Position) {document[:-1]} incident(id: "x", atLeast: $at) {{ id }} }}')
        names = {status["name"] for status in statuses["projections"]}
        assert names == {view.name for view in VIEWS}
        assert {status["state"] for status in statuses["projections"]} == {"RUNNING"}
        assert {status["lastError"] for status in statuses["projections"]} == {None}
