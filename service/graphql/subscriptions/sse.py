"""GraphQL over server-sent events: a response for each operation ("distinct connections mode")."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Any, Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from service.graphql.execution.executor import Answer
from service.graphql.execution.graphql_errors import INTERNAL, UNAUTHENTICATED, UNAVAILABLE, Ended, problem
from service.graphql.execution.request import written
from service.graphql.schema.context import Services
from service.graphql.subscriptions.lifetime import (
    FAULT,
    GONE,
    RESTART,
    RESTARTS,
    TRY_LATER,
    UNAUTHORIZED,
    Ending,
    Patient,
    check_expiry,
    until_expired,
)
from service.graphql.subscriptions.limits import RETRY_AFTER, Full, person_of
from service.identity import Identity

EVENT_STREAM: Final = "text/event-stream"
HEADERS: Final = {
    "content-type": f"{EVENT_STREAM}; charset=utf-8",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-accel-buffering": "no",
}
COMPLETE: Final = b"event: complete\ndata:\n\n"
SIGN_OF_LIFE: Final = b":\n\n"
DONE: Final = 1000
PROBLEMS: Final[Mapping[int | None, str]] = {UNAUTHORIZED: UNAUTHENTICATED, TRY_LATER: UNAVAILABLE, FAULT: INTERNAL}
"""The codes of the contract under which a stream tells why it ends."""

_log = logging.getLogger(__name__)


class EventStream(Response):
    """The answers as they come, then `complete`; before it, why it ended sooner. Where the server ends it breaks off
    without `complete`: the client begins again from the last position."""

    def __init__(self, answers: AsyncGenerator[Answer, None], identity: Identity, services: Services) -> None:
        super().__init__(headers=HEADERS)
        del self.headers["content-length"]
        self._answers = answers
        self._identity = identity
        self._services = services

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        live = self._services.live
        to_client = Patient(send, live.bounds.patience)

        async def serve(tasks: asyncio.TaskGroup) -> None:
            await to_client({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await to_client(_body(SIGN_OF_LIFE))
            tasks.create_task(_until_gone(receive))
            tasks.create_task(until_expired(self._identity, self._services))
            tasks.create_task(_signs_of_life(to_client, live.bounds.beat))
            await self._deliver(to_client)

        try:
            with live.connections.one(person_of(self._identity)):
                ending = await live.ending(serve)
        except Full as full:
            await self._answers.aclose()
            await _refusal(full)(scope, receive, send)
            return
        await _end(ending, to_client, live.bounds.farewell)

    async def _deliver(self, to_client: Patient) -> None:
        try:
            async with aclosing(self._answers) as answers:
                async for answer in answers:
                    check_expiry(self._identity, self._services)
                    await to_client(_body(_next(answer.body)))
        except Ended:
            raise Ending(RESTART, RESTARTS) from None
        raise Ending(DONE)


def _refusal(full: Full) -> Response:
    headers = {
        "content-type": "application/json",
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "retry-after": f"{RETRY_AFTER:.0f}",
    }
    return Response(written({"errors": [dict(full.formatted)]}), 503, headers)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    raise Ending(GONE)


async def _signs_of_life(to_client: Patient, beat: float) -> None:
    """A client that went without a word is found out, and proxies keep the connection."""
    while True:
        await asyncio.sleep(beat)
        await to_client(_body(SIGN_OF_LIFE))


async def _end(ending: Ending, to_client: Patient, farewell: float) -> None:
    """A client that was too slow learns of it as soon as it reads on."""
    last = COMPLETE if ending.code == DONE else b""
    if ending.code in PROBLEMS:
        last = _next({"errors": [problem(PROBLEMS[ending.code], ending.reason)]}) + COMPLETE
    try:
        await to_client(_body(last, more=False), farewell)
    except Ending:
        _log.info("a client did not take the news that its stream was ended: %s", ending.reason)


def _next(body: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + written(body) + b"\n\n"


def _body(content: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.response.body", "body": content, "more_body": more}
