"""Long work that is asked to stop ends where nothing is half done, and tells what it did."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType
from typing import Final

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


class Stop(Event):
    """Set by the first of the signals. status: the exit status of who was stopped by it."""

    def __init__(self) -> None:
        super().__init__()
        self.status = 128 + signal.SIGINT


@contextmanager
def stoppable() -> Iterator[Stop]:
    """An interrupt from the keyboard and SIGTERM are heard, once: a second one does what it always does."""
    stop = Stop()
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def heard(number: int, frame: FrameType | None) -> None:
        restore()
        stop.status = 128 + number
        stop.set()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    for number in SIGNALS:
        signal.signal(number, heard)
    try:
        yield stop
    finally:
        restore()
