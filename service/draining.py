"""A server that ends what would else go on for ever before it waits for the rest."""

from socket import socket

import uvicorn
from fastapi import FastAPI


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
            await services.live.drain()
        await super().shutdown(sockets)
