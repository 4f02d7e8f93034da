"""uvicorn's WebSocket protocol with limits that apply before frames are parsed.

uvicorn processes everything that arrives at once: 40,000 empty frames take a second of the event loop, and it answers
each ping whether or not the client reads. Here input is processed in slices, and excess frames close the connection.
"""

import logging
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

SLICE: Final = 2048
"""Bytes processed before other connections are served."""
FRAGMENTS: Final = 100
"""Maximum frames of one message."""
PINGS: Final = 5
"""Maximum pings and pongs per second. A client sends one every few seconds."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.WARNING)  # lower levels log query strings and tokens


class BoundedWebSocket(WebSocketsSansIOProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = self.conn.logger = _log
        self.conn.debug = False
        self._buffer = bytearray()
        self._is_scheduled = False
        self._has_failed = False
        self._pings = 0
        self._second = 0.0

    def data_received(self, data: bytes) -> None:
        if self._has_failed:
            return
        self._buffer += data
        if not self._is_scheduled and not self.read_paused:
            self._process_slice()
        self._pause_while_buffered()

    async def receive(self) -> Any:
        """Receives a message and schedules the rest of the input."""
        message = await super().receive()
        if self._buffer and not self.read_paused:
            self._schedule()
        self._pause_while_buffered()
        return message

    def _process_slice(self) -> None:
        """Processes the next slice, then yields to other connections."""
        self._is_scheduled = False
        if self._has_failed or self.disconnected:
            self._buffer.clear()
            return
        part = bytes(self._buffer[:SLICE])
        del self._buffer[:SLICE]
        super().data_received(part)
        if self.read_paused or self.transport.is_closing():
            return
        if self._buffer:
            self._schedule()
        else:
            self.transport.resume_reading()

    def _schedule(self) -> None:
        if not self._is_scheduled:
            self._is_scheduled = True
            self.loop.call_soon(self._process_slice)

    def _pause_while_buffered(self) -> None:
        """Pauses reading while input is buffered."""
        if self._buffer and not self.transport.is_closing():
            self.transport.pause_reading()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= FRAGMENTS:
            self._fail(f"A message has at most {FRAGMENTS} frames.")
        else:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self._exceeds_ping_limit():
            self._fail("Too many pings.")
        else:
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._exceeds_ping_limit():
            self._fail("Too many pongs.")
        else:
            super().handle_pong(event)

    def _exceeds_ping_limit(self) -> bool:
        now = self.loop.time()
        if now >= self._second + 1:
            self._second, self._pings = now, 0
        self._pings += 1
        return self._pings > PINGS

    def _fail(self, reason: str) -> None:
        if not self._has_failed:
            self._has_failed = True
            self.conn.fail(CloseCode.POLICY_VIOLATION, reason)
            self.handle_parser_exception()
