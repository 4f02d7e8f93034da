"""GraphQL over server-sent events: a response for each operation ("distinct connections mode")."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.access.identity import Identity
from service.graphql.execution.cost_budget import BudgetExceeded
from service.graphql.execution.executor import GraphQLResponse
from service.graphql.execution.graphql_errors import (
    BLOCKED,
    INTERNAL,
    UNAUTHENTICATED,
    UNAVAILABLE,
    SubscriptionsEnded,
    request_error,
)
from service.graphql.execution.request import encode_json
from service.graphql.schema.context import Services
from service.graphql.subscriptions.lifetime import (
    FAULT,
    FORBIDDEN,
    GONE,
    RESTART,
    SERVER_RESTARTS,
    TRY_LATER,
    UNAUTHORIZED,
    ConnectionClosed,
    TimedSender,
)
from service.graphql.subscriptions.limits import RETRY_AFTER, LimitReached, person_of

EVENT_STREAM: Final = "text/event-stream"
HEADERS: Final = {
    "content-type": f"{EVENT_STREAM}; charset=utf-8",
    "x-accel-buffering": "no",
}
COMPLETE: Final = b"event: complete\ndata:\n\n"
KEEP_ALIVE: Final = b":\n\n"
DONE: Final = 1000
PROBLEMS: Final[Mapping[int | None, str]] = {
    UNAUTHORIZED: UNAUTHENTICATED,
    FORBIDDEN: BLOCKED,
    TRY_LATER: UNAVAILABLE,
    FAULT: INTERNAL,
}
"""The error codes with which a stream reports why it ends."""

_log = logging.getLogger(__name__)


class SseResponse(Response):
    """Streams responses, an error if it ends early, and `complete`. At a server restart it ends without `complete`: the
    client resumes from the last position."""

    def __init__(self, answers: AsyncGenerator[GraphQLResponse, None], identity: Identity, services: Services) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._answers = answers
        self._identity = identity
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        live = self._services.subscriptions
        to_client = TimedSender(send, live.limits.send_timeout)

        async def serve(tasks: asyncio.TaskGroup) -> None:
            await to_client({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await to_client(_body(KEEP_ALIVE))
            tasks.create_task(_wait_for_disconnect(receive))
            tasks.create_task(live.until_unauthorized(self._identity))
            tasks.create_task(_keep_alive(to_client, live.limits.keep_alive_interval))
            await self._send_responses(to_client)

        try:
            with live.connections.occupied(person_of(self._identity)):
                ending = await live.serve_until_closed(serve)
        except LimitReached as full:
            await self._answers.aclose()
            await _refusal(full)(scope, receive, send)
            return
        await _send_end(ending, to_client, live.limits.close_timeout)

    async def _send_responses(self, to_client: TimedSender) -> None:
        try:
            async with aclosing(self._answers) as answers:
                async for answer in answers:
                    self._services.subscriptions.check(self._identity)
                    await to_client(_body(_next(answer.body)))
        except SubscriptionsEnded:
            raise ConnectionClosed(RESTART, SERVER_RESTARTS) from None
        except BudgetExceeded as spent:
            raise ConnectionClosed(TRY_LATER, str(spent)) from None
        raise ConnectionClosed(DONE)


def _refusal(full: LimitReached) -> Response:
    headers = {"content-type": "application/json", "retry-after": f"{RETRY_AFTER:.0f}"}
    return Response(encode_json({"errors": [dict(full.formatted)]}), 503, headers)


async def _wait_for_disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise ConnectionClosed(GONE)


async def _keep_alive(to_client: TimedSender, interval: float) -> None:
    """Sends keep-alive comments: detects clients that are gone, and keeps proxies from closing the connection."""
    while True:
        await asyncio.sleep(interval)
        await to_client(_body(KEEP_ALIVE))


async def _send_end(ending: ConnectionClosed, to_client: TimedSender, close_timeout: float) -> None:
    """Sends the reason of the end; a slow client receives it when it resumes reading."""
    last = COMPLETE if ending.code == DONE else b""
    if ending.code in PROBLEMS:
        last = _next({"errors": [request_error(PROBLEMS[ending.code], ending.reason)]}) + COMPLETE
    try:
        await to_client(_body(last, more=False), close_timeout)
    except ConnectionClosed:
        _log.info("the client did not receive why its stream ended: %s", ending.reason)


def _next(body: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + encode_json(body) + b"\n\n"


def _body(content: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}
