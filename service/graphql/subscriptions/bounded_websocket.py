"""The WebSockets of uvicorn, with bounds on what a client may send before anything of it is looked at.

uvicorn takes in whatever arrives at once: 40,000 empty frames cost a second of the event loop, and each ping is
answered whether or not the client reads. Here a little is taken in at a time, and what no client needs ends the
connection.
"""

import logging
from typing import Any, Final

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode, Frame

SLICE: Final = 2048
"""Bytes that are taken in before other connections have their turn."""
FRAGMENTS: Final = 100
"""Frames of one message."""
PINGS: Final = 5
"""Pings and pongs in a second. A client sends one every few seconds."""

_log = logging.getLogger(__name__)
_log.setLevel(logging.WARNING)  # what is told of each connection has its query string, and tokens


class BoundedWebSocket(WebSocketsSansIOProtocol):
    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.logger = self.conn.logger = _log
        self.conn.debug = False
        self._rest = bytearray()
        self._is_due = False
        self._has_failed = False
        self._pings = 0
        self._second = 0.0

    def data_received(self, data: bytes) -> None:
        if self._has_failed:
            return
        self._rest += data
        if not self._is_due and not self.read_paused:
            self._take_in()
        self._hold_back()

    async def receive(self) -> Any:
        """What is left is taken in once the application has taken what came before."""
        message = await super().receive()
        if self._rest and not self.read_paused:
            self._be_due()
        self._hold_back()
        return message

    def _take_in(self) -> None:
        """The next slice; after it, others have their turn."""
        self._is_due = False
        if self._has_failed or self.disconnected:
            self._rest.clear()
            return
        part = bytes(self._rest[:SLICE])
        del self._rest[:SLICE]
        super().data_received(part)
        if self.read_paused or self.transport.is_closing():
            return
        if self._rest:
            self._be_due()
        else:
            self.transport.resume_reading()

    def _be_due(self) -> None:
        if not self._is_due:
            self._is_due = True
            self.loop.call_soon(self._take_in)

    def _hold_back(self) -> None:
        """Nothing more is read while something is left."""
        if self._rest and not self.transport.is_closing():
            self.transport.pause_reading()

    def handle_cont(self, event: Frame) -> None:
        if len(self.frames) >= FRAGMENTS:
            self._fail(f"A message has at most {FRAGMENTS} frames.")
        else:
            super().handle_cont(event)

    def handle_ping(self) -> None:
        if self._is_one_too_many():
            self._fail("Too many pings.")
        else:
            super().handle_ping()

    def handle_pong(self, event: Frame) -> None:
        if self._is_one_too_many():
            self._fail("Too many pongs.")
        else:
            super().handle_pong(event)

    def _is_one_too_many(self) -> bool:
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
