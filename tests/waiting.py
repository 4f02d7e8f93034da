"""Waiting for what is waited for: a condition is looked at again until it holds, within a bound."""

import threading
import time
from collections.abc import Callable

PAUSE = 0.02


def until(holds: Callable[[], object], *, seconds: float = 20) -> None:
    """Returns as soon as it holds. Raises AssertionError where it does not within these seconds."""
    pause = threading.Event()
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"it did not hold within {seconds} s"
        pause.wait(PAUSE)
