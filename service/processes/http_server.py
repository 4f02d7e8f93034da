"""A server that ends what would else go on for ever before it waits for the rest."""

from socket import socket
from typing import Any, Final

import uvicorn
from fastapi import FastAPI

from service.graphql.subscriptions.bounded_websocket import BoundedWebSocket
from service.graphql.subscriptions.limits import LONGEST_MESSAGE

DRAIN: Final = 10
"""Seconds that requests under way have to end."""


def configured(app: FastAPI, **other: Any) -> uvicorn.Config:
    """How the API is served, wherever that is. WebSockets are not compressed: a small message stays a small one.

    other: settings of uvicorn.
    """
    return uvicorn.Config(
        app,
        timeout_graceful_shutdown=DRAIN,
        ws=BoundedWebSocket,
        ws_max_size=LONGEST_MESSAGE,
        ws_per_message_deflate=False,
        log_config=None,
        access_log=False,
        **other,
    )


class DrainingServer(uvicorn.Server):
    """Ends subscriptions when it is asked to end: their clients connect again, elsewhere or later. It waits for them
    itself, since uvicorn would close their sockets without a word, whatever is under way on them."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        if (services := getattr(self._app.state, "services", None)) is not None:
            await services.subscriptions.drain()
        await super().shutdown(sockets)
