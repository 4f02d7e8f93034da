"""While whole blocks of events are in memory, Python looks for reference cycles rarely: there are none in them."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

RARELY: Final = (200_000, 10, 10)
"""Objects more than before until it looks. By default 700: every event was looked at again and again, which took half
of the time of reading and a third of that of a rebuild."""


@contextmanager
def collecting_rarely() -> Iterator[None]:
    """Of the whole process, for as long as the context lasts."""
    before = gc.get_threshold()
    gc.set_threshold(*RARELY)
    try:
        yield
    finally:
        gc.set_threshold(*before)
