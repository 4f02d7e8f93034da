"""The indexes of a view's copy, built side by side once its rows are loaded."""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

import psycopg

from projections.following.leadership import connect
from projections.rebuilding import copies
from projections.rebuilding.cancellable import run_cancellable
from projections.tables.view import View


def index(view: View, url: str, connection: psycopg.Connection[Any], jobs: int, look: Callable[[], None]) -> None:
    """All indexes and keys of the served tables, on the copy's, and the statistics.

    jobs: sessions that build one each. look: called meanwhile; whatever it raises ends what they do.
    Raises psycopg.Error.
    """
    names = copies.indexes(connection, view)
    with ExitStack() as sessions:
        used = [sessions.enter_context(connect(url, f"mandate rebuild {view.name}")) for _ in names[:jobs]]
        run_cancellable(used, lambda session: _build(session, names), look)
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
