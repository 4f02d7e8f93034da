"""Trusted documents: clients send the id of a document of the repository instead of its text."""

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from graphql import get_introspection_query

from service.graphql.compiled import plans
from service.graphql.execution.trusted_documents import TrustedDocuments, document_id, read_documents
from service.graphql.root import schema
from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.both_ways import check_source
from tests.service.graphql.http_requests import ANA, VIEWER
from tests.service.graphql.subscriptions.client import WAIT, Stream, socket

TEXTS = read_documents()
VIEWER_ID = document_id(TEXTS["viewer"])
BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
NEWER = {"accept": "application/graphql-response+json"}


@pytest.fixture(scope="module")
def closed(databases: Databases) -> Iterator[ApiClient]:
    """A register that executes only trusted documents."""
    with databases.fresh() as urls, served(urls, documents="trusted") as register:
        yield register


def post(register: ApiClient, who: Person = ANA, headers: dict[str, str] | None = None, **body: Any) -> Any:
    return register.client.post("/graphql", json=body, headers={**register.headers(who), **(headers or {})})


def get(register: ApiClient, headers: dict[str, str] | None = None, **parameters: str) -> Any:
    return register.client.get("/graphql", params=parameters, headers={**register.headers(ANA), **(headers or {})})


def refusal(response: Any) -> str:
    """The message of the response, which has one error and no data."""
    body = response.json()
    assert body.keys() == {"errors"}, body
    [error] = body["errors"]
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    return str(error["message"])


def test_the_sources_compiled_of_trusted_documents_pass_the_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only while `both_ways` checks them: a process compiles each text once, perhaps before."""
    sources: list[str] = []
    compiled = plans.loaded

    def loaded(source: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
        sources.append(source)
        return compiled(source, namespace)

    monkeypatch.setattr(plans, "loaded", loaded)
    TrustedDocuments(schema, {name: f"{text}# another text\n" for name, text in TEXTS.items()})
    assert len(sources) >= len(TEXTS)
    for source in sources:
        check_source(source)


@pytest.mark.parametrize("id", [VIEWER_ID, "viewer"])
def test_a_document_is_executed_by_either_of_its_ids(register: ApiClient, id: str) -> None:
    for response in (
        post(register, documentId=id),
        get(register, documentId=id),
        get(register, BROWSER, documentId=id),
    ):
        assert response.status_code == 200
        assert response.json()["data"]["viewer"]["subject"] == "ana"


def test_the_command_line_lists_the_ids(register: ApiClient) -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "service.cli", "documents"], capture_output=True, text=True, check=True
    )
    ids = " ".join(listed.stdout.splitlines()[1:]).split()
    assert len(ids) == 2 * len(TEXTS)
    for each in ids:
        assert "No document" not in post(register, documentId=each, operationName="none").text


def test_a_document_takes_variables_and_the_name_of_an_operation(register: ApiClient) -> None:
    given, who = {"input": {"code": "by-document", "name": "x"}}, Person("adm", "by-document")
    response = post(register, who, documentId="administer", operationName="RegisterAuthority", variables=given)
    assert response.json()["data"]["registerAuthority"]["authority"]["code"] == "by-document"
    position = response.json()["data"]["registerAuthority"]["position"]
    found = get(register, documentId="authorities", variables=json.dumps({"atLeast": position, "first": 100}))
    assert "by-document" in {each["code"] for each in found.json()["data"]["authorities"]}
    without = refusal(post(register, documentId="administer", variables=given))
    assert "select RegisterAuthority, GrantMandate, EndMandate, " in without
    assert without.endswith(" with operationName.")
    unknown = refusal(post(register, documentId="extend", operationName="Extend", variables=given))
    assert unknown.endswith("has no operation 'Extend': it has EndorseExtension, GrantExtension or RefuseExtension.")


@pytest.mark.parametrize(
    ("id", "message"),
    [
        ("nothing", "No document has this id: 'nothing'. 'mandate documents' lists"),
        ("", "No document has this id"),
        ("../viewer", "No document has this id"),
        ("viewer.graphql", "No document has this id"),
        (f"sha256:{'0' * 64}", "No document has this id"),
        ("x-ours:viewer", "No document has this id"),
        (VIEWER_ID.upper().replace("SHA256", "sha256"), "followed by 64 lower-case hexadecimal digits"),
        ("sha256:", "followed by 64 lower-case hexadecimal digits"),
        (VIEWER_ID.removeprefix("sha256:"), "No document has this id"),
        ("SHA256" + VIEWER_ID.removeprefix("sha256"), "unknown prefix"),
        ("md5:d41d8cd98f00b204e9800998ecf8427e", "unknown prefix"),
        (":", "unknown prefix"),
        ("a" * 10_000, "No document has this id"),
    ],
)
def test_an_unknown_id_is_one_error_that_says_what_to_do(register: ApiClient, id: str, message: str) -> None:
    for response in (post(register, documentId=id), get(register, documentId=id)):
        assert response.status_code == 200
        assert message in refusal(response)
        assert len(refusal(response)) < 300
    assert post(register, headers=NEWER, documentId=id).status_code == 400


@pytest.mark.parametrize("query", [VIEWER, "", TEXTS["viewer"]])
def test_a_request_has_either_a_query_or_an_id(register: ApiClient, query: str) -> None:
    for response in (post(register, query=query, documentId="viewer"), get(register, query=query, documentId="viewer")):
        assert response.status_code == 400
        assert refusal(response) == "Send either query or documentId, not both."


@pytest.mark.parametrize("id", [7, ["viewer"], {"name": "viewer"}, True])
def test_an_id_is_a_string(register: ApiClient, id: object) -> None:
    response = post(register, documentId=id)
    assert (response.status_code, refusal(response)) == (400, "documentId is missing or has the wrong type.")


def test_null_is_no_query_and_no_id(register: ApiClient) -> None:
    assert post(register, query=None, documentId="viewer").json()["data"]
    assert post(register, query=VIEWER, documentId=None).json()["data"]
    neither = post(register, query=None, documentId=None)
    assert (neither.status_code, refusal(neither)) == (400, "query (or documentId) is missing or has the wrong type.")


def test_a_mutation_is_not_carried_out_by_get(register: ApiClient) -> None:
    given = json.dumps({"input": {"code": "got-by-id", "name": "x"}})
    response = get(register, documentId="administer", operationName="RegisterAuthority", variables=given)
    assert (response.status_code, response.headers["allow"]) == (405, "POST")
    assert "POST" in refusal(response)
    assert register.ask(ANA, '{ authority(code: "got-by-id") { code } }') == {"authority": None}


def test_nothing_is_persisted_by_sending_it(register: ApiClient) -> None:
    assert register.ask(ANA, VIEWER)
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": document_id(VIEWER).removeprefix("sha256:")}}
    assert post(register, query=VIEWER, extensions=extensions).json()["data"]
    assert "No document" in refusal(post(register, documentId=document_id(VIEWER)))
    assert post(register, extensions=extensions).status_code == 400


def test_a_websocket_takes_ids_too(register: ApiClient) -> None:
    with socket(register, greeted=ANA) as client:
        client.send("subscribe", id="1", payload={"documentId": VIEWER_ID})
        assert client.data("1")["viewer"]["subject"] == "ana"
        assert client.receive() == {"id": "1", "type": "complete"}
        client.send("subscribe", id="1", payload={"documentId": "nothing"})
        [error] = client.errors("1")
        assert "No document has this id: 'nothing'" in error["message"]
        client.send("subscribe", id="1", payload={"documentId": "viewer", "query": VIEWER})
        assert client.closed() == (4400, "Send either query or documentId, not both.")


def test_a_subscription_is_streamed_by_id(register: ApiClient) -> None:
    body = {"documentId": "follow", "operationName": "EventsRecorded", "variables": {"after": "0"}}
    headers = {**register.headers(ANA), "accept": "text/event-stream"}
    registration = {"code": ANA.authority, "name": "x"}
    register.command(ANA, "registerAuthority", "RegisterAuthorityInput", registration)
    with register.client.stream("POST", "/graphql", json=body, headers=headers, timeout=WAIT) as response:
        name, first = next(Stream(response).events())
    assert name == "next"
    assert first
    assert first["data"]["eventsRecorded"]["type"]


@pytest.mark.parametrize("query", [VIEWER, TEXTS["viewer"], get_introspection_query(), "", "{"])
def test_a_query_is_refused_where_only_trusted_documents_are_executed(closed: ApiClient, query: str) -> None:
    for response in (post(closed, query=query), get(closed, query=query)):
        assert response.status_code == 200
        assert "send documentId instead of query" in refusal(response)
    assert post(closed, headers=NEWER, query=query).status_code == 400
    for response in (post(closed, documentId=VIEWER_ID), get(closed, documentId="viewer")):
        assert response.json()["data"]["viewer"]["subject"] == "ana"


def test_a_websocket_refuses_a_query_there_as_well(closed: ApiClient) -> None:
    with socket(closed, greeted=ANA) as client:
        client.subscribe("1", VIEWER)
        [error] = client.errors("1")
        assert "send documentId instead of query" in error["message"]
        client.send("subscribe", id="1", payload={"documentId": "viewer"})
        assert client.data("1")["viewer"]["subject"] == "ana"


def test_graphiql_is_not_served_there(closed: ApiClient) -> None:
    page = closed.client.get("/graphql", headers=BROWSER)
    assert (page.status_code, page.headers["content-type"]) == (401, "application/json; charset=utf-8")
    assert closed.client.get("/graphiql/examples.js").status_code == 404
