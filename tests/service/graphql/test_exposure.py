"""What an operator can switch off or narrow: budget, introspection, suggestions, GraphiQL, origins."""

from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.subscriptions.client import socket, stream

ANA, BEN = Person("ana", "somewhere"), Person("ben", "somewhere")
CONSOLE = "https://console.example"
VIEWER = "{ viewer { subject } }"
FOREVER = "subscription { eventsRecorded { position } }"
DEAR = "{ deploymentRequests(first: 100) { totalCount } }"


@pytest.fixture(scope="module")
def strict(databases: Databases) -> Iterator[ApiClient]:
    settings: dict[str, Any] = {
        "cost_per_minute": 20_000,
        "introspection": False,
        "suggestions": False,
        "graphiql": False,
        "origins": f"{CONSOLE}/, https://other.example",
    }
    with databases.fresh() as urls, served(urls, follow=False, **settings) as register:
        yield register


def spend(register: ApiClient, who: Person) -> Any:
    """The first answer that is refused."""
    for _ in range(100):
        response = register.post(who, DEAR)
        if response.status_code != 200:
            return response
    raise AssertionError("nothing was refused")


def test_whoever_has_spent_their_budget_waits(strict: ApiClient) -> None:
    refused = spend(strict, ANA)
    error = refused.json()["errors"][0]
    assert (refused.status_code, error["extensions"]["code"]) == (429, "TOO_MANY_REQUESTS")
    assert int(refused.headers["retry-after"]) == error["extensions"]["retryAfter"] >= 1
    assert "data" not in refused.json()
    with socket(strict, greeted=ANA) as client:
        client.subscribe("1", DEAR)
        code, reason = client.closed()
    assert code == 1013
    assert "ask again in" in reason
    with stream(strict, ANA, DEAR) as events:
        assert events.response.status_code == 429
    assert strict.post(BEN, VIEWER).status_code == 200


@pytest.mark.parametrize("query", ["{ __schema { types { name } } }", '{ __type(name: "Query") { name } }'])
def test_the_schema_is_not_shown(strict: ApiClient, query: str) -> None:
    errors = strict.errors(BEN, query)
    assert "introspection" in errors[0]["message"]
    assert strict.post(BEN, "{ viewer { __typename } }").json() == {"data": {"viewer": {"__typename": "Actor"}}}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ viewr { subject } }", {}),
        ("{ viewer { subjekt } }", {}),
        ("{ deploymentRequests(frist: 1) { totalCount } }", {}),
        ("query ($a: DeploymentRequestFiltr) { viewer { subject } }", {}),
        ("query ($f: DeploymentRequestFilter) { deploymentRequests(filter: $f) { totalCount } }", {"f": {"sttaus": 1}}),
        (
            "query ($f: DeploymentRequestFilter) { deploymentRequests(filter: $f) { totalCount } }",
            {"f": {"status": ["SUBMITED"]}},
        ),
    ],
)
def test_no_names_are_suggested(strict: ApiClient, register: ApiClient, query: str, variables: Any) -> None:
    said = [error["message"] for error in strict.errors(BEN, query, **variables)]
    assert not any("Did you mean" in each for each in said), said
    assert any("Did you mean" in error["message"] for error in register.errors(BEN, query, **variables))


def test_there_is_no_page(strict: ApiClient, register: ApiClient) -> None:
    html = {"accept": "text/html"}
    assert strict.client.get("/graphql", headers=html).status_code == 401
    assert strict.client.get("/graphiql/page.js").status_code == 404
    assert register.client.get("/graphql", headers=html).status_code == 200


def preflight(origin: str, method: str = "POST") -> dict[str, str]:
    return {
        "origin": origin,
        "access-control-request-method": method,
        "access-control-request-headers": "authorization",
    }


@pytest.mark.parametrize("origin", [CONSOLE, "https://other.example"])
def test_an_allowed_page_uses_the_api(strict: ApiClient, origin: str) -> None:
    asked = strict.client.options("/graphql", headers=preflight(origin))
    assert (asked.status_code, asked.headers["access-control-allow-origin"]) == (204, origin)
    assert "authorization" in asked.headers["access-control-allow-headers"]
    headers = {**strict.headers(BEN), "origin": origin, "sec-fetch-site": "cross-site"}
    answer = strict.client.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert (answer.status_code, answer.headers["access-control-allow-origin"]) == (200, origin)
    assert answer.headers["vary"] == "Origin"
    assert "retry-after" in answer.headers["access-control-expose-headers"]
    refused = strict.client.post("/graphql", json={"query": VIEWER}, headers={"origin": origin})
    assert (refused.status_code, refused.headers["access-control-allow-origin"]) == (401, origin)
    streamed = {**headers, "accept": "text/event-stream"}
    with strict.client.stream("POST", "/graphql", json={"query": VIEWER}, headers=streamed) as events:
        assert events.headers["access-control-allow-origin"] == origin
    with socket(strict, greeted=BEN, origin=origin, additional_headers={"sec-fetch-site": "cross-site"}) as client:
        client.subscribe("1", VIEWER)
        assert client.data("1")["viewer"] == {"subject": "ben"}


FOREIGN = [
    {"origin": "https://elsewhere.example"},
    {"origin": "null"},
    {"origin": "http://console.example"},
    {"origin": "https://console.example.elsewhere.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"origin": "https://elsewhere.example", "sec-fetch-site": "same-origin"},
]


@pytest.mark.parametrize("headers", FOREIGN)
def test_a_foreign_page_does_not(strict: ApiClient, headers: dict[str, str]) -> None:
    for accept in ("application/json", "text/event-stream"):
        given = {**strict.headers(BEN), "accept": accept, **headers}
        answer = strict.client.post("/graphql", json={"query": VIEWER}, headers=given)
        assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (403, "FORBIDDEN_ORIGIN")
        assert "access-control-allow-origin" not in answer.headers
    if "origin" in headers:
        assert strict.client.options("/graphql", headers=preflight(headers["origin"])).status_code == 403
    with pytest.raises(InvalidStatus) as refused, socket(strict, additional_headers=headers):
        pass
    assert refused.value.response.status_code == 403


def test_a_page_of_this_host_and_a_program_use_it(strict: ApiClient, register: ApiClient) -> None:
    own = str(strict.client.base_url).rstrip("/")
    for headers in ({}, {"origin": own, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
        given = {**strict.headers(BEN), **headers}
        assert strict.client.post("/graphql", json={"query": VIEWER}, headers=given).status_code == 200
    link = {"accept": "text/html", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert register.client.get("/graphql", headers=link).status_code == 200
