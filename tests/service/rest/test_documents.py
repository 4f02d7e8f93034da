"""Trusted documents under paths: the same answers as over GraphQL, as the bearer."""

from typing import Any

import pytest
from graphql import FieldNode, GraphQLObjectType, TypeInfo, TypeInfoVisitor, Visitor, parse, visit

from service.graphql.execution.trusted_documents import read_documents
from service.graphql.root import schema
from service.rest.paths import PATHS
from tests.service.graphql.api_client import Person
from tests.service.rest.world import World, problem

READ = {
    "Alternative", "Attribution", "Authority", "Condition", "Decision", "DeploymentRequest", "Dissent", "Endorsement",
    "Evidence", "Extension", "Hearing", "Hold", "Incident", "InboxItem", "Mandate", "RecordedEvent", "Region",
}  # fmt: skip
"""Types whose fields are all in some document."""


def over_graphql(told: World, who: Person, document: str, **variables: Any) -> Any:
    body = {"documentId": document, "variables": {"atLeast": told.register.position, **variables}}
    answer = told.register.client.post("/graphql", json=body, headers=told.register.headers(who)).json()
    assert "errors" not in answer, answer
    [content] = answer["data"].values()
    return content


@pytest.mark.parametrize(
    ("path", "document"),
    [
        ("/requests/{}", "deployment-request"),
        ("/requests/{}/history", "deployment-request-history"),
        ("/requests/{}/explanation", "deployment-request-explanation"),
    ],
)
def test_a_request_is_read_by_reference_and_by_id_as_over_graphql(told: World, path: str, document: str) -> None:
    reviewer = told.scene.reviewer
    expected = over_graphql(told, reviewer, document, reference=told.decided)
    assert expected["reference"] == told.decided
    for name in (told.decided, told.decided_id):
        assert told.get(reviewer, path.format(name)).json() == expected


def test_a_request_is_read_as_of_an_instant(told: World) -> None:
    reviewer = told.scene.reviewer
    now = told.get(reviewer, f"/requests/{told.decided}").json()
    then = told.get(reviewer, f"/requests/{told.decided}", asOf=told.before).json()
    assert (now["status"], then["status"]) == ("APPROVED", "SUBMITTED")
    explained = told.get(reviewer, f"/requests/{told.decided}/explanation", asOf=told.before).json()
    assert explained["explanation"]["status"] == "SUBMITTED"


def test_versions_are_compared(told: World) -> None:
    changed = told.get(told.scene.reviewer, f"/requests/{told.decided}/changes", fromVersion=1).json()
    assert "status" in {each["path"] for each in changed["changes"]}


def test_lists_take_filters_and_pages_as_parameters(told: World) -> None:
    reviewer = told.scene.reviewer
    where: dict[str, Any] = {"status": ["APPROVED", "DENIED"], "region": told.scene.region}
    filtered = over_graphql(told, reviewer, "deployment-requests", filter={**where, "region": [told.scene.region]})
    assert [edge["node"]["reference"] for edge in filtered["edges"]] == [told.decided]
    assert told.get(reviewer, "/requests", **where).json() == filtered
    page = told.get(reviewer, "/trail", first=2).json()
    rest = told.get(reviewer, "/trail", after=page["pageInfo"]["endCursor"]).json()
    positions = [int(edge["node"]["position"]) for edge in (*page["edges"], *rest["edges"])]
    assert len(page["edges"]) == 2
    assert positions == sorted(set(positions))
    newest = told.get(reviewer, "/trail", order="NEWEST_FIRST", first=2).json()
    assert [int(edge["node"]["position"]) for edge in newest["edges"]] == positions[:-3:-1]
    assert told.get(reviewer, "/incidents", kind="explosion", first=1).json()["totalCount"] == 1


def test_incidents_and_the_other_documents_are_read(told: World) -> None:
    reviewer = told.scene.reviewer
    assert told.get(reviewer, f"/incidents/{told.incident}").json()["reference"] == told.incident
    history = told.get(reviewer, f"/incidents/{told.incident}/history", first=1).json()["history"]
    assert history["edges"][0]["node"]["type"] == "IncidentReported"
    assert told.get(reviewer, "/viewer").json()["subject"] == reviewer.subject
    assert {each["name"] for each in told.get(reviewer, "/projections").json()} >= {"deployment_requests"}
    assert told.get(reviewer, "/situation", regions=told.scene.region).json()[0]["region"] == told.scene.region
    assert told.get(reviewer, "/authorities", first=1).json()[0]["code"]


SENT = {"webhook-message", "webhook-reminder", "mail-message", "mail-reminder"}
"""Documents that are only sent."""


def test_every_document_that_queries_has_a_path() -> None:
    queries = {name for name, text in read_documents().items() if "\nquery " in text}
    assert {each.document for each in PATHS} == queries - SENT


def test_what_the_bearer_may_not_see_is_not_found(told: World) -> None:
    assert told.get(told.scene.requester, f"/requests/{told.secret}").json()["reference"] == told.secret
    for who in (told.scene.reviewer, told.scene.auditor):
        for path in ("", "/history", "/explanation"):
            unseen = problem(told.get(who, f"/requests/{told.secret}{path}"), 404)
            unknown = problem(told.get(who, f"/requests/nowhere-2024-0001{path}"), 404)
            assert unseen == unknown
    listed = told.get(told.scene.auditor, "/requests", region=told.scene.region).json()
    assert [edge["node"]["reference"] for edge in listed["edges"]] == [told.decided]


@pytest.mark.parametrize(
    ("path", "parameters", "name"),
    [
        ("/requests/{}", {"asOf": "yesterday"}, "asOf"),
        ("/requests/{}", {"version": "one"}, "version"),
        ("/requests/{}", {"colour": "red"}, "colour"),
        ("/requests/{}", {"id": "x"}, "id"),
        ("/requests/{}/changes", {}, "fromVersion"),
        ("/requests", {"first": "1000"}, "first"),
        ("/requests", {"first": ["1", "2"]}, "first"),
        ("/requests", {"status": ["APPROVED", "PERHAPS"]}, "status"),
        ("/requests", {"overdue": "maybe"}, "overdue"),
        ("/requests", {"after": "x"}, "after"),
        ("/trail", {"recordedFrom": "2024"}, "recordedFrom"),
        ("/trail", {"subject": "kfor-2024-0001"}, "subject"),
        ("/requests", {"region": ["xk", "XK"]}, "region"),
        ("/requests", {"orderBy": "UP"}, "orderBy"),
        ("/requests", {"atLeast": "soon"}, "atLeast"),
        ("/requests", {"first": "one"}, "first"),
        ("/requests", {"first": "9999999999"}, "first"),
        ("/region", {}, "path"),
    ],
)
def test_a_wrong_parameter_is_named(told: World, path: str, parameters: dict[str, Any], name: str) -> None:
    refused = problem(told.raw(told.scene.reviewer, path.format(told.decided), **parameters), 400)
    assert refused["code"] == "BAD_USER_INPUT"
    [error] = refused["errors"]
    assert error["parameter"] == name
    assert refused["detail"] == f"{name}: {error['detail']}"
    assert not [term for term in ("filter", "$", "Variable", "enum", "Int") if term in refused["detail"]]


def test_a_path_that_no_region_can_have_is_refused_and_an_unknown_one_not_found(told: World) -> None:
    """Both are parameters named 'path', which the client of the tests has too."""

    def asked(path: str, status: int) -> Any:
        headers = told.register.headers(told.scene.reviewer)
        return problem(told.register.client.get("/api/region", params={"path": path}, headers=headers), status)

    assert asked("XX", 400)["errors"][0]["parameter"] == "path"
    assert asked("nowhere", 404)["code"] == "NOT_FOUND"


def test_every_field_of_what_a_document_reads_is_in_a_document() -> None:
    read: set[tuple[str, str]] = set()

    class Selected(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            parent = types.get_parent_type()
            assert parent is not None
            read.add((parent.name, node.name.value))

    for text in read_documents().values():
        types = TypeInfo(schema._schema)
        visit(parse(text), TypeInfoVisitor(types, Selected()))
    objects = (each for each in schema._schema.type_map.values() if isinstance(each, GraphQLObjectType))
    left_out = {
        f"{each.name}.{field}"
        for each in objects
        for field in each.fields
        if each.name in READ
        if (each.name, field) not in read
    }
    assert left_out == set()
