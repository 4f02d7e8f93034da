"""Lists: filters, orders, counts, and pages that neither miss nor double while others write."""

from itertools import product
from struct import pack
from typing import Any

import pytest

from projections.reading.page_cursors import encoded
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario

PAGE = """query ($filter: DeploymentRequestFilter, $order: DeploymentRequestOrder, $first: Int, $after: String,
    $at: Position) {
  deploymentRequests(filter: $filter, orderBy: $order, first: $first, after: $after, atLeast: $at) {
    totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { id reference } } } }"""


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    here = scenario(register)
    for number, name in enumerate(("alba", "bora", "cora", "dora", "elba", "fora", "gora")):
        here.request(force=f"Force {name}", purpose="EXERCISE: the Bridge" if number % 2 else "EXERCISE: a road")
    south = here.request(region=f"{here.name}/south")
    here.on_request(here.requester, "withdrawDeploymentRequest", south["id"])
    return here


def listed(here: Scenario, who: Person | None = None, **variables: Any) -> Any:
    variables["filter"] = {"region": [here.name], **variables.get("filter", {})}
    return here.ask(who or here.reviewer, PAGE, **variables)["deploymentRequests"]


def references(page: Any) -> list[str]:
    return [edge["node"]["reference"][-4:] for edge in page["edges"]]


@pytest.mark.parametrize(("by", "size"), [*product(("SUBMITTED_AT", "UPDATED_AT"), (1, 3, 8))])
def test_pages_in_every_order_are_the_list(here: Scenario, by: str, size: int) -> None:
    found: dict[str, list[str]] = {}
    for direction in ("ASC", "DESC"):
        page = listed(here, order=f"{by}_{direction}", first=size)
        assert page["pageInfo"]["hasPreviousPage"] is False
        found[direction] = references(page)
        while page["pageInfo"]["hasNextPage"]:
            assert page["pageInfo"]["endCursor"] == page["edges"][-1]["cursor"]
            page = listed(here, order=f"{by}_{direction}", first=size, after=page["pageInfo"]["endCursor"])
            assert page["pageInfo"]["hasPreviousPage"] is True
            assert page["totalCount"] == 8
            found[direction] += references(page)
    assert sorted(found["ASC"]) == [f"000{number}" for number in range(1, 9)]
    assert found["DESC"] == found["ASC"][::-1]


def test_the_last_submitted_comes_first_where_no_order_is_asked_for(here: Scenario) -> None:
    page = listed(here)
    assert references(page) == [f"000{number}" for number in range(8, 0, -1)]


def test_a_cursor_is_good_for_the_list_and_the_order_that_it_came_from(here: Scenario, register: ApiClient) -> None:
    cursor = listed(here, first=1, order="SUBMITTED_AT_DESC")["pageInfo"]["endCursor"]
    for order in ("SUBMITTED_AT_ASC", "UPDATED_AT_DESC", "UPDATED_AT_ASC"):
        [error] = register.errors(here.reviewer, PAGE, order=order, after=cursor)
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}
    for other in ("incidents", "auditTrail"):
        document = f"query ($after: String) {{ {other}(after: $after) {{ edges {{ cursor }} }} }}"
        [error] = register.errors(here.reviewer, document, after=cursor)
        assert error["extensions"]["argument"] == "after"
    for forged in (cursor[:-1], cursor + "A", cursor[1:], cursor.swapcase(), cursor + "="):
        [error] = register.errors(here.reviewer, PAGE, order="SUBMITTED_AT_DESC", after=forged)
        assert error["extensions"]["argument"] == "after"


def test_a_cursor_that_was_made_up_is_none(here: Scenario) -> None:
    made_up = encoded("requests/SUBMITTED_AT_DESC", pack(">q16s", 2**63 - 1, b"x" * 16))
    [error] = here.register.errors(here.reviewer, f'{{ deploymentRequests(after: "{made_up}") {{ totalCount }} }}')
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_an_answer_that_grows_beyond_measure_is_not_reported(register: ApiClient) -> None:
    """Each of some incidents is named by each of some requests: the lists are as long as nobody expects."""
    here = scenario(register)
    incidents = [here.incident()["id"] for _ in range(16)]
    request, *_ = [here.request(incidents=incidents) for _ in range(16)]
    asked = "id"
    for field in ("deploymentRequests", "incidents") * 2:
        asked = f"{field} {{ {asked} }}"
    document = f"query ($id: ID!, $at: Position) {{ deploymentRequest(id: $id, atLeast: $at) {{ {asked} }} }}"
    [error] = register.errors(here.reviewer, document, id=request["id"], at=register.position)
    assert error["message"].startswith("The answer costs more than 50,000 fields")
    assert error["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_cursor_of_one_history_is_none_of_another(here: Scenario) -> None:
    document = """query ($id: ID!, $after: String, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
        history(first: 1, after: $after) { pageInfo { endCursor hasNextPage } edges { node { type } } } } }"""
    one, other = (edge["node"]["id"] for edge in listed(here, first=2, order="SUBMITTED_AT_ASC")["edges"])
    here.on_request(here.reviewer, "beginReview", one)
    page = here.ask(here.reviewer, document, id=one)["deploymentRequest"]["history"]
    assert page["pageInfo"]["hasNextPage"] is True
    cursor = page["pageInfo"]["endCursor"]
    more = here.ask(here.reviewer, document, id=one, after=cursor)["deploymentRequest"]["history"]
    assert [edge["node"]["type"] for edge in more["edges"]] == ["ReviewBegun"]
    assert more["pageInfo"]["hasNextPage"] is False
    [error] = here.register.errors(here.reviewer, document, id=other, after=cursor)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "after"}


def test_pages_stay_while_others_write(register: ApiClient) -> None:
    here = scenario(register)
    for _ in range(5):
        here.request()
    page = listed(here, first=3)
    new = here.request(force="Later")["id"]
    rest = listed(here, first=100, after=page["pageInfo"]["endCursor"])
    ids = [edge["node"]["id"] for edge in (*page["edges"], *rest["edges"])]
    assert len(ids) == len(set(ids)) == 5 == rest["totalCount"] - 1
    assert new not in ids


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"status": ["SUBMITTED", "UNDER_REVIEW"]}, 7),
        ({"status": ["WITHDRAWN"]}, 1),
        ({"status": ["APPROVED", "DENIED"]}, 0),
        ({"text": "bridge"}, 3),
        ({"text": "BRIDGE exercise"}, 3),
        ({"text": "bridge force dora"}, 1),
        ({"text": "bridge road"}, 0),
        ({"text": "%"}, 0),
        ({"text": "_"}, 0),
        ({"text": "\\\\"}, 0),
        ({"text": " "}, 8),
        ({"submittedFrom": "2001-01-01T00:00:00Z", "submittedUntil": "9999-01-01T00:00:00Z"}, 8),
        ({"submittedUntil": "2001-01-01T00:00:00+02:00"}, 0),
    ],
)
def test_filters_narrow_lists_and_counts_alike(here: Scenario, wanted: dict[str, Any], count: int) -> None:
    page = listed(here, filter=wanted, first=100)
    assert len(page["edges"]) == page["totalCount"] == count


def test_filters_by_place_and_authority(here: Scenario) -> None:
    assert listed(here, filter={"region": [f"{here.name}/south"]})["totalCount"] == 1
    assert listed(here, filter={"region": [f"{here.name}/sou"]})["totalCount"] == 0
    assert listed(here, filter={"region": [f"{here.name}/south", f"{here.name}/north"]})["totalCount"] == 8
    assert listed(here, filter={"requestingAuthority": [f"{here.name}-asker", "nobody"]})["totalCount"] == 8
    assert listed(here, filter={"requestingAuthority": [f"{here.name}-other"]})["totalCount"] == 0
    assert listed(here, filter={"decidingAuthority": [f"{here.name}-decider"]})["totalCount"] == 8


def test_those_about_one_incident_are_listed(register: ApiClient) -> None:
    here = scenario(register)
    incident = here.incident()["id"]
    request = here.request(region=f"{here.name}/west", incidents=[incident])["id"]
    here.request(incidents=[here.incident()["id"]])
    found = listed(here, filter={"incident": incident})
    assert [edge["node"]["id"] for edge in found["edges"]] == [request]


def test_incidents_are_listed_the_latest_first(register: ApiClient) -> None:
    here = scenario(register)
    for day in (3, 1, 2):
        here.incident(kind=f"kind {day}", occurredAt=f"2024-11-0{day}T00:00:00Z")
    document = """query ($filter: IncidentFilter, $first: Int, $after: String, $at: Position) {
        incidents(filter: $filter, first: $first, after: $after, atLeast: $at) {
          totalCount pageInfo { hasNextPage endCursor } edges { node { kind } } } }"""

    def kinds(first: int = 20, after: str | None = None, **wanted: Any) -> Any:
        wanted = {"region": [here.name], **wanted}
        page = here.ask(here.reviewer, document, filter=wanted, first=first, after=after)["incidents"]
        return [edge["node"]["kind"][-1] for edge in page["edges"]], page

    assert kinds()[0] == ["3", "2", "1"]
    first, page = kinds(first=2)
    assert (first, page["totalCount"], page["pageInfo"]["hasNextPage"]) == (["3", "2"], 3, True)
    assert kinds(first=2, after=page["pageInfo"]["endCursor"])[0] == ["1"]
    assert kinds(kind=["kind 2", "kind 1"])[0] == ["2", "1"]
    assert kinds(occurredFrom="2024-11-02T00:00:00Z", occurredUntil="2024-11-03T00:00:00Z")[0] == ["2"]
    assert kinds(attributionStatus=["ATTRIBUTED", "INCONCLUSIVE"])[0] == []


def test_the_audit_trail_is_filtered_and_paged(register: ApiClient) -> None:
    here = scenario(register)
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "remarkOnDeploymentRequest", request)
    document = """query ($filter: AuditFilter, $first: Int, $after: String, $at: Position) {
        auditTrail(filter: $filter, first: $first, after: $after, atLeast: $at) {
          pageInfo { hasNextPage endCursor } edges { node { type recordedAt correlationId } } } }"""

    def events(first: int = 20, after: str | None = None, **wanted: Any) -> Any:
        return here.ask(here.reviewer, document, filter=wanted, first=first, after=after)["auditTrail"]

    def types(**wanted: Any) -> list[str]:
        return [edge["node"]["type"] for edge in events(**wanted)["edges"]]

    story = ["RequestSubmitted", "ReviewBegun", "RequestRemarked"]
    assert types(subject=request) == story
    assert types(actor=here.reviewer.subject) == story[1:]
    assert types(authority=here.requester.authority) == story[:1]
    assert types(subject=request, type=["ReviewBegun", "RequestRemarked"]) == story[1:]
    began = events(subject=request)["edges"][1]["node"]
    assert types(correlationId=began["correlationId"]) == ["ReviewBegun"]
    assert types(subject=request, recordedFrom=began["recordedAt"]) == story[1:]
    assert types(subject=request, recordedUntil=began["recordedAt"]) == story[:1]
    page = events(subject=request, first=2)
    assert page["pageInfo"]["hasNextPage"] is True
    rest = events(subject=request, first=2, after=page["pageInfo"]["endCursor"])
    assert [edge["node"]["type"] for edge in rest["edges"]] == story[2:]


def test_the_situation_of_regions_that_were_asked_for(register: ApiClient) -> None:
    here = scenario(register)
    here.incident()
    here.request()
    here.on_request(here.reviewer, "beginReview", here.request(region=f"{here.name}/south")["id"])
    document = """query ($regions: [String!], $at: Position) { situation(regions: $regions, atLeast: $at) {
        region openIncidents requestsByStatus { status count } } }"""
    empty = f"{here.name}/empty"
    answer = here.ask(here.reviewer, document, regions=[empty, here.name, here.name])["situation"]
    assert answer == [
        {"region": empty, "openIncidents": 0, "requestsByStatus": []},
        {
            "region": here.name,
            "openIncidents": 1,
            "requestsByStatus": [{"status": "SUBMITTED", "count": 1}, {"status": "UNDER_REVIEW", "count": 1}],
        },
    ]
    assert here.ask(here.reviewer, document, regions=[])["situation"] == []


def test_authorities_are_there_for_everybody(register: ApiClient) -> None:
    here = scenario(register)
    document = """query ($code: String!, $at: Position, $offset: Int!) {
        authorities(atLeast: $at, offset: $offset) { code }
        authority(code: $code, atLeast: $at) {
          id code name mandates { region legalBasis endorsementsRequired validUntil } } }"""
    codes: list[str] = []
    while True:
        answer = here.ask(here.of("nowhere", "nora"), document, code=f"{here.name}-decider", offset=len(codes))
        if not answer["authorities"]:
            break
        codes += [authority["code"] for authority in answer["authorities"]]
    assert answer["authority"]["mandates"] == [
        {"region": here.name, "legalBasis": "EXERCISE agreement", "endorsementsRequired": 1, "validUntil": None}
    ]
    assert codes == sorted(codes)
    assert f"{here.name}-asker" in codes
    found = "query ($id: ID!) { node(id: $id) { __typename id } }"
    node = here.register.ask(here.requester, found, id=answer["authority"]["id"])
    assert node == {"node": {"__typename": "Authority", "id": answer["authority"]["id"]}}


def test_a_request_as_it_was_at_a_version(here: Scenario) -> None:
    request = here.request()["id"]
    here.on_request(here.requester, "amendDeploymentRequest", request, strength=9)
    here.on_request(here.reviewer, "beginReview", request)
    document = """query ($id: ID!, $version: Int, $at: Position) {
        deploymentRequest(id: $id, version: $version, atLeast: $at) { version status strength availableActions } }"""
    found = [
        here.ask(here.reviewer, document, id=request, version=version)["deploymentRequest"] for version in range(5)
    ]
    assert found[0] is found[4] is None
    assert [(each["version"], each["status"], each["strength"]) for each in found[1:4]] == [
        (1, "SUBMITTED", 60), (2, "SUBMITTED", 9), (3, "UNDER_REVIEW", 9),
    ]  # fmt: skip
    assert {tuple(each["availableActions"]) for each in found[1:4]} == {
        ("WITHHOLD", "ENDORSE", "RECUSE", "ASSIGN", "REMARK", "CHANGE_MARKING")
    }
