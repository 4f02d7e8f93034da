"""Measures HTTP requests, in front of everything else."""

from collections.abc import Callable
from time import monotonic
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.graphql.http.endpoint import PATH

Observe = Callable[[str, str, int, float], None]
"""Takes method, path, status, and seconds until the response began."""
OTHER: Final = "other"
"""In place of paths that clients make up. Methods that do not exist do not get here: the parser refuses them."""


class MeasuredHttp:
    """An ASGI application that calls `observe` when a response begins, so that streams are measured too."""

    def __init__(self, app: ASGIApp, observe: Observe) -> None:
        self._app = app
        self._observe = observe

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = monotonic()

        async def measured(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._observe(scope["method"], path_of(scope), message["status"], monotonic() - started)
            await send(message)

        await self._app(scope, receive, measured)


def path_of(scope: Scope) -> str:
    """The path with the names of its parameters, as '/api/requests/{reference}'."""
    if scope["path"] == PATH:
        return PATH
    route = getattr(scope.get("route"), "path", None)
    return OTHER if route is None else f"{scope.get('root_path', '')}{route}"
