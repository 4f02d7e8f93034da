"""The uvicorn server of the API, which closes subscriptions before it drains requests."""

import os
from socket import socket
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from service.graphql.subscriptions.bounded_websocket import BoundedWebSocket
from service.graphql.subscriptions.limits import LONGEST_MESSAGE
from service.processes.measured_http import MeasuredHttp
from service.processes.tracing import TracedHttp, is_on

DRAIN: Final = 10
"""Seconds for requests in progress to finish."""


def configured(app: FastAPI, **options: Any) -> uvicorn.Config:
    """The uvicorn configuration, in production and tests. WebSockets are not compressed: small messages stay small.

    options: settings of uvicorn.
    """

    def observe(method: str, path: str, status: int, seconds: float) -> None:
        if (metrics := getattr(app.state, "metrics", None)) is not None:
            metrics.http(method, path, status, seconds)

    measured = MeasuredHttp(app, observe)
    return uvicorn.Config(
        TracedHttp(measured) if is_on(os.environ) else measured,
        timeout_graceful_shutdown=DRAIN,
        ws=BoundedWebSocket,
        ws_max_size=LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        **options,
    )


class DrainingServer(uvicorn.Server):
    """Ends subscriptions at shutdown, so that their clients reconnect, elsewhere or later.

    It waits for them itself, since uvicorn would close their sockets without a close message.
    """

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if (services := getattr(self._app.state, "services", None)) is not None:
            await services.subscriptions.drain()
        await super().shutdown(sockets)
