"""Long statements, with progress and cancellation."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from typing import Any, Final, TypeVar

import psycopg

T = TypeVar("T")

LOOK: Final = 0.5
"""Seconds between calls of `look`."""
ANSWER: Final = 5.0
"""Seconds that the server has to accept a cancellation before it is repeated."""


def run_cancellable(
    sessions: Sequence[psycopg.Connection[Any]],
    work: Callable[[psycopg.Connection[Any]], T],
    look: Callable[[], None],
) -> list[T]:
    """Runs the same work in several sessions in parallel and returns the results.

    look: called meanwhile. An error of `look` or of one session cancels the others.
    """
    with ThreadPoolExecutor(len(sessions), "cancellable") as pool:
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
                    with suppress(psycopg.Error):  # the connection is lost, and the statement ends with it
                        session.cancel_safe(timeout=ANSWER)
                wait(begun, LOOK)
    return [each.result() for each in begun]
