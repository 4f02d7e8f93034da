"""A file that a thread writes is sent as fast as the client reads it, and no further."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO

from service.graphql.subscriptions.lifetime import FORBIDDEN, ConnectionClosed
from service.rest.streamed_file import CHUNK, StreamedFile

PARTS = 20
SCOPE = {"type": "http", "method": "GET", "headers": [], "query_string": b""}


class Client:
    """What a server would have sent. may_read: set while the client reads."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.may_read = asyncio.Event()
        self.gone = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Any) -> None:
        await self.may_read.wait()
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages)


class Writer:
    """Writes PARTS parts. written: how many it has handed over. ended: by what."""

    def __init__(self, *, fails_after: int = PARTS) -> None:
        self.written, self.ended, self._fails_after = 0, "", fails_after
        self.began = threading.Event()

    def write(self, file: BinaryIO, check: Callable[[], None]) -> None:
        try:
            for part in range(PARTS):
                if part == self._fails_after:
                    raise ValueError("a secret detail")
                check()
                file.write(bytes([part]) * CHUNK)
                self.written += 1
                self.began.set()
            self.ended = "whole"
        except Exception as error:
            self.ended = type(error).__name__
            raise


def answer(writer: Writer, use: Callable[[Client], Any], check: Callable[[], None] = lambda: None) -> Client:
    async def run() -> Client:
        client = Client()
        with ThreadPoolExecutor(1) as threads:
            file = StreamedFile(writer.write, {"Content-Type": "text/plain"}, threads, check, 60)
            sending = asyncio.create_task(file(SCOPE, client.receive, client.send))
            await use(client)
            await sending
        return client

    return asyncio.run(run())


async def reads(client: Client) -> None:
    client.may_read.set()


def test_a_file_is_sent_whole() -> None:
    writer = Writer()
    client = answer(writer, reads)
    assert client.body == b"".join(bytes([part]) * CHUNK for part in range(PARTS))
    assert (client.messages[0]["status"], client.messages[-1]["more_body"]) == (200, False)


def test_the_writer_waits_for_the_client() -> None:
    writer = Writer()

    async def reads_late(client: Client) -> None:
        await asyncio.to_thread(writer.began.wait)
        for _ in range(1000):
            await asyncio.sleep(0)
        assert writer.written <= 3
        client.may_read.set()

    assert len(answer(writer, reads_late).body) == PARTS * CHUNK
    assert writer.ended == "whole"


def test_the_writer_ends_when_the_client_has_gone() -> None:
    writer = Writer()

    async def leaves(client: Client) -> None:
        await asyncio.to_thread(writer.began.wait)
        client.gone.set()

    client = answer(writer, leaves)
    assert writer.ended == "BrokenPipeError"
    assert client.messages == []


def test_who_is_blocked_meanwhile_reads_no_further() -> None:
    checks = iter([None, None, ConnectionClosed(FORBIDDEN, "blocked")])

    def check() -> None:
        if (refusal := next(checks, ConnectionClosed(FORBIDDEN, "blocked"))) is not None:
            raise refusal

    writer = Writer()
    client = answer(writer, reads, check)
    assert len(client.body) == 2 * CHUNK
    assert client.messages[-1]["more_body"]
    assert writer.ended in ("ConnectionClosed", "BrokenPipeError")


def test_a_failure_cuts_what_was_begun() -> None:
    client = answer(Writer(fails_after=3), reads)
    assert client.messages[-1]["more_body"]
    assert b"secret" not in client.body


def test_a_failure_before_the_first_chunk_is_a_problem() -> None:
    client = answer(Writer(fails_after=0), reads)
    assert client.messages[0]["status"] == 500
    assert b"correlationId" in client.body
    assert b"secret" not in client.body
