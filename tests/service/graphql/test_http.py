"""GraphQL over HTTP: what is no request of ours is refused, and nothing that a client sends is our fault."""

import json
from typing import Any

import pytest

from service.graphql.execution.request import DEEPEST
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.http_requests import ANA, SUBSCRIPTION, VIEWER


def send(register: ApiClient, body: bytes, kind: str = "application/json", **headers: str) -> Any:
    return register.client.post(
        "/graphql", content=body, headers={**register.headers(ANA), "content-type": kind, **headers}
    )


def code(response: Any) -> str:
    return str(response.json()["errors"][0]["extensions"]["code"])


def test_a_query_is_answered(register: ApiClient) -> None:
    assert register.ask(ANA, VIEWER) == {"viewer": {"subject": "ana"}}


def test_a_query_is_answered_to_get(register: ApiClient) -> None:
    query = {"query": "query A($id: ID!) { node(id: $id) { id } } query B { viewer { subject } }", "operationName": "B"}
    response = register.client.get("/graphql", params=query, headers=register.headers(ANA))
    assert response.json() == {"data": {"viewer": {"subject": "ana"}}}


def test_a_mutation_is_not_carried_out_by_get(register: ApiClient) -> None:
    query = 'mutation { registerAuthority(input: {code: "got", name: "x"}) { __typename } }'
    response = register.client.get("/graphql", params={"query": query}, headers=register.headers(ANA))
    assert (response.status_code, response.headers["allow"], code(response)) == (405, "POST", "BAD_USER_INPUT")
    assert register.ask(ANA, '{ authority(code: "got") { code } }') == {"authority": None}


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer x.y.z", "Basic YTpi", "Bearer \u00fc"])
def test_without_a_token_of_ours_it_is_401(register: ApiClient, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    response = register.client.post("/graphql", json={"query": VIEWER}, headers=headers)  # type: ignore[arg-type]
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert code(response) == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"query"',
        b"{}",
        b'{"query": null}',
        b'{"query": 7}',
        b'{"query": ["{a}"]}',
        b'[{"query": "{ viewer { subject } }"}]',
        b'{"query": "{ viewer { subject } }", "variables": [1]}',
        b'{"query": "{ viewer { subject } }", "variables": "x"}',
        b'{"query": "{ viewer { subject } }", "operationName": 7}',
        b'{"query": "{ viewer { subject } }", "extensions": 7}',
        b'{"query": "\xff\xfe"}',
        b"\x00\x01",
        b"\xff\xfe{\x00}\x00",
        b'{"query": "{ viewer { subject } }", "variables": {"a": NaN}}',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b"9" * 10_000,
        b'{"query": "{ viewer { subject } }", "variables": {"a": ' + b"9" * 10_000 + b"}}",
    ],
)
def test_a_body_that_is_no_request_is_400(register: ApiClient, body: bytes) -> None:
    response = send(register, body)
    assert response.status_code == 400
    assert code(response) == "BAD_USER_INPUT"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""])
def test_another_content_type_is_415(register: ApiClient, kind: str) -> None:
    assert send(register, json.dumps({"query": VIEWER}).encode(), kind).status_code == 415


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"])
def test_other_methods_are_405(register: ApiClient, method: str) -> None:
    response = register.client.request(method, "/graphql", headers=register.headers(ANA))
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


def test_four_megabytes_are_read_and_more_is_413(register: ApiClient) -> None:
    longest = 4 * 1024 * 1024
    frame = len(json.dumps({"query": VIEWER, "extensions": {"a": ""}}))
    for length, status in ((longest, 200), (longest + 1, 413), (20 * 1024 * 1024, 413)):
        body = json.dumps({"query": VIEWER, "extensions": {"a": "a" * (length - frame)}}).encode()
        assert len(body) == length
        assert send(register, body).status_code == status


def test_a_body_that_does_not_say_how_long_it_is_is_bounded_too(register: ApiClient) -> None:
    parts = (b" " * 1_000_000 for _ in range(6))
    headers = {**register.headers(ANA), "content-type": "application/json"}
    response = register.client.post("/graphql", content=parts, headers=headers)
    assert response.status_code == 413


@pytest.mark.parametrize(
    "document",
    [
        "",
        "{",
        "}",
        "query",
        "{ nothing }",
        "{ viewer }",
        "query A { viewer { subject } } query B { viewer { subject } }",
        "query A { viewer { subject } } query A { viewer { subject } }",
        "fragment F on Query { viewer { subject } }",
        "subscription { x }",
        "{ ...F } fragment F on Query { ...F }",
        "{ node(id: 1.5) { id } }",
        "{ viewer { subject @nothing } }",
        "{ viewer { subject @defer } }",
        "{ \ud800 }",
        '{ node(id: "\\uD800") { id }',
        "\x00",
        "{" + "a{" * 5_000,
        "{" + "viewer{" * 400 + "}" * 401,
        "{ " + "viewer { subject } " * 200 + "}",
        "{ " + " ".join(f"a{n}: viewer {{ subject }}" for n in range(120)) + " }",
        "{ a(b: " + "[" * 900 + "]" * 900 + ") }",
        "{ " + "# comment\n" * 10 + "a" * 100_000 + " }",
    ],
)
def test_a_document_that_cannot_be_executed_is_bad_user_input(register: ApiClient, document: str) -> None:
    response = register.post(ANA, document)
    assert response.status_code == 200
    assert code(response) == "BAD_USER_INPUT"
    assert "data" not in response.json()


def test_an_operation_that_is_not_there_is_bad_user_input(register: ApiClient) -> None:
    body = {"query": "query A { viewer { subject } }", "operationName": "B"}
    response = register.client.post("/graphql", json=body, headers=register.headers(ANA))
    assert (response.status_code, code(response)) == (200, "BAD_USER_INPUT")


def test_what_could_have_too_many_fields_is_refused(register: ApiClient) -> None:
    deep = "deploymentRequests { incidents { " * 4 + "id" + " } }" * 4
    document = f"{{ incidents(first: 100) {{ edges {{ node {{ {deep} }} }} }} }}"
    [error] = register.errors(ANA, document)
    assert "could cost" in error["message"]
    counted = "query ($n: Int) { auditTrail(first: $n) { edges { node { changes { path before after } " + " ".join(
        f"a{n}: payload" for n in range(90)
    )
    assert register.ask(ANA, counted + " } } } }", n=1)
    [error] = register.errors(
        ANA,
        "query ($n: Int) { "
        + " ".join(
            f"t{n}: auditTrail(first: $n) {{ edges {{ node {{ changes {{ path }} payload type }} }} }}"
            for n in range(60)
        )
        + " }",
        n=100,
    )
    assert "could cost" in error["message"]


@pytest.mark.parametrize(
    ("declared", "variables"), [("$n: Int = 100", {}), ("$n: Int!", {"n": 100.0}), ("$n: Int = 1", {"n": 100})]
)
def test_a_page_counts_as_long_as_a_variable_makes_it(
    register: ApiClient, declared: str, variables: dict[str, Any]
) -> None:
    pages = " ".join(f"t{n}: auditTrail(first: $n) {{ edges {{ node {{ changes {{ path }} }} }} }}" for n in range(60))
    [error] = register.errors(ANA, f"query ({declared}) {{ {pages} }}", **variables)
    assert "could cost" in error["message"]


def test_a_list_beyond_all_measure_is_refused_before_it_is_read(register: ApiClient) -> None:
    document = "query ($codes: [String!]) { deploymentRequests(filter: { region: $codes }) { totalCount } }"
    [error] = register.errors(ANA, document, codes=["x"] * 1001)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "codes"}
    assert "At most 1,000 items" in error["message"]
    nested = "query ($filter: DeploymentRequestFilter) { deploymentRequests(filter: $filter) { totalCount } }"
    [error] = register.errors(ANA, nested, filter={"region": ["x"] * 9_000})
    assert error["extensions"]["argument"] == "filter.region"


def test_the_schema_can_be_asked_for(register: ApiClient) -> None:
    from graphql import build_client_schema, get_introspection_query

    from service.graphql.root import schema

    full = get_introspection_query(descriptions=True, specified_by_url=True, input_value_deprecation=True)
    found = build_client_schema(register.ask(ANA, full))  # type: ignore[arg-type]
    assert set(found.type_map) == set(schema._schema.type_map)


def test_the_newer_media_type_says_by_its_status_that_nothing_was_executed(register: ApiClient) -> None:
    accept = {"accept": "application/graphql-response+json, application/json;q=0.9"}
    answered = send(register, json.dumps({"query": VIEWER}).encode(), **accept)
    assert answered.status_code == 200
    assert answered.headers["content-type"] == "application/graphql-response+json; charset=utf-8"
    assert send(register, json.dumps({"query": "{ nothing }"}).encode(), **accept).status_code == 400


URQL = (
    "application/graphql-response+json, application/graphql+json, application/json, text/event-stream, multipart/mixed"
)


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (URQL, "application/graphql-response+json"),
        ("text/event-stream", "text/event-stream"),
        ("text/event-stream, application/json", "application/json"),
        ("text/event-stream, application/json;q=0.1", "application/json"),
        ("text/event-stream;q=0.9, application/json;q=0", "text/event-stream"),
        ("text/event-stream, */*;q=0", "text/event-stream"),
        ("text/event-stream, */*", "application/json"),
        ("text/event-stream;q=0, */*", "application/json"),
        ("application/json, application/graphql-response+json;q=0.5", "application/json"),
        ("application/json;q=0.5, application/graphql-response+json", "application/graphql-response+json"),
        ("*/*", "application/json"),
        ("", "application/json"),
        ("text/event-stream;q=nonsense, */*", "application/json"),
    ],
)
def test_a_query_is_streamed_only_if_json_is_not_accepted(register: ApiClient, accept: str, kind: str) -> None:
    response = send(register, json.dumps({"query": VIEWER}).encode(), accept=accept)
    assert response.status_code == 200
    assert response.headers["content-type"] == f"{kind}; charset=utf-8"


def test_a_subscription_is_streamed_even_if_json_is_accepted(register: ApiClient) -> None:
    headers = {**register.headers(ANA), "accept": URQL}
    with register.client.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=headers) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"


@pytest.mark.parametrize(
    ("where", "depth"),
    [("body", DEEPEST + 1), ("body", 900), ("body", 9_000), ("variables", DEEPEST + 1), ("variables", 900)],
)
def test_json_is_nested_so_deep_and_no_deeper(register: ApiClient, depth: int, where: str) -> None:
    value = "[" * (depth - 1) + "]" * (depth - 1)
    if where == "body":
        deep = f'{{"query": "{VIEWER}", "variables": {{"a": {value}}}}}'.encode()
        response = send(register, deep)
    else:
        deep_variables = {"query": VIEWER, "variables": f'{{"a": {value}}}'}
        response = register.client.get("/graphql", params=deep_variables, headers=register.headers(ANA))
    assert response.status_code == 400
    assert "nested more than 64 levels deep" in response.json()["errors"][0]["message"]


def test_a_node_takes_an_id_alone() -> None:
    """Relay's compiler makes a fragment refetchable by a `node` of this form, and of no other."""
    from service.graphql.root import schema

    query = schema._schema.query_type
    assert query
    assert list(query.fields["node"].args) == ["id"]
