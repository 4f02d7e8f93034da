"""Limit on the size of request bodies, for every path."""

import json
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.graphql.execution.graphql_errors import BAD_USER_INPUT, request_error

LONGEST: Final = 4 * 1024 * 1024
"""Bytes."""
PATIENCE: Final = 16
"""Multiples of the limit that are still read and discarded, so that the client can read the refusal."""


class TooLong(Exception):
    """Raised by `receive` beyond the limit. Applications must let it pass."""


class BodyLimit:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, longest: int = LONGEST) -> None:
        self._app = app
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif (length := _content_length(scope)) is not None and length > self._longest:
            await self._refuse(scope, receive, send)
        else:
            await self._serve_counted(scope, receive, send)

    async def _serve_counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Counts the body if its Content-Length is missing or may be wrong."""
        received, more, started = 0, True, False

        async def counting() -> Message:
            nonlocal received, more
            message = await receive()
            received, more = received + len(message.get("body", b"")), _has_more(message)
            if received > self._longest:
                raise TooLong
            return message

        async def sending(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._app(scope, counting, sending)
        except TooLong:
            if started:
                raise
            await self._refuse(scope, receive, send, received, more)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, received: int = 0, more: bool = True) -> None:
        while more and received <= PATIENCE * self._longest:
            message = await receive()
            received, more = received + len(message.get("body", b"")), _has_more(message)
        error = request_error(BAD_USER_INPUT, f"A request has at most {self._longest:,} bytes.")
        headers = {"content-type": "application/json", "connection": "close"}
        await Response(json.dumps({"errors": [error]}), 413, headers)(scope, receive, send)


def _has_more(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body", False))


def _content_length(scope: Scope) -> int | None:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(value) if value.isdigit() else None
