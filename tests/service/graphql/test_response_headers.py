"""Every response, on every path: no cache keeps it, and no browser takes it for what it does not say it is."""

import asyncio

import httpx
import pytest

from service.graphql.http.endpoint import GraphQLApp
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.http_requests import ANA, SUBSCRIPTION, VIEWER


@pytest.mark.parametrize("document", [VIEWER, "{ nothing }", "mutation { beginReview { __typename } }"])
def test_responses_are_neither_cached_nor_sniffed(register: ApiClient, document: str) -> None:
    response = register.post(ANA, document)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("status", [401, 405, 413, 415])
def test_so_are_refusals(register: ApiClient, status: int) -> None:
    client, headers = register.client, {**register.headers(ANA), "content-type": "application/json"}
    response = {
        401: lambda: client.post("/graphql", json={"query": VIEWER}),
        405: lambda: client.put("/graphql", headers=headers),
        413: lambda: client.post("/graphql", content=b" " * 5_000_000, headers=headers),
        415: lambda: client.post("/graphql", content=b"x", headers=register.headers(ANA)),
    }[status]()
    assert response.status_code == status
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nothing", 404),
        ("GET", "/health/nothing", 404),
        ("POST", "/health/live", 405),
        ("GET", "/graphiql", 307),
        ("GET", "/graphiql/library/nothing", 404),
        ("GET", "/health/live", 200),
        ("GET", "/metrics", 200),
    ],
)
def test_so_is_every_other_path(register: ApiClient, method: str, path: str, status: int) -> None:
    response = register.client.request(method, path)
    assert response.status_code == status
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


def test_so_are_streams(register: ApiClient) -> None:
    headers = {**register.headers(ANA), "accept": "text/event-stream"}
    with register.client.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=headers) as response:
        assert response.headers["cache-control"] == "no-store"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_unexpected_errors_have_the_headers_too() -> None:
    app = GraphQLApp()

    @app.get("/broken")
    async def broken() -> None:
        raise RuntimeError("EXERCISE")

    async def ask() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.get("/broken")

    response = asyncio.run(ask())
    assert response.status_code == 500
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "EXERCISE" not in response.text
