"""GraphQL at /graphql: POST and GET with JSON or server-sent events, WebSockets, and the GraphiQL page."""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from service.access.authentication import authenticated
from service.graphql.execution.executor import GraphQLExecutor, GraphQLResponse, Prepared
from service.graphql.execution.graphql_errors import (
    BAD_USER_INPUT,
    TOO_MANY_REQUESTS,
    UNAUTHENTICATED,
    UNAVAILABLE,
    internal_error,
    request_error,
    too_many,
)
from service.graphql.execution.person_quotas import RETRY_AFTER, PersonQuota, QuotaExceeded
from service.graphql.execution.request import (
    BadRequest,
    GraphQLRequest,
    charge_of_json,
    encode_json,
    parse_json,
    parse_request,
)
from service.graphql.execution.trusted_documents import TrustedDocuments, read_documents
from service.graphql.http.accept_header import EVENT_STREAM, HTML, JSON, RESPONSE_JSON, Accepted
from service.graphql.http.body_limit import BodyLimit, TooLong
from service.graphql.http.graphiql import assets, page
from service.graphql.http.response_headers import HEADERS, ResponseHeaders
from service.graphql.root import schema
from service.graphql.schema.context import Context, Services
from service.graphql.subscriptions.sse import SseResponse
from service.graphql.subscriptions.websocket import GraphQLOverWebSocket
from service.identity import Identity, Unauthenticated

PATH: Final = "/graphql"
SMALL: Final = 16 * 1024
"""Bytes of a body. Larger bodies of one person are read one at a time."""
CHUNK: Final = 64 * 1024
"""Bytes per chunk of a response."""


def mount(app: FastAPI, *, trusted_only: bool = False) -> None:
    """Mounts the API at PATH. `app.state.services` must be its Services once the app has started.

    trusted_only: whether only trusted documents are executed. GraphiQL is then not served.
    """
    trusted = TrustedDocuments(schema, read_documents())
    executor = GraphQLExecutor(schema, trusted, trusted_only=trusted_only)
    app.router.routes.append(Route(PATH, endpoint=GraphQLOverHttp(executor, graphiql=not trusted_only)))
    app.router.routes.append(WebSocketRoute(PATH, endpoint=GraphQLOverWebSocket(executor)))
    if not trusted_only:
        app.mount(assets.path, assets.app)
    app.add_middleware(BodyLimit)
    app.add_middleware(ResponseHeaders)
    app.add_exception_handler(Exception, _unexpected)


class GraphQLOverHttp:
    """An ASGI application."""

    def __init__(self, executor: GraphQLExecutor, *, graphiql: bool) -> None:
        self._executor, self._graphiql = executor, graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Holds the request's quota until the client has the response."""
        request = Request(scope, receive)
        async with AsyncExitStack() as held:
            try:
                response = await self._respond(request, held)
            except BadRequest as refused:
                response = _json(request, {"errors": [refused.error]}, refused.status, refused.headers)
            except QuotaExceeded as refused:
                response = _json(request, {"errors": [too_many(refused)]}, 429, _retry(RETRY_AFTER))
            except ClientDisconnect:
                return
            except TooLong:
                raise
            except Exception as error:  # noqa: BLE001
                response = _json(request, {"errors": [internal_error(error)]}, 500)
            await response(scope, receive, send)

    async def _respond(self, request: Request, held: AsyncExitStack) -> Response:
        if request.method not in ("GET", "POST"):
            raise BadRequest(
                405, request_error(BAD_USER_INPUT, "Send GraphQL requests with GET or POST."), {"Allow": "GET, POST"}
            )
        accepted = _accepted(request)
        is_empty = request.query_params.keys().isdisjoint(("query", "documentId"))
        if self._graphiql and request.method == "GET" and is_empty and accepted.names(HTML):
            return page()
        services: Services = request.app.state.services
        identity = await _authenticate(request, services)
        context, read_only = Context(services, identity, services.clock()), request.method == "GET"
        held.enter_context(context.share.request())
        held.callback(context.release)
        graphql_request = await (_from_query if read_only else _from_body)(request, context.share)
        prepared = await self._executor.prepare(graphql_request, context, read_only=read_only)
        if _is_streamed(prepared, accepted):
            return SseResponse(self._executor.answers(prepared, context), identity, services)
        return _to_http_response(request, await self._executor.execute(prepared, context))


def _is_streamed(prepared: Prepared | GraphQLResponse, accepted: Accepted) -> bool:
    """Whether to stream: a subscription if event streams are accepted; else only if no JSON is accepted."""
    is_subscription = isinstance(prepared, Prepared) and prepared.is_subscription
    return accepted.names(EVENT_STREAM) and (is_subscription or not accepted.json)


async def _unexpected(request: Request, error: Exception) -> Response:
    """Starlette sends this outside of all middleware."""
    return _json(request, {"errors": [internal_error(error)]}, 500, HEADERS)


async def _authenticate(request: Request, services: Services) -> Identity:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send a token: 'Authorization: Bearer ...'.")
        return await authenticated(services.identify, token.strip())
    except Unauthenticated as reason:
        raise BadRequest(401, request_error(UNAUTHENTICATED, str(reason)), {"WWW-Authenticate": "Bearer"}) from None


async def _from_query(request: Request, share: PersonQuota) -> GraphQLRequest:
    parameters = request.query_params
    return parse_request(
        {
            "query": parameters.get("query"),
            "documentId": parameters.get("documentId"),
            "operationName": parameters.get("operationName") or None,
            "variables": await _parsed(parameters.get("variables") or "null", "variables", share),
        }
    )


async def _from_body(request: Request, share: PersonQuota) -> GraphQLRequest:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise BadRequest(415, request_error(BAD_USER_INPUT, f"Send the request as {JSON}."))
    length = request.headers.get("content-length", "")
    if length.isdigit() and int(length) <= SMALL:
        return parse_request(await _parsed(await request.body(), "The body", share))
    async with share.large:
        return parse_request(await _parsed(await request.body(), "The body", share))


async def _parsed(text: str | bytes, what: str, share: PersonQuota) -> Any:
    await share.pace.point(charge_of_json(text))
    return parse_json(text, what)


def _to_http_response(request: Request, answer: GraphQLResponse) -> Response:
    for code, status in ((TOO_MANY_REQUESTS, 429), (UNAVAILABLE, 503)):
        if (retry := answer.retry_after(code)) is not None:
            return _json(request, answer.body, status, _retry(retry))
    if answer.needs_post:
        return _json(request, answer.body, 405, {"Allow": "POST"})
    if not answer.executed and not answer.recorded and _accepted(request).media == RESPONSE_JSON:
        return _json(request, answer.body, 400)
    return _json(request, answer.body, 200)


def _json(request: Request, body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    media = f"{_accepted(request).media}; charset=utf-8"
    return ChunkedResponse(encode_json(body), status, {"content-type": media, **(headers or {})})


def _retry(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(max(1, round(seconds)))}


def _accepted(request: Request) -> Accepted:
    return Accepted(",".join(request.headers.getlist("accept")))


class ChunkedResponse(Response):
    """Sends the body in chunks, so that the server does not buffer what the client has not read."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        body = memoryview(self.body)
        for start in range(0, len(body), CHUNK):
            more = start + CHUNK < len(body)
            await send({"type": "http.response.body", "body": bytes(body[start : start + CHUNK]), "more_body": more})
