"""Requests of web pages: those of other origins than this host and the allowed ones are refused (403).

Browsers apply CORS, but they send simple requests and open WebSockets without asking first.
"""

from collections.abc import Callable
from collections.abc import Set as AbstractSet
from typing import Any, Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.graphql.execution.graphql_errors import FORBIDDEN_ORIGIN, request_error
from service.graphql.http.accept_header import JSON
from service.graphql.http.response import JsonResponse
from service.graphql.subscriptions.origins import is_allowed, is_of_host

Headers = list[tuple[bytes, bytes]]
Error = dict[str, Any]

PREFLIGHT: Final[Headers] = [
    (b"access-control-allow-methods", b"GET, POST"),
    (b"access-control-allow-headers", b"authorization, content-type, accept, if-none-match, traceparent"),
    (b"access-control-max-age", b"600"),
]
EXPOSED: Final = (b"access-control-expose-headers", b"retry-after, etag, mandate-position, content-disposition")
REFUSED: Final = "Pages of this origin may not use this server: an operator can allow it (MANDATE_ORIGINS)."


def refusal(error: Error) -> ASGIApp:
    """The response of GraphQL over HTTP."""
    return JsonResponse({"errors": [error]}, 403, JSON)


class CrossOrigin:
    """ASGI middleware for HTTP. It answers preflight requests, and lets allowed pages read the responses."""

    def __init__(self, app: ASGIApp, origins: AbstractSet[str], refused: Callable[[Error], ASGIApp] = refusal) -> None:
        """origins: those whose pages may use the API, besides this host's. refused: the response with the error."""
        self._app, self._origins, self._refused = app, origins, refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        found = {name: value for name, value in scope["headers"] if name in _READ}
        if not found.keys() - _HOST:
            await self._app(scope, receive, send)
            return
        origin, site, host = (_text(found.get(name)) for name in (b"origin", b"sec-fetch-site", b"host"))
        if _is_navigation(scope, found):
            await self._app(scope, receive, send)
        elif not is_allowed(origin, site, host or "", self._origins):
            await self._refused(request_error(FORBIDDEN_ORIGIN, REFUSED))(scope, receive, send)
        elif origin is None or is_of_host(origin.strip().lower().rstrip("/"), host or ""):
            await self._app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and b"access-control-request-method" in found:
            await _respond(send, 204, [*_granted(origin), *PREFLIGHT], b"")
        else:
            await self._app(scope, receive, _granting(send, origin))


_HOST: Final = {b"host"}
_READ: Final = {b"origin", b"sec-fetch-site", b"sec-fetch-mode", b"access-control-request-method"} | _HOST


def _is_navigation(scope: Scope, found: dict[bytes, bytes]) -> bool:
    """Whether a person follows a link to the GraphiQL page. A query needs a token, which no link carries."""
    return scope["method"] == "GET" and found.get(b"sec-fetch-mode") == b"navigate" and b"origin" not in found


def _granting(send: Send, origin: str) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", []), *_granted(origin), EXPOSED]}
        await send(message)

    return sending


def _granted(origin: str) -> Headers:
    return [(b"access-control-allow-origin", origin.encode("latin-1")), (b"vary", b"Origin")]


async def _respond(send: Send, status: int, headers: Headers, body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode("latin-1")
