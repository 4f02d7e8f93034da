"""Appends in the background."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

from tests.projections.histories import Histories
from tests.projections.world import World

PAUSE = 0.01
"""Seconds between two appends, so that the end of the log stays within reach."""


@contextmanager
def appending(world: World, histories: Histories) -> Iterator[None]:
    """Somebody who appends all the time."""
    stop = Event()

    def append() -> None:
        while not stop.wait(PAUSE):
            world.append(histories.items(3))

    thread = Thread(target=append)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
