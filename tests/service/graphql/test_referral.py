"""A referral before attribution over the API: what it shows to whom, its cause, and what it rests on."""

from typing import Any

import psycopg
import pytest

from domain.vocabulary import Role
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario

EVENTS = """query ($id: ID, $at: Position) { incident(id: $id, atLeast: $at) {
    attributionStatus referredTo { code }
    history(first: 20) { edges { node { position type reason causationId payload } } } } }"""
ANSWERS = """query ($id: ID, $at: Position) { incident(id: $id, atLeast: $at) {
    referrals { authority { code } reason toBeAsked answer referredBy { subject } answeredBy { subject } }
    history(last: 1) { edges { node { type payload changes { path before after } } } } } }"""
INBOX = """query ($at: Position) { inbox(atLeast: $at, filter: { action: ["ANSWER_REFERRAL"] }) {
    totalCount edges { node { action why due subject { id } } } } }"""
HOLD = """query ($id: ID, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
    history(first: 20) { edges { node { position type } } } } }"""


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def withheld(here: Scenario, incident: str, **values: Any) -> str:
    request: str = here.request(incidents=[incident], **values)["id"]
    here.on_request(here.reviewer, "beginReview", request)
    done = here.on_request(here.reviewer, "withholdDeploymentRequest", request, awaiting=[incident])
    assert done["status"] == "WITHHELD_PENDING_ATTRIBUTION", done
    return request


def theirs(here: Scenario) -> Person:
    return here.of("other", "olga", Role.INVESTIGATOR)


def test_the_receiver_sees_the_incident_but_not_the_request(here: Scenario) -> None:
    incident = here.incident(marking="AMBER")["id"]
    request = withheld(here, incident, marking="AMBER")
    refused = here.on_incident(here.reviewer, "referIncident", incident, authority=f"{here.name}-other")
    assert refused["__typename"] == "TransitionRefused", refused
    assert "name the request in deploymentRequest" in refused["message"]
    assert here.ask(theirs(here), EVENTS, id=incident)["incident"] is None
    values = {"authority": f"{here.name}-other", "deploymentRequest": request}
    done = here.on_incident(here.reviewer, "referIncident", incident, **values)
    assert done["__typename"] == "IncidentRecorded", done
    found = here.ask(theirs(here), EVENTS, id=incident)["incident"]
    assert (found["attributionStatus"], found["referredTo"]) == ("OPEN", [{"code": f"{here.name}-other"}])
    assert request not in str(found)
    assert here.ask(theirs(here), HOLD, id=request)["deploymentRequest"] is None
    [begun] = [
        edge["node"]["position"]
        for edge in here.ask(here.reviewer, HOLD, id=request)["deploymentRequest"]["history"]["edges"]
        if edge["node"]["type"] == "RequestWithheld"
    ]
    last = found["history"]["edges"][-1]["node"]
    assert (last["type"], last["causationId"]) == ("IncidentReferred", begun)
    recorded = here.on_incident(theirs(here), "recordEvidence", incident)
    assert recorded["__typename"] == "IncidentRecorded", recorded
    refused = here.on_incident(theirs(here), "attributeIncident", incident)
    assert refused["__typename"] == "NotPermitted"


def test_a_request_that_is_not_seen_is_refused_like_none(here: Scenario) -> None:
    incident = here.incident(marking="AMBER")["id"]
    investigator = here.of("decider", "ines", Role.INVESTIGATOR)
    hidden = withheld(here, incident, marking="RED", recipients=[here.reviewer.subject])
    answers = []
    for named in (hidden, incident, here.request()["id"], "nothing"):
        values = {"authority": f"{here.name}-other", "deploymentRequest": named}
        refused = here.on_incident(investigator, "referIncident", incident, **values)
        assert [each["path"] for each in refused["fields"]] == ["deploymentRequest"]
        answers.append(refused["fields"][0]["message"].replace(named, ""))
    assert len(set(answers)) == 1, answers
    values = {"authority": f"{here.name}-other", "deploymentRequest": hidden}
    assert here.on_incident(here.reviewer, "referIncident", incident, **values)["__typename"] == "IncidentRecorded"


def test_the_version_of_the_request_is_checked_in_the_append(here: Scenario) -> None:
    incident = here.incident()["id"]
    request = withheld(here, incident)
    values = {"authority": f"{here.name}-other", "deploymentRequest": request}
    here.on_incident(here.reviewer, "referIncident", incident, **values)
    with psycopg.connect(here.register.urls.owner) as connection:
        found = connection.execute(
            "SELECT state FROM event_store.events WHERE originator_id = %s ORDER BY originator_version DESC",
            [incident],
        ).fetchone()
    assert found is not None
    assert request in bytes(found[0]).decode()


def test_the_referral_waits_in_the_inbox_of_the_receiver_until_it_is_answered(here: Scenario) -> None:
    incident = here.incident(marking="AMBER")["id"]
    values = {"authority": f"{here.name}-other", "deploymentRequest": withheld(here, incident, marking="AMBER")}
    here.on_incident(here.reviewer, "referIncident", incident, **values)

    def items(who: Person) -> list[Any]:
        found = here.ask(who, INBOX)["inbox"]
        assert found["totalCount"] == len(found["edges"])
        return [edge["node"] for edge in found["edges"] if edge["node"]["subject"]["id"] == incident]

    asks = f"{here.name}-decider asks {here.name}-other, before there is a finding"
    why = f"{asks}: record evidence, or answer that there is none."
    expected = {"action": "ANSWER_REFERRAL", "why": why, "due": None, "subject": {"id": incident}}
    assert items(theirs(here)) == [expected]
    for nobody in (here.of("other", "abe", Role.APPROVER), here.reviewer, here.requester):
        assert items(nobody) == []
    refused = here.on_incident(here.reviewer, "answerReferral", incident)
    assert refused["__typename"] == "NotPermitted", refused
    done = here.on_incident(theirs(here), "answerReferral", incident, answer="EXERCISE: we know nothing.")
    assert done["__typename"] == "IncidentRecorded", done
    assert items(theirs(here)) == []
    found = here.ask(here.reviewer, ANSWERS, id=incident)["incident"]
    answer = {"answer": "EXERCISE: we know nothing.", "answeredBy": {"subject": theirs(here).subject}}
    referral = {"authority": {"code": f"{here.name}-other"}, "reason": "EXERCISE: act on it.", "toBeAsked": True}
    assert found["referrals"] == [referral | answer | {"referredBy": {"subject": here.reviewer.subject}}]
    [last] = [edge["node"] for edge in found["history"]["edges"]]
    assert (last["type"], last["payload"]) == ("ReferralAnswered", {"answer": "EXERCISE: we know nothing."})
    assert {each["path"] for each in last["changes"]} == {
        f"referrals.0.{name}" for name in ("answer", "answeredAt", "answeredBy")
    }
    assert here.ask(here.of("court", "una"), ANSWERS, id=incident)["incident"] is not None
    assert here.ask(here.of("nobody", "nick"), ANSWERS, id=incident)["incident"] is None
