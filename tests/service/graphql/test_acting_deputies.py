"""Commands on behalf of a principal over the API: who is shown, what a refusal names, and what a key stands for."""

from typing import Any

import pytest

from domain.vocabulary import Role
from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario
from tests.waiting import until

HISTORY = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
    endorsements { by { subject onBehalfOf { subject authority roles name onBehalfOf { subject } } } }
    decision { decidedBy { subject onBehalfOf { subject } } }
    history(first: 20) { edges { node { type actor { subject roles onBehalfOf { subject name } } } } } } }"""


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


@pytest.fixture(scope="module")
def deputy(here: Scenario) -> Person:
    """Of the reviewer and of the approver, by an administrator."""
    found = here.of("decider", "dora", Role.REVIEWER, Role.APPROVER)
    for principal in (here.reviewer, here.approver):
        appoint(here, principal, found)
    return found


def appoint(here: Scenario, principal: Person, deputy: Person) -> None:
    admin = here.of("decider", "chief", Role.ADMINISTRATOR)
    values = {
        "principal": principal.subject,
        "deputy": deputy.subject,
        "authority": deputy.authority,
        "roles": ["REVIEWER", "APPROVER"],
        "from": "2024-01-01T00:00:00Z",
        "until": "2090-01-01T00:00:00Z",
        "reason": "EXERCISE: on leave.",
    }
    answer = here.register.command(admin, "appointDeputy", "AppointDeputyInput", values)
    assert answer["__typename"] == "AuthorityRecorded", answer


def end(here: Scenario, principal: Person, deputy: Person) -> None:
    values = {"deputy": deputy.subject, "authority": deputy.authority, "reason": "EXERCISE: back."}
    assert here.register.command(principal, "endDeputy", "EndDeputyInput", values)["__typename"] == "AuthorityRecorded"


def under_review(here: Scenario, **values: Any) -> str:
    request: str = here.request(**values)["id"]
    here.on_request(here.of("decider", "else", Role.REVIEWER), "beginReview", request)
    return request


def endorse(here: Scenario, by: Person, request: str, **values: Any) -> Answer:
    return here.on_request(by, "endorseDeploymentRequest", request, recommendation="APPROVE", **values)


def test_the_record_names_the_deputy_and_the_principal(here: Scenario, deputy: Person) -> None:
    request = under_review(here)
    done = endorse(here, deputy, request, onBehalfOf=here.reviewer.subject)
    assert done["__typename"] == "DeploymentRequestRecorded", done
    approved = here.on_request(deputy, "approveDeploymentRequest", request, onBehalfOf=here.approver.subject)
    assert approved["__typename"] == "TransitionRefused", "the deputy endorsed it for another"
    assert (
        endorse(here, here.of("decider", "sven", Role.REVIEWER), request)["__typename"] == "DeploymentRequestRecorded"
    )
    refused = here.on_request(deputy, "approveDeploymentRequest", request, onBehalfOf=here.approver.subject)
    assert refused["__typename"] == "TransitionRefused"
    found = here.ask(here.approver, HISTORY, id=request)["deploymentRequest"]
    principal: dict[str, Any] = {
        "subject": here.reviewer.subject,
        "authority": deputy.authority,
        "roles": [],
        "name": here.reviewer.name,
        "onBehalfOf": None,
    }
    if principal["name"] != found["endorsements"][0]["by"]["onBehalfOf"]["name"]:
        principal["name"] = None  # they have not given a command yet
    assert found["endorsements"][0]["by"] == {"subject": deputy.subject, "onBehalfOf": principal}
    last = [edge["node"] for edge in found["history"]["edges"]][-2]
    assert last["actor"]["subject"] == deputy.subject
    assert last["actor"]["onBehalfOf"]["subject"] == here.reviewer.subject
    assert last["actor"]["roles"] == ["REVIEWER", "APPROVER"]
    asked = here.ask(here.requester, HISTORY, id=request)["deploymentRequest"]
    assert "dora" not in str(asked), "deliberations are internal"
    assert "rob" not in str(asked)


def test_a_decision_names_both(here: Scenario, deputy: Person) -> None:
    request = under_review(here)
    endorse(here, here.reviewer, request)
    done = here.on_request(deputy, "approveDeploymentRequest", request, onBehalfOf=here.approver.subject)
    assert done["__typename"] == "DeploymentRequestRecorded", done
    found = here.ask(here.requester, HISTORY, id=request)["deploymentRequest"]
    both = {"subject": deputy.subject, "onBehalfOf": {"subject": here.approver.subject}}
    assert found["decision"]["decidedBy"] == both


@pytest.mark.parametrize("named", ["", "nobody", "person:", "a\tb"])
def test_a_refusal_names_the_field(here: Scenario, deputy: Person, named: str) -> None:
    refused = endorse(here, deputy, under_review(here), onBehalfOf=named)
    assert refused["__typename"] == "InvalidInput"
    assert [each["path"] for each in refused["fields"]] == ["onBehalfOf"]


def test_an_explicit_null_is_as_if_it_were_left_out(here: Scenario, deputy: Person) -> None:
    request = under_review(here)
    assert endorse(here, deputy, request, onBehalfOf=None)["__typename"] == "DeploymentRequestRecorded"


def test_what_is_red_is_seen_by_recipients_alone(here: Scenario, deputy: Person) -> None:
    request = here.request(marking="RED", recipients=[here.reviewer.subject])["id"]
    refused = here.on_request(deputy, "beginReview", request, onBehalfOf=here.reviewer.subject)
    assert refused["__typename"] == "NotFound"


def test_a_key_stands_for_the_principal_too(here: Scenario) -> None:
    principal, dan = here.of("decider", "paul", Role.REVIEWER), here.of("decider", "dan", Role.REVIEWER)
    appoint(here, principal, dan)
    request, key = under_review(here), f"{here.name}-key"
    first = endorse(here, dan, request, onBehalfOf=principal.subject, idempotencyKey=key)
    assert first["__typename"] == "DeploymentRequestRecorded"
    conflict = endorse(here, dan, request, idempotencyKey=key)
    assert conflict["__typename"] == "IdempotencyConflict"
    end(here, principal, dan)
    again = endorse(here, dan, request, onBehalfOf=principal.subject, idempotencyKey=key)
    assert again == first, "it was carried out while dan was the deputy"
    refused = endorse(here, dan, under_review(here), onBehalfOf=principal.subject)
    assert refused["fields"][0]["path"] == "onBehalfOf"


TRAIL = """query ($filter: AuditFilter, $at: Position) { auditTrail(filter: $filter, first: 100, atLeast: $at) {
    edges { node { type actor { subject } subject { id } } } } }"""


def test_the_trail_finds_what_was_done_for_a_principal(here: Scenario) -> None:
    paula, dan = here.of("decider", "paula", Role.REVIEWER), here.of("decider", "dan", Role.REVIEWER)
    appoint(here, paula, dan)
    request = under_review(here)
    endorse(here, dan, request, onBehalfOf=paula.subject)
    endorse(here, dan, under_review(here))
    for named in (paula.subject, f"person:mandate|{paula.subject}"):
        found = here.ask(dan, TRAIL, filter={"onBehalfOf": named})["auditTrail"]["edges"]
        assert [each["node"] for each in found] == [
            {"type": "RequestEndorsed", "actor": {"subject": dan.subject}, "subject": {"id": request}}
        ]
    for who, named in ((dan, dan.subject), (dan, f"person:elsewhere|{paula.subject}"), (here.requester, paula.subject)):
        concealed = here.ask(who, TRAIL, filter={"onBehalfOf": named})["auditTrail"]["edges"]
        assert concealed == [], "who acts for whom is internal"
    [error] = here.register.errors(dan, TRAIL, filter={"onBehalfOf": "person:"})
    assert "filter.onBehalfOf" in error["message"]


INBOX = """query ($filter: InboxFilter, $at: Position, $after: String, $first: Int, $asOf: DateTime) {
    inbox(filter: $filter, atLeast: $at, after: $after, first: $first, asOf: $asOf) {
    totalCount pageInfo { endCursor hasNextPage }
    edges { node { id action forPrincipal { subject authority } subject { id } } } } }"""


def inbox(here: Scenario, who: Person, **variables: Any) -> Answer:
    found: Answer = here.ask(who, INBOX, **variables)["inbox"]
    return found


def items(page: Answer) -> list[tuple[str, str | None]]:
    nodes = (edge["node"] for edge in page["edges"])
    return [(each["action"], each["forPrincipal"] and each["forPrincipal"]["subject"]) for each in nodes]


def test_the_inbox_lists_what_waits_for_each_principal(register: ApiClient) -> None:
    here = scenario(register)
    dora = here.of("decider", "dora", Role.REVIEWER, Role.APPROVER)
    for principal in (here.reviewer, here.approver):
        appoint(here, principal, dora)
    request = here.request()["id"]
    begins = [("BEGIN_REVIEW", principal) for principal in (None, here.reviewer.subject, here.approver.subject)]
    page = inbox(here, dora)
    assert sorted(items(page), key=str) == sorted(begins, key=str)
    assert page["totalCount"] == 3
    assert len({edge["node"]["id"] for edge in page["edges"]}) == 3
    assert {edge["node"]["subject"]["id"] for edge in page["edges"]} == {request}
    assert items(inbox(here, here.reviewer)) == begins[:1]
    found, after = [], None
    while True:
        part = inbox(here, dora, first=1, after=after)
        found += items(part)
        after = part["pageInfo"]["endCursor"]
        if not part["pageInfo"]["hasNextPage"]:
            break
    assert found == items(page)
    for named, expected in (
        (here.reviewer.subject, begins[1:2]),
        (f"person:mandate|{here.approver.subject}", begins[2:]),
        (dora.subject, begins[:1]),
        ("nobody", []),
    ):
        chosen = inbox(here, dora, filter={"forPrincipal": named})
        assert (items(chosen), chosen["totalCount"]) == (expected, len(expected))
    [error] = register.errors(dora, INBOX, filter={"forPrincipal": "person:"})
    assert "filter.forPrincipal" in error["message"]
    here.on_request(dora, "beginReview", request, onBehalfOf=here.reviewer.subject)
    endorse(here, here.reviewer, request)
    assert set(items(inbox(here, dora))) == {
        *(("APPROVE", principal) for principal in (None, here.approver.subject)),
        *(("ENDORSE", principal) for principal in (None, here.approver.subject)),
    }, "the reviewer endorsed it, so their deputy does nothing more on their behalf"
    end(here, here.approver, dora)
    assert set(items(inbox(here, dora))) == {("APPROVE", None), ("ENDORSE", None)}


def test_nothing_waits_on_behalf_of_the_blocked(register: ApiClient) -> None:
    here = scenario(register)
    dora, paul = (here.of("decider", name, Role.REVIEWER) for name in ("dora", "paul"))
    appoint(here, paul, dora)
    here.request()
    assert len(items(inbox(here, dora))) == 2
    document = """mutation ($input: BlockPersonInput!) { blockPerson(input: $input) { __typename } }"""
    person = {"issuer": "mandate", "subject": paul.subject, "reason": "EXERCISE: a stolen token."}
    chief = here.of("decider", "chief", Role.ADMINISTRATOR)
    assert register.ask(chief, document, input=person)["blockPerson"]["__typename"] == "PersonRecorded"
    until(lambda: items(inbox(here, dora)) == [("BEGIN_REVIEW", None)])


ACTIONS = """query ($id: ID, $whom: String, $at: Position) {
    deploymentRequest(id: $id, atLeast: $at) { own: availableActions lent: availableActions(onBehalfOf: $whom) } }"""


def test_a_deputy_is_shown_what_they_may_do_on_behalf_of_a_principal(register: ApiClient) -> None:
    here = scenario(register)
    dora, requester = here.of("decider", "dora", Role.REVIEWER, Role.APPROVER), here.of("asker", "rolf", Role.REQUESTER)
    appoint(here, here.reviewer, dora)
    request = under_review(here)
    endorse(here, dora, request)

    def shown(whom: str) -> Answer:
        found: Answer = here.ask(dora, ACTIONS, id=request, whom=whom)["deploymentRequest"]
        return found

    found = shown(here.reviewer.subject)
    assert "APPROVE" not in {*found["own"], *found["lent"]}, "the deputy endorsed it"
    endorse(here, here.of("decider", "else", Role.REVIEWER), request)
    found = shown(f"person:mandate|{here.reviewer.subject}")
    assert "APPROVE" in found["own"]
    assert "APPROVE" not in found["lent"], "an endorsement of either bars both"
    refused = here.on_request(dora, "approveDeploymentRequest", request, onBehalfOf=here.reviewer.subject)
    assert refused["__typename"] == "TransitionRefused"
    assert refused["available"] == found["lent"]
    for who, whom, said in (
        (dora, here.approver.subject, "You are not the deputy of"),
        (dora, dora.subject, "Nobody acts on behalf of themselves"),
        (requester, here.reviewer.subject, "You are not the deputy of"),
        (dora, "person:", "Name a person of another issuer"),
    ):
        [error] = register.errors(who, ACTIONS, id=request, whom=whom, at=register.position)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["message"].startswith(f"onBehalfOf: {said}")


def test_the_inbox_lists_what_waits_on_incidents_for_a_principal(register: ApiClient) -> None:
    here = scenario(register)
    dora = here.of("decider", "dora", Role.INVESTIGATOR, Role.REVIEWER)
    admin = here.of("decider", "chief", Role.ADMINISTRATOR)
    values = {
        "principal": here.reviewer.subject, "deputy": dora.subject, "authority": dora.authority,
        "roles": ["INVESTIGATOR"], "from": "2024-01-01T00:00:00Z", "until": "2090-01-01T00:00:00Z",
        "reason": "EXERCISE: on leave.",
    }  # fmt: skip
    register.command(admin, "appointDeputy", "AppointDeputyInput", values)
    incident = here.incident()["id"]
    rolf = here.of("asker", "rolf", Role.REQUESTER)
    here.on_incident(rolf, "proposeCorrection", incident, kind="fire", reason="EXERCISE: it burnt.")
    page = inbox(here, dora, filter={"forPrincipal": here.reviewer.subject})
    assert items(page) == [("SETTLE_CORRECTION", here.reviewer.subject)]
    assert page["totalCount"] == 1
    assert set(items(inbox(here, dora))) == {("SETTLE_CORRECTION", None), ("SETTLE_CORRECTION", here.reviewer.subject)}
    corrections = """query ($id: ID, $at: Position) { incident(id: $id, atLeast: $at) { corrections { id } } }"""
    [correction] = here.ask(dora, corrections, id=incident)["incident"]["corrections"]
    done = here.on_incident(
        dora, "settleCorrection", incident, correction=correction["id"], accept=True, reason="EXERCISE: it did.",
        onBehalfOf=here.reviewer.subject,
    )  # fmt: skip
    assert done["__typename"] == "IncidentRecorded", done
    assert items(inbox(here, dora)) == []
