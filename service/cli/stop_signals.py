"""Graceful stop of long work on SIGINT and SIGTERM."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stop(Event):
    """Set by the first signal. status: exit status for that signal."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 128 + signal.SIGINT


@contextmanager
def stoppable() -> Iterator[Stop]:
    """Handles the first SIGINT or SIGTERM; a second one has its usual effect."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def on_signal(number: int, frame: FrameType | None) -> None:
        restore()
        stop.status = 128 + number
        stop.set()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in SIGNALS:
        signal.signal(number, on_signal)
    try:
        yield stop
    finally:
        restore()
