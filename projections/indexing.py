"""The indexes of a view's copy, built side by side once its rows are loaded."""

from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from typing import Any, Final

import psycopg

from projections import copies
from projections.following import connect
from projections.view import View

LOOK: Final = 0.5
"""Seconds between two looks at whether to stop."""


def index(view: View, url: str, connection: psycopg.Connection[Any], jobs: int, look: Callable[[], None]) -> None:
    """All indexes and keys of the served tables, on the copy's, and the statistics.

    jobs: sessions that build one each. look: called meanwhile; whatever it raises ends what they do.
    Raises psycopg.Error.
    """
    names = copies.indexes(connection, view)
    with ExitStack() as sessions, ThreadPoolExecutor(jobs, "index") as pool:
        used = [sessions.enter_context(connect(url, f"mandate rebuild {view.name}")) for _ in names[:jobs]]
        building = {pool.submit(_build, session, names) for session in used}
        try:
            _await(building, look)
        finally:
            names.clear()
            while not all(each.done() for each in building):
                for session in used:
                    with suppress(psycopg.OperationalError):  # the server is gone, and the statement with it
                        session.cancel_safe()
                wait(building, LOOK)
    copies.complete(connection, view)


def _build(session: psycopg.Connection[Any], names: list[str]) -> None:
    """Takes from the front until there are none."""
    session.execute("SET statement_timeout = 0")
    while True:
        try:
            name = names.pop(0)
        except IndexError:
            return
        copies.build_index(session, name)


def _await(building: set[Future[None]], look: Callable[[], None]) -> None:
    left = building
    while left:
        done, left = wait(left, LOOK, FIRST_EXCEPTION)
        for each in done:
            each.result()
        look()
