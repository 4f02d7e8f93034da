"""Reads the body of a request, up to a limit."""

from typing import Final

from starlette.types import Message, Receive

LONGEST: Final = 4 * 1024 * 1024
"""Bytes."""
PATIENCE: Final = 16
"""Multiples of the limit that are still read and discarded, so that the client can read the refusal."""


class TooLong(Exception):
    """The body exceeds the limit. The connection cannot be used again."""


class Disconnected(Exception):
    """The client is gone."""


async def read_body(receive: Receive, length: int | None) -> bytes:
    """length: bytes, as stated by the client; None if it does not say. Raises TooLong, Disconnected."""
    message = await receive()
    if not message.get("more_body") and message["type"] == "http.request":
        body: bytes = message.get("body", b"")
        if len(body) <= LONGEST:
            return body
    return await _read_on(message, receive, length)


async def _read_on(message: Message, receive: Receive, length: int | None) -> bytes:
    parts: list[bytes] = []
    received, refused = 0, length is not None and length > LONGEST
    while True:
        if message["type"] != "http.request":
            raise TooLong if refused else Disconnected
        part: bytes = message.get("body", b"")
        received += len(part)
        refused = refused or received > LONGEST
        parts.append(b"" if refused else part)
        if not message.get("more_body") or received > PATIENCE * LONGEST:
            break
        message = await receive()
    if refused:
        raise TooLong
    return b"".join(parts)
