"""The indexes of a view's copy, built in parallel once its rows are loaded."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg

from projections.following.leadership import connect
from projections.rebuilding import copies
from projections.rebuilding.cancellable import run_cancellable
from projections.tables.view import View


def index(view: View, url: str, connection: psycopg.Connection[Any], jobs: int, look: Callable[[], None]) -> None:
    """Builds all indexes and keys of the live tables on the copy, and its statistics.

    jobs: parallel sessions. look: called meanwhile; an error of it cancels them.
    Raises psycopg.Error.
    """
    names = copies.indexes(connection, view)
    with ExitStack() as sessions:
        used = [sessions.enter_context(connect(url, f"mandate rebuild {view.name}")) for _ in names[:jobs]]
        run_cancellable(used, lambda session: _build(session, names), look)
    copies.complete(connection, view)


def _build(session: psycopg.Connection[Any], names: list[str]) -> None:
    """Takes names from the front until none is left."""
    session.execute("SET statement_timeout = 0")
    while True:
        try:
            name = names.pop(0)
        except IndexError:
            return
        copies.build_index(session, name)
