"""Long work of the database, attended: whoever waits for it tells how it goes, and can end it at any moment."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, Final, TypeVar

import psycopg

T = TypeVar("T")

LOOK: Final = 0.5
"""Seconds between two looks at whether to stop."""
ANSWER: Final = 5.0
"""Seconds that the server gets to take in that a statement is cancelled, before it is told again."""


def run_cancellable(
    sessions: Sequence[psycopg.Connection[Any]],
    work: Callable[[psycopg.Connection[Any]], T],
    look: Callable[[], None],
) -> list[T]:
    """What the same work comes to in each of some sessions, side by side.

    look: called meanwhile. Whatever it raises, or one session, ends what the others do.
    """
    with ThreadPoolExecutor(len(sessions), "attended") as pool:
        begun: list[Future[T]] = []
        try:
            begun += (pool.submit(work, session) for session in sessions)
            left = set(begun)
            while left:
                done, left = wait(left, LOOK, FIRST_EXCEPTION)
                for each in done:
                    each.result()
                look()
        finally:
            while not all(each.done() for each in begun):
                for session in sessions:
                    with suppress(psycopg.Error):  # the server is gone, and the statement with it
                        session.cancel_safe(timeout=ANSWER)
                wait(begun, LOOK)
    return [each.result() for each in begun]
