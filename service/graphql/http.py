"""GraphQL at /graphql: POST and GET, JSON both ways or an event stream back, and WebSockets; a browser gets the page to
try it with."""

from collections.abc import Mapping
from typing import Any, Final

from fastapi import FastAPI
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import Receive, Scope, Send

from service.graphiql.page import assets, page
from service.graphql.answering import Answer, Answering, Asked
from service.graphql.asked import Refused, asked_of, parsed
from service.graphql.bodies import BodyLimit, TooLong
from service.graphql.context import Context, Services
from service.graphql.errors import BAD_USER_INPUT, UNAUTHENTICATED, fault, problem
from service.graphql.live.bounds import RETRY_AFTER, Full
from service.graphql.live.event_stream import EVENT_STREAM, EventStream
from service.graphql.live.socket import GraphQLOverWebSocket
from service.graphql.schema import schema
from service.graphql.writing import written
from service.identity import Identity, Unauthenticated

PATH: Final = "/graphql"
JSON: Final = "application/json"
RESPONSE_JSON: Final = "application/graphql-response+json"


def mount(app: FastAPI) -> None:
    """Serves the API at PATH. `app.state.services` are its Services once the app has started."""
    answering = Answering(schema)
    app.router.routes.append(Route(PATH, endpoint=GraphQLOverHttp(answering)))
    app.router.routes.append(WebSocketRoute(PATH, endpoint=GraphQLOverWebSocket(answering)))
    app.mount(assets.path, assets.app)
    app.add_middleware(BodyLimit)


class GraphQLOverHttp:
    """An ASGI application."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            response = await self._respond(request)
        except Refused as refused:
            response = _json(request, {"errors": [refused.error]}, refused.status, refused.headers)
        except ClientDisconnect:
            return
        except TooLong:
            raise
        except Exception as error:  # noqa: BLE001
            response = _json(request, {"errors": [fault(error)]}, 500)
        await response(scope, receive, send)

    async def _respond(self, request: Request) -> Response:
        if request.method not in ("GET", "POST"):
            raise Refused(405, problem(BAD_USER_INPUT, "GraphQL is asked with GET or POST."), {"Allow": "GET, POST"})
        if request.method == "GET" and "query" not in request.query_params and _is_browser(request):
            return page()
        services: Services = request.app.state.services
        identity = _identified(request, services)
        asked = _from_query(request) if request.method == "GET" else await _from_body(request)
        context, read_only = Context(services, identity, services.clock()), request.method == "GET"
        if EVENT_STREAM in request.headers.get("accept", ""):
            _check_room(services)
            return EventStream(self._answering.stream(asked, context, read_only=read_only), identity, services)
        return _answered(request, await self._answering.answer(asked, context, read_only=read_only))


def _check_room(services: Services) -> None:
    try:
        services.live.connections.check()
    except Full as full:
        raise Refused(503, dict(full.formatted), {"Retry-After": f"{RETRY_AFTER:.0f}"}) from None


def _identified(request: Request, services: Services) -> Identity:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    try:
        if scheme.lower() != "bearer" or not token:
            raise Unauthenticated("Send a token: 'Authorization: Bearer ...'.")
        return services.identify(token.strip())
    except Unauthenticated as reason:
        raise Refused(401, problem(UNAUTHENTICATED, str(reason)), {"WWW-Authenticate": "Bearer"}) from None


def _from_query(request: Request) -> Asked:
    parameters = request.query_params
    return asked_of(
        {
            "query": parameters.get("query"),
            "operationName": parameters.get("operationName") or None,
            "variables": parsed(parameters.get("variables") or "null", "variables"),
        }
    )


async def _from_body(request: Request) -> Asked:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != JSON:
        raise Refused(415, problem(BAD_USER_INPUT, f"Send the request as {JSON}."))
    return asked_of(parsed(await request.body(), "The body"))


def _answered(request: Request, answer: Answer) -> Response:
    retry = answer.retry_after
    if retry is not None:
        return _json(request, answer.body, 503, {"Retry-After": str(max(1, round(retry)))})
    if answer.wants_post:
        return _json(request, answer.body, 405, {"Allow": "POST"})
    if not answer.executed and _media(request) == RESPONSE_JSON:
        return _json(request, answer.body, 400)
    return _json(request, answer.body, 200)


def _json(request: Request, body: Mapping[str, Any], status: int, headers: Mapping[str, str] | None = None) -> Response:
    return Response(written(body), status, {"content-type": f"{_media(request)}; charset=utf-8", **(headers or {})})


def _media(request: Request) -> str:
    return RESPONSE_JSON if RESPONSE_JSON in request.headers.get("accept", "") else JSON


def _is_browser(request: Request) -> bool:
    return "text/html" in request.headers.get("accept", "")
