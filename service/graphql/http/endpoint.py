"""GraphQL at /graphql: POST and GET with JSON or server-sent events, WebSockets, and the GraphiQL page.

POST and GET are served in front of the middleware and the router of FastAPI, without its requests and responses.
"""

import asyncio
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from typing import Any, Final

from fastapi import FastAPI
from graphql import OperationType
from starlette.datastructures import State
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from service.graphql.execution.document_cache import ANY, DocumentPolicy
from service.graphql.execution.executor import GraphQLExecutor, GraphQLResponse, Prepared
from service.graphql.execution.graphql_errors import (
    BAD_USER_INPUT,
    TOO_MANY_REQUESTS,
    UNAVAILABLE,
    internal_error,
    request_error,
    too_many,
)
from service.graphql.execution.person_quotas import PersonQuota, QuotaExceeded
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
from service.graphql.http.bearer import begin, retry_after
from service.graphql.http.body import LONGEST, Disconnected, TooLong, read_body
from service.graphql.http.cross_origin import CrossOrigin
from service.graphql.http.disconnection import while_connected
from service.graphql.http.graphiql import assets, page
from service.graphql.http.request_head import RequestHead
from service.graphql.http.response import JsonResponse
from service.graphql.http.response_headers import HEADERS, ResponseHeaders
from service.graphql.root import schema
from service.graphql.schema.context import Services
from service.graphql.subscriptions.sse import SseResponse
from service.graphql.subscriptions.websocket import GraphQLOverWebSocket

PATH: Final = "/graphql"
SMALL: Final = 16 * 1024
"""Bytes of a body. Larger bodies of one person are read one at a time."""
INLINE: Final = 256 * 1024
"""Characters of JSON that are parsed in the event loop. More are parsed in a thread: it takes up to 30 ms."""


class GraphQLApp(FastAPI):
    """Serves GraphQL at PATH. `state.services` must be its Services once the app has started.

    executor: of all requests. Those to PATH pass no middleware of FastAPI: what they need wraps `GraphQLOverHttp` here.
    """

    def __init__(
        self,
        policy: DocumentPolicy = ANY,
        *,
        graphiql: bool = True,
        origins: AbstractSet[str] = frozenset(),
        **options: Any,
    ) -> None:
        """graphiql: whether its page is served. origins: see CrossOrigin.
        options: as of FastAPI."""
        super().__init__(**options)
        trusted = TrustedDocuments(schema, read_documents())
        executor = self.executor = GraphQLExecutor(schema, trusted, policy)
        endpoint = CrossOrigin(GraphQLOverHttp(executor, self.state, graphiql=graphiql), origins)
        self._graphql: ASGIApp = ResponseHeaders(endpoint)
        self.router.routes.append(WebSocketRoute(PATH, endpoint=GraphQLOverWebSocket(executor)))
        if graphiql:
            self.router.routes.append(assets)
        self.add_middleware(ResponseHeaders)
        self.add_exception_handler(Exception, _unexpected)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == PATH:
            await self._graphql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class GraphQLOverHttp:
    """An ASGI application. state: has the Services."""

    def __init__(self, executor: GraphQLExecutor, state: State, *, graphiql: bool) -> None:
        self._executor, self._state, self._graphiql = executor, state, graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Holds the request's quota until the client has the response."""
        head = RequestHead(scope)
        with ExitStack() as held:
            try:
                response = await self._respond(head, receive, held)
            except BadRequest as refused:
                response = _json(head, {"errors": [refused.error]}, refused.status, refused.headers)
            except QuotaExceeded as refused:
                response = _json(head, {"errors": [too_many(refused)]}, 429, retry_after(refused.retry_after))
            except Disconnected:
                return
            except Exception as error:  # noqa: BLE001
                response = _json(head, {"errors": [internal_error(error)]}, 500)
            await response(scope, receive, send)

    async def _respond(self, head: RequestHead, receive: Receive, held: ExitStack) -> ASGIApp:
        if head.method not in ("GET", "POST"):
            raise BadRequest(
                405, request_error(BAD_USER_INPUT, "Send GraphQL requests with GET or POST."), {"Allow": "GET, POST"}
            )
        read_only = head.method == "GET"
        parameters = head.parameters() if read_only else {}
        is_empty = parameters.keys().isdisjoint(("query", "documentId"))
        if self._graphiql and read_only and is_empty and head.accepted.names(HTML):
            return page()
        services: Services = self._state.services
        context = await begin(head, services, held)
        request = await (
            _from_query(parameters, context.share) if read_only else _from_body(head, receive, context.share)
        )
        prepared = await self._executor.prepare(request, context, read_only=read_only)
        if _is_streamed(prepared, head.accepted):
            return SseResponse(self._executor.answers(prepared, context), context.identity, services)
        execution = self._executor.execute(prepared, context)
        if isinstance(prepared, Prepared) and prepared.kind is OperationType.QUERY:
            return _to_http_response(head, await while_connected(receive, execution))
        return _to_http_response(head, await execution)


def _is_streamed(prepared: Prepared | GraphQLResponse, accepted: Accepted) -> bool:
    """Whether to stream: a subscription if event streams are accepted; else only if no JSON is accepted."""
    is_subscription = isinstance(prepared, Prepared) and prepared.is_subscription
    return accepted.names(EVENT_STREAM) and (is_subscription or not accepted.json)


async def _unexpected(request: Request, error: Exception) -> Response:
    """For other paths. Starlette sends this outside of all middleware."""
    return Response(encode_json({"errors": [internal_error(error)]}), 500, HEADERS, JSON)


async def _from_query(parameters: dict[str, str], share: PersonQuota) -> GraphQLRequest:
    return parse_request(
        {
            "query": parameters.get("query"),
            "documentId": parameters.get("documentId"),
            "operationName": parameters.get("operationName") or None,
            "variables": await _parsed(parameters.get("variables") or "null", "variables", share),
        }
    )


async def _from_body(head: RequestHead, receive: Receive, share: PersonQuota) -> GraphQLRequest:
    if head.header(b"content-type").partition(";")[0].strip().lower() != JSON:
        raise BadRequest(415, request_error(BAD_USER_INPUT, f"Send the request as {JSON}."))
    length = head.content_length
    try:
        if length is not None and length <= SMALL:
            return parse_request(await _parsed(await read_body(receive, length), "The body", share))
        async with share.large:
            return parse_request(await _parsed(await read_body(receive, length), "The body", share))
    except TooLong:
        error = request_error(BAD_USER_INPUT, f"A request has at most {LONGEST:,} bytes.")
        raise BadRequest(413, error, {"Connection": "close"}) from None


async def _parsed(text: str | bytes, what: str, share: PersonQuota) -> Any:
    await share.pace.point(charge_of_json(text))
    return await asyncio.to_thread(parse_json, text, what) if len(text) > INLINE else parse_json(text, what)


def _to_http_response(head: RequestHead, answer: GraphQLResponse) -> JsonResponse:
    if not answer.errors:
        return _json(head, answer.body, 200)
    for code, status in ((TOO_MANY_REQUESTS, 429), (UNAVAILABLE, 503)):
        if (wait := answer.retry_after(code)) is not None:
            return _json(head, answer.body, status, retry_after(wait))
    if answer.needs_post:
        return _json(head, answer.body, 405, {"Allow": "POST"})
    if not answer.executed and not answer.recorded and head.accepted.media == RESPONSE_JSON:
        return _json(head, answer.body, 400)
    return _json(head, answer.body, 200)


def _json(
    head: RequestHead, body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None
) -> JsonResponse:
    return JsonResponse(body, status, head.accepted.media, headers)
