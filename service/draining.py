"""A server that ends what would else go on for ever before it waits for the rest."""

from socket import socket

import uvicorn
from fastapi import FastAPI


class DrainingServer(uvicorn.Server):
    """Ends subscriptions when it is asked to end: their clients connect again, elsewhere or later."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        if (services := getattr(self._app.state, "services", None)) is not None:
            services.live.drain()
        await super().shutdown(sockets)
