"""How long a request may be. What is longer is refused, whatever it asks for."""

import json
from typing import Final

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.graphql.execution.graphql_errors import BAD_USER_INPUT, request_error

HEADERS: Final = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
"""Of every answer: what it says is for who asked, now."""
LONGEST: Final = 4 * 1024 * 1024
"""Bytes."""
PATIENCE: Final = 16
"""How many times that is still taken in, unread, so that the client gets to read why it was refused."""


class TooLong(Exception):
    """Raised to whoever reads the body on. It is not theirs to answer."""


class BodyLimit:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, longest: int = LONGEST) -> None:
        self._app = app
        self._longest = longest

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif (announced := _announced(scope)) is not None and announced > self._longest:
            await self._refuse(scope, receive, send)
        else:
            await self._counted(scope, receive, send)

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What does not say how long it is, or says so wrongly."""
        taken, more, began = 0, True, False

        async def counting() -> Message:
            nonlocal taken, more
            message = await receive()
            taken, more = taken + len(message.get("body", b"")), _goes_on(message)
            if taken > self._longest:
                raise TooLong
            return message

        async def sending(message: Message) -> None:
            nonlocal began
            began = True
            await send(message)

        try:
            await self._app(scope, counting, sending)
        except TooLong:
            if began:
                raise
            await self._refuse(scope, receive, send, taken, more)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, taken: int = 0, more: bool = True) -> None:
        while more and taken <= PATIENCE * self._longest:
            message = await receive()
            taken, more = taken + len(message.get("body", b"")), _goes_on(message)
        error = request_error(BAD_USER_INPUT, f"A request has at most {self._longest:,} bytes.")
        headers = {**HEADERS, "content-type": "application/json", "connection": "close"}
        await Response(json.dumps({"errors": [error]}), 413, headers)(scope, receive, send)


def _goes_on(message: Message) -> bool:
    return message["type"] == "http.request" and bool(message.get("more_body", False))


def _announced(scope: Scope) -> int | None:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"")
    return int(value) if value.isdigit() else None
