"""The inbox of a person: what waits, in pages, filtered and counted, now and as of then; subjects that they may see."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from projections.reading.reader import Reader, ViewBehind
from projections.views.authorities import standing_of
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.node_lookup import REQUEST, find_shown
from service.graphql.schema.node_types import as_node
from service.graphql.schema.pagination import Node
from service.processes.composition import reading_connections
from service.settings import Settings
from tests.service.graphql.access_entries import found
from tests.service.graphql.api_client import Answer, ApiClient, Person
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario

INBOX = """query ($filter: InboxFilter, $first: Int, $after: String, $asOf: DateTime, $at: Position) {
  inbox(filter: $filter, first: $first, after: $after, asOf: $asOf, atLeast: $at) {
    totalCount pageInfo { hasNextPage endCursor }
    edges { node { id action why since due overdue assignedTo { subject }
      subject { id ... on DeploymentRequest { reference status availableActions } } } } } }"""
PERIODS = [f"20{year}-01-10T06:00:00Z" for year in (36, 33, 35, 34)]


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    made = scenario(register)
    for start in PERIODS:
        made.request(period={"start": start, "end": "2039-01-01T00:00:00Z"})
    return made


def inbox(here: Scenario, who: Person, **variables: Any) -> Answer:
    variables["filter"] = {"region": [here.name], **variables.get("filter", {})}
    found: Answer = here.ask(who, INBOX, **variables)["inbox"]
    return found


def nodes(page: Answer) -> list[Answer]:
    return [edge["node"] for edge in page["edges"]]


def test_requests_wait_in_the_order_of_their_due_dates(here: Scenario) -> None:
    page = inbox(here, here.reviewer)
    assert page["totalCount"] == 4
    assert [node["due"] for node in nodes(page)] == sorted(start.replace("Z", ".000000Z") for start in PERIODS)
    for node in nodes(page):
        assert (node["action"], node["overdue"]) == ("BEGIN_REVIEW", False)
        assert node["action"] in node["subject"]["availableActions"]
        assert node["why"] == f"{here.name}-asker submitted it, and its review has not begun."
    for nobody in (here.requester, here.approver, here.outsider, here.auditor):
        assert inbox(here, nobody) == {
            "totalCount": 0,
            "pageInfo": {"hasNextPage": False, "endCursor": None},
            "edges": [],
        }


def test_a_request_that_is_hidden_after_its_row_was_read_is_to_be_asked_for_again(here: Scenario) -> None:
    """As when its marking is raised between two statements of one answer."""
    hidden = UUID(here.request(marking="RED", recipients=["somebody"])["id"])
    outsider = Actor(issuer="urn:x", subject=Subject("olaf"), authority=AuthorityCode("nowhere"), roles=())

    async def found() -> Node:
        connections = reading_connections(Settings(), here.register.urls.api)
        try:
            loaders = Loaders(Reader(connections, standing_of), as_node, outsider, datetime.now(UTC))
            return await find_shown(REQUEST, hidden, loaders)
        finally:
            await connections.close()

    with pytest.raises(ViewBehind, match="what the viewer may see has changed meanwhile"):
        asyncio.run(found())


def test_pages_are_full_and_their_cursors_belong_to_the_inbox(here: Scenario) -> None:
    first = inbox(here, here.reviewer, first=3)
    rest = inbox(here, here.reviewer, first=3, after=first["pageInfo"]["endCursor"])
    assert (len(nodes(first)), len(nodes(rest))) == (3, 1)
    assert nodes(first) + nodes(rest) == nodes(inbox(here, here.reviewer))
    [error] = here.register.errors(here.reviewer, INBOX, after="bm90aGluZw")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_filters_restrict_list_and_count(here: Scenario) -> None:
    due = inbox(here, here.reviewer, filter={"dueUntil": PERIODS[2]})
    assert (due["totalCount"], len(nodes(due))) == (2, 2)
    for nothing in ({"overdue": True}, {"action": ["ENDORSE"]}, {"region": [f"{here.name}/elsewhere"]}):
        assert inbox(here, here.reviewer, filter=nothing)["totalCount"] == 0
    [error] = here.register.errors(here.reviewer, INBOX, filter={"action": ["AMEND"]})
    assert "The inbox has no action 'AMEND'" in error["message"]


def test_what_is_done_leaves_the_inbox_and_waits_for_the_next(register: ApiClient) -> None:
    here = scenario(register)
    both = here.of("decider", "bo", Role.REVIEWER, Role.APPROVER)
    request = here.request(fields="updatedAt version")
    here.on_request(here.reviewer, "beginReview", request["id"])
    [endorse] = nodes(inbox(here, here.reviewer))
    assert (endorse["action"], endorse["subject"]["status"]) == ("ENDORSE", "UNDER_REVIEW")
    here.on_request(here.reviewer, "endorseDeploymentRequest", request["id"], recommendation="APPROVE")
    assert nodes(inbox(here, here.reviewer)) == []
    assert [node["action"] for node in nodes(inbox(here, here.approver))] == ["APPROVE"]
    assert {node["action"] for node in nodes(inbox(here, both))} == {"APPROVE", "ENDORSE"}
    [then] = nodes(inbox(here, here.reviewer, asOf=request["updatedAt"]))
    assert (then["action"], then["subject"]["status"]) == ("BEGIN_REVIEW", "SUBMITTED")


def test_a_mandate_that_ends_ends_what_it_covers(register: ApiClient) -> None:
    here = scenario(register)
    request = here.request()
    here.on_request(here.reviewer, "beginReview", request["id"])
    here.on_request(here.reviewer, "endorseDeploymentRequest", request["id"], recommendation="APPROVE")
    assert [node["action"] for node in nodes(inbox(here, here.approver))] == ["APPROVE"]
    ended = {"authority": f"{here.name}-decider", "region": here.name, "reason": "EXERCISE"}
    register.command(ADMINISTRATOR, "endMandate", "EndMandateInput", ended)
    assert inbox(here, here.approver)["totalCount"] == 0


def test_a_request_for_named_persons_waits_for_those_alone(register: ApiClient) -> None:
    here = scenario(register)
    here.request(marking="RED", recipients=[here.reviewer.subject])
    other = here.of("decider", "eve", Role.REVIEWER)
    assert (inbox(here, here.reviewer)["totalCount"], inbox(here, other)["totalCount"]) == (1, 0)


def test_an_assignment_is_shown_to_the_deciding_authority_and_filtered_by(register: ApiClient) -> None:
    here = scenario(register)
    request, other = here.request()["id"], here.request()["id"]
    assigned = "assignedTo { subject authority roles }"
    answer = here.on_request(here.approver, "assignDeploymentRequest", request, assigned, subject=here.reviewer.subject)
    expected = {"subject": here.reviewer.subject, "authority": f"{here.name}-decider", "roles": []}
    assert answer["assignedTo"] == expected
    [mine] = nodes(inbox(here, here.reviewer, filter={"assignedToMe": True}))
    [others] = nodes(inbox(here, here.reviewer, filter={"assignedToMe": False}))
    assert (mine["subject"]["id"], others["subject"]["id"]) == (request, other)
    assert (mine["assignedTo"], others["assignedTo"]) == ({"subject": here.reviewer.subject}, None)
    colleague = here.of("decider", "eve", Role.REVIEWER)
    assert inbox(here, colleague, filter={"assignedToMe": True})["totalCount"] == 0
    assert inbox(here, colleague)["totalCount"] == 2
    shown = "query ($id: ID, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { assignedTo { subject } } }"
    for who, subject in ((here.reviewer, {"subject": here.reviewer.subject}), (here.requester, None)):
        assert here.ask(who, shown, id=request)["deploymentRequest"]["assignedTo"] == subject


def test_reads_of_sensitive_items_are_recorded(register: ApiClient) -> None:
    here = scenario(register)
    request = here.request(marking="AMBER_STRICT")["id"]
    bare = "query ($at: Position) { inbox(atLeast: $at) { edges { node { action why } } } }"
    assert nodes(here.ask(here.reviewer, bare)["inbox"])
    [entry] = found(here, request, here.reviewer, "query")
    assert (entry.marking, entry.subjects) == ("AMBER_STRICT", (request,))
    assert found(here, request, here.approver) == []


def test_reads_of_past_items_are_recorded_by_the_marking_in_force(register: ApiClient) -> None:
    here = scenario(register)
    request = here.request(fields="updatedAt")
    here.mark(here.reviewer, request["id"], "AMBER_STRICT")
    here.ask(here.outsider, "query ($at: Position) { auditTrail(atLeast: $at) { edges { cursor } } }")
    bare = "query ($at: Position, $then: DateTime) { inbox(atLeast: $at, asOf: $then) { edges { node { why } } } }"
    assert nodes(here.ask(here.reviewer, bare, then=request["updatedAt"])["inbox"])
    [entry] = found(here, request["id"], here.reviewer, "query")
    assert entry.marking == "AMBER_STRICT"


def test_a_request_is_due_when_the_mandate_says_that_it_is_answered(register: ApiClient) -> None:
    here = scenario(register)
    nearer = {"authority": f"{here.name}-decider", "region": f"{here.name}/near", "legalBasis": "l"}
    granted = register.command(
        ADMINISTRATOR,
        "grantMandate",
        "GrantMandateInput",
        {**nearer, "answerWithinDays": 3},
        "mandates { region answerWithinDays }",
    )
    found = {each["region"]: each["answerWithinDays"] for each in granted["mandates"]}
    assert found == {here.name: None, nearer["region"]: 3}
    assert here.request(fields="answerBy")["answerBy"] is None
    request = here.request(fields="id submittedAt answerBy", region=nearer["region"])
    begun, due = (datetime.fromisoformat(request[name]) for name in ("submittedAt", "answerBy"))
    assert due == begun + timedelta(days=3)
    items = {node["subject"]["id"]: node["due"] for node in nodes(inbox(here, here.reviewer))}
    assert items[request["id"]] == request["answerBy"]


OF_INCIDENTS = """query ($filter: InboxFilter, $at: Position) { inbox(filter: $filter, atLeast: $at) { totalCount
  edges { node { action why due overdue assignedTo { subject }
    subject { __typename id ... on Incident { reference } } } } } }"""


def test_what_waits_on_incidents_is_listed_with_them(register: ApiClient) -> None:
    here = scenario(register)
    colleague = here.of("asker", "rico", Role.REQUESTER)
    investigator = here.of("decider", "ida", Role.INVESTIGATOR)
    incident = here.incident()
    here.on_incident(colleague, "proposeCorrection", incident["id"], kind="fire")
    here.mark(here.requester, incident["id"], "CLEAR", of="Incident")
    request = here.request(incidents=[incident["id"]])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    due = "2034-12-01T00:00:00.000000Z"
    here.on_request(here.reviewer, "withholdDeploymentRequest", request, awaiting=[incident["id"]], reviewBy=due)

    def waiting(who: Person, **wanted: Any) -> list[tuple[str, Any]]:
        page = here.ask(who, OF_INCIDENTS, filter={"region": [here.name], **wanted})["inbox"]
        for node in nodes(page):
            subject = {"__typename": "Incident", "id": incident["id"], "reference": incident["reference"]}
            assert (node["subject"], node["assignedTo"], node["overdue"]) == (subject, None, False)
        assert page["totalCount"] == len(nodes(page))
        return [(node["action"], node["due"]) for node in nodes(page)]

    assert waiting(investigator) == [("ATTRIBUTE", due), ("SETTLE_CORRECTION", None)]
    assert waiting(here.requester) == [("SETTLE_CORRECTION", None)]
    assert waiting(here.approver) == [("CHANGE_MARKING", None)]
    assert waiting(investigator, action=["ATTRIBUTE"]) == [("ATTRIBUTE", due)]
    assert waiting(investigator, dueUntil="2034-12-02T00:00:00Z") == [("ATTRIBUTE", due)]
    assert waiting(investigator, assignedToMe=True) == waiting(investigator, overdue=True) == []
    assert waiting(colleague) == waiting(here.outsider) == []
    here.on_incident(here.reviewer, "attributeIncident", incident["id"])
    assert waiting(investigator) == [("SETTLE_CORRECTION", None)]
