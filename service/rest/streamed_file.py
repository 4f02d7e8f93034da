"""A response that a thread writes while the client reads it."""

import asyncio
import io
import logging
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from typing import Any, BinaryIO, Final

from starlette.types import Receive, Scope, Send

from service.graphql.http.body import Disconnected
from service.graphql.http.disconnection import while_connected
from service.graphql.subscriptions.lifetime import ConnectionClosed, TimedSender
from service.rest.problems import problem_for

CHUNK: Final = 64 * 1024
"""Bytes."""
WriteFile = Callable[[BinaryIO, Callable[[], None]], None]
"""Writes the file. It calls the second argument now and then, and ends if that raises BrokenPipeError."""

_log = logging.getLogger(__name__)


class StreamedFile:
    """An ASGI application. The writer waits while the client does not read, and ends when the client has gone, is
    blocked, or reads nothing for too long. A connection that ends without the last chunk means an incomplete file."""

    def __init__(
        self,
        write: WriteFile,
        headers: Mapping[str, str],
        threads: Executor,
        check: Callable[[], None],
        patience: float,
    ) -> None:
        """check: raises ConnectionClosed if the client may not read on. patience: seconds for it to take a chunk."""
        self._write, self._threads, self._check, self._patience = write, threads, check, patience
        self._headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        to_client, started = TimedSender(send, self._patience), False

        async def chunk(content: bytes, *, more: bool = True) -> None:
            nonlocal started
            self._check()
            if not started:
                started = True
                await to_client({"type": "http.response.start", "status": 200, "headers": self._headers})
            await to_client({"type": "http.response.body", "body": content, "more_body": more})

        pipe = Pipe(asyncio.get_running_loop(), chunk)
        writing = asyncio.wrap_future(self._threads.submit(self._fill, pipe))
        try:
            await while_connected(receive, asyncio.shield(writing))
            await chunk(b"", more=False)
        except (Disconnected, ConnectionClosed, BrokenPipeError) as ended:
            _log.info("a file was not read to its end: %s", str(ended) or type(ended).__name__)
        except Exception as error:  # noqa: BLE001
            problem = problem_for(error)
            if not started:
                await problem.response()(scope, receive, send)
        finally:
            pipe.end()
            with suppress(Exception):
                await writing

    def _fill(self, pipe: "Pipe") -> None:
        file = io.BufferedWriter(pipe, CHUNK)
        try:
            self._write(file, pipe.check)
            file.flush()
        except BaseException:
            pipe.end()  # before the file is finalized, which writes what it has
            raise


class Pipe(io.RawIOBase):
    """Passes what a thread writes to a coroutine, and waits until it has taken it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, send: Callable[[bytes], Coroutine[Any, Any, None]]) -> None:
        self._loop, self._send = loop, send
        self._sending: Future[None] | None = None
        self._is_ended = False

    def writable(self) -> bool:
        return True

    def check(self) -> None:
        """Raises BrokenPipeError if nobody takes what is written."""
        if self._is_ended:
            raise BrokenPipeError

    def write(self, content: Any) -> int:
        self.check()
        self._sending = asyncio.run_coroutine_threadsafe(self._taken(bytes(content)), self._loop)
        try:
            self._sending.result()
        except CancelledError:
            raise BrokenPipeError from None
        return len(content)

    def end(self) -> None:
        self._is_ended = True
        if self._sending is not None:
            self._sending.cancel()

    async def _taken(self, content: bytes) -> None:
        self.check()
        await self._send(content)
