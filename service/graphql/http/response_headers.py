"""Headers of every response, on every path: by default, none is cached or read as another type than it says."""

from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS: Final = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_RAW: Final = tuple((name.lower().encode(), value.encode()) for name, value in HEADERS.items())


class ResponseHeaders:
    """ASGI middleware. A response may have other values of its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message.setdefault("headers", [])
                own = {name for name, _ in headers}
                message["headers"] = [*headers, *(each for each in _RAW if each[0] not in own)]
            await send(message)

        await self._app(scope, receive, sending)
