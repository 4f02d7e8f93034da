"""The path of a request: plain ASGI, in front of the framework."""

import asyncio
import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from starlette.requests import HTTPConnection
from starlette.responses import Response

from service.graphql.execution.request import parse_json
from service.graphql.http.body import LONGEST, PATIENCE, Disconnected, TooLong, read_body
from service.graphql.http.response import CHUNK, JsonResponse
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.http_requests import ANA, VIEWER


def test_a_request_creates_no_object_of_the_framework(register: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def created(*_: object, **__: object) -> None:
        raise AssertionError("a Request or a Response")

    monkeypatch.setattr(HTTPConnection, "__init__", created)
    monkeypatch.setattr(Response, "__init__", created)
    assert register.post(ANA, VIEWER).json() == {"data": {"viewer": {"subject": "ana"}}}
    got = register.client.get("/graphql", params={"query": VIEWER}, headers=register.headers(ANA))
    assert got.json() == {"data": {"viewer": {"subject": "ana"}}}
    assert register.post(ANA, "{ nothing }").json()["errors"]
    assert register.client.post("/graphql", json={"query": VIEWER}).status_code == 401


def test_a_body_may_arrive_in_parts(register: ApiClient) -> None:
    def parts() -> Iterator[bytes]:
        body = json.dumps({"query": VIEWER}).encode()
        yield from (body[:5], body[5:])

    headers = {**register.headers(ANA), "content-type": "application/json"}
    assert register.client.post("/graphql", content=parts(), headers=headers).json()["data"]


def test_a_connection_with_a_refused_body_is_closed(register: ApiClient) -> None:
    headers = {**register.headers(ANA), "content-type": "application/json"}
    response: httpx.Response = register.client.post("/graphql", content=b" " * (LONGEST + 1), headers=headers)
    assert (response.status_code, response.headers["connection"]) == (413, "close")


def body(*messages: bytes, length: int | None = None, leaves: bool = False) -> Callable[[], bytes]:
    waiting: list[dict[str, Any]] = [
        {"type": "http.request", "body": each, "more_body": leaves or at < len(messages)}
        for at, each in enumerate(messages, 1)
    ]

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    return lambda: asyncio.run(read_body(receive, length))


def test_a_body_is_what_was_sent() -> None:
    assert body(b"ab")() == b"ab"
    assert body(b"a", b"", b"b")() == b"ab"
    assert body(b"a" * LONGEST)() == b"a" * LONGEST


def test_a_longer_body_is_read_to_its_end_and_refused() -> None:
    for sent in (body(b"a" * (LONGEST + 1)), body(b"a" * LONGEST, b"a"), body(b"a", b"b", length=LONGEST + 1)):
        with pytest.raises(TooLong):
            sent()
    endless = body(*[b"a" * LONGEST] * (PATIENCE + 1), b"never read")
    with pytest.raises(TooLong):
        endless()


def test_a_client_may_leave_while_it_sends() -> None:
    for sent in (body(), body(b"a", leaves=True)):
        with pytest.raises(Disconnected):
            sent()


@pytest.mark.parametrize("length", [0, CHUNK - 20, CHUNK, 3 * CHUNK])
def test_a_long_response_is_sent_in_chunks(length: int) -> None:
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        raise AssertionError("nothing is read")

    asyncio.run(JsonResponse({"a": "x" * length}, 200, "application/json")({}, receive, send))
    start, *bodies = sent
    whole = b"".join(each["body"] for each in bodies)
    assert json.loads(whole) == {"a": "x" * length}
    assert dict(start["headers"])[b"content-length"] == str(len(whole)).encode()
    assert max(len(each["body"]) for each in bodies) <= CHUNK
    assert [each.get("more_body", False) for each in bodies] == [True] * (len(bodies) - 1) + [False]


@pytest.mark.parametrize(
    "text",
    [
        *(b'{"a": 123456789012345678901234567890}', b'{"a": 1e400}', b'{"a": -0}', b'{"a": 1.0}', b'{"a": 1, "a": 2}'),
        *(b'"\\ud800"', b'\xef\xbb\xbf{"a": 1}', b'"\\ud83d\\ude00"', b" [1, 2.5, true, null] ", b'"\xed\xa0\x80"'),
    ],
)
def test_json_is_read_as_by_the_standard_library(text: bytes) -> None:
    expected = json.loads(text.decode("utf-8-sig", "surrogatepass"))
    assert repr(parse_json(text, "The body")) == repr(expected)
