"""Deputies over the API: appointed, listed for their own authority, and told in the trail."""

from typing import Any

import pytest

from domain.vocabulary import Role
from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario

FROM, UNTIL = "2024-01-01T00:00:00.000000Z", "2090-01-01T00:00:00.000000Z"
APPOINT = """mutation ($input: AppointDeputyInput!) { appointDeputy(input: $input) { __typename
    ... on AuthorityRecorded { position authority { code } events { type reason payload subject { id } } }
    ... on InvalidInput { fields { path message } } ... on Refusal { message } } }"""
END = """mutation ($input: EndDeputyInput!) { endDeputy(input: $input) { __typename
    ... on AuthorityRecorded { position authority { code } events { type reason } }
    ... on InvalidInput { fields { path message } } ... on Refusal { message } } }"""
DEPUTIES = """query ($at: Position) { deputies(atLeast: $at) {
    deputy { subject authority roles name } principal { subject } authority { code name } roles from until reason } }"""
TRAIL = """query ($at: Position) {
    auditTrail(filter: {type: ["DeputyAppointed", "DeputyEnded"]}, atLeast: $at, first: 100, order: NEWEST_FIRST) {
    edges { node { type reason payload subject { ... on Authority { code } } actor { subject } } } } }"""


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def appointment(here: Scenario, deputy: Person, **other: Any) -> dict[str, Any]:
    return {
        "deputy": deputy.subject,
        "authority": deputy.authority,
        "roles": ["REVIEWER"],
        "from": FROM,
        "until": UNTIL,
        "reason": "EXERCISE: on leave.",
        **other,
    }


def listed(here: Scenario, who: Person, at: str) -> list[Answer]:
    found: list[Answer] = here.register.ask(who, DEPUTIES, at=at)["deputies"]
    return found


def test_a_deputy_is_appointed_listed_and_ended(here: Scenario) -> None:
    deputy = Person(f"{here.name}-deputy", here.reviewer.authority, (Role.REVIEWER,), name="Dora Deputy")
    done = here.register.ask(here.reviewer, APPOINT, input=appointment(here, deputy))["appointDeputy"]
    assert (done["__typename"], done["authority"]) == ("AuthorityRecorded", {"code": deputy.authority}), done
    [event] = done["events"]
    assert (event["type"], event["reason"]) == ("DeputyAppointed", "EXERCISE: on leave.")
    assert event["payload"]["principal"] == here.reviewer.subject
    [found] = listed(here, here.approver, done["position"])
    assert (found["deputy"]["subject"], found["deputy"]["roles"], found["principal"]) == (
        deputy.subject,
        [],
        {"subject": here.reviewer.subject},
    )
    assert (found["roles"], found["until"], found["reason"]) == (["REVIEWER"], UNTIL, "EXERCISE: on leave.")
    assert found["from"] > FROM, "not before it was recorded"
    for stranger in (here.requester, here.outsider):
        assert listed(here, stranger, done["position"]) == []
        types = here.register.ask(stranger, TRAIL, at=done["position"])["auditTrail"]["edges"]
        assert all(edge["node"]["payload"].get("principal") != here.reviewer.subject for edge in types)
    ended = {"deputy": deputy.subject, "authority": deputy.authority, "reason": "EXERCISE: back."}
    done = here.register.ask(here.reviewer, END, input=ended)["endDeputy"]
    assert [each["type"] for each in done["events"]] == ["DeputyEnded"]
    assert listed(here, here.approver, done["position"]) == []
    for who in (here.approver, here.auditor):
        trail = here.register.ask(who, TRAIL, at=done["position"])["auditTrail"]["edges"][:2]
        assert [edge["node"]["type"] for edge in trail] == ["DeputyEnded", "DeputyAppointed"]
        assert {edge["node"]["subject"]["code"] for edge in trail} == {deputy.authority}


def test_a_refusal_names_the_field(here: Scenario) -> None:
    own = appointment(here, here.reviewer)
    refused = here.register.ask(here.reviewer, APPOINT, input=own)["appointDeputy"]
    assert (refused["__typename"], refused["fields"][0]["path"]) == ("InvalidInput", "deputy")
    backwards = appointment(here, here.approver, **{"from": UNTIL, "until": FROM})
    refused = here.register.ask(here.reviewer, APPOINT, input=backwards)["appointDeputy"]
    assert [each["path"] for each in refused["fields"]] == ["until"]
    foreign = appointment(here, here.approver, authority=here.requester.authority)
    refused = here.register.ask(here.reviewer, APPOINT, input=foreign)["appointDeputy"]
    assert refused["__typename"] == "NotPermitted"


def test_a_deputy_of_another_issuer_is_named_by_what_is_shown(here: Scenario) -> None:
    issuer = "https://sso.example/a|b"
    named = {**appointment(here, here.reviewer), "deputy": "person:https://sso.example/a%7Cb|anna"}
    done = here.register.ask(here.reviewer, APPOINT, input=named)["appointDeputy"]
    assert done["__typename"] == "AuthorityRecorded", done
    query = """query ($at: Position) {
        deputies(atLeast: $at) { deputy { issuer subject } principal { issuer subject } } }"""
    [found] = here.register.ask(here.reviewer, query, at=done["position"])["deputies"]
    assert found["deputy"] == {"issuer": issuer, "subject": "anna"}
    assert found["principal"] == {"issuer": "mandate", "subject": here.reviewer.subject}
    shown = f"person:{found['deputy']['issuer'].replace('%', '%25').replace('|', '%7C')}|{found['deputy']['subject']}"
    ended = {"deputy": shown, "authority": here.reviewer.authority, "reason": "EXERCISE: back."}
    assert here.register.ask(here.reviewer, END, input=ended)["endDeputy"]["__typename"] == "AuthorityRecorded"


def test_the_issuer_is_hidden_with_the_person(here: Scenario) -> None:
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE")
    query = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
        history(first: 9) { edges { node { actor { issuer subject } changes { path after } } } } } }"""

    def told(who: Person) -> tuple[list[Any], list[Any]]:
        edges = here.ask(who, query, id=request)["deploymentRequest"]["history"]["edges"]
        endorsed = [each["after"] for each in edges[2]["node"]["changes"] if each["path"] == "endorsements.0"]
        return [edge["node"]["actor"] for edge in edges], [each["by"] for each in endorsed]

    requester, reviewer = ({"issuer": "mandate", "subject": each.subject} for each in (here.requester, here.reviewer))
    actors, [by] = told(here.reviewer)
    assert actors == [requester, reviewer, reviewer]
    assert (by["issuer"], by["subject"]) == ("mandate", here.reviewer.subject)
    hidden = {"issuer": "", "subject": "undisclosed"}
    assert told(here.requester) == ([requester, hidden, hidden], [])
