"""Rebuilds a view in a copy next to the live one, and swaps it in in one short transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import psycopg

from projections.following.leadership import connect
from projections.following.replay import Decode
from projections.reading.view_status import REBUILDS, ProgressReport
from projections.rebuilding import copies, rebuild_queue
from projections.rebuilding.parallel_load import LoaderLost, infrequent_gc
from projections.rebuilding.progress import ProgressReporter, RebuildCancelled
from projections.rebuilding.rebuild_attempt import RebuildAttempt, RebuildResult
from projections.rebuilding.verification import Comparison
from projections.tables.view import View


class BeingRebuilt(Exception):
    """Another process is rebuilding this view."""


def rebuild(
    view: View,
    url: str,
    decode: Decode,
    progress: Callable[[ProgressReport], None] = lambda _: None,
    stop: Event | None = None,
    *,
    jobs: int = 1,
    accept: bool = False,
    go_back: bool = False,
) -> RebuildResult:
    """Builds a view's rows from all events, catches up with those recorded meanwhile, compares, and swaps.

    Readers see the old rows until the swap; the new rows are never older. Appends never wait for a rebuild.
    If it is stopped or killed while loading, the next rebuild with the same code resumes there. Copies that cannot be
    resumed are dropped.
    jobs: parallel loader processes, if there is enough to load; then parallel sessions for indexes.
    accept: swap even if the new rows differ from live rows of the same version. go_back: swap even if the live rows are
    of a newer version.
    Raises BeingRebuilt, RebuildCancelled, RowsDiffer, LoaderLost, NotAsFolded, NotCopied, NotSwapped, OtherVersion,
    UnappliableEvent, psycopg.Error, and errors of decode.
    """
    with _attempt(view, url, decode, progress, stop, jobs, swaps=True) as attempt:
        return attempt.run(accept, go_back)


def verify(
    view: View,
    url: str,
    decode: Decode,
    progress: Callable[[ProgressReport], None] = lambda _: None,
    stop: Event | None = None,
    *,
    jobs: int = 1,
) -> Comparison | None:
    """Builds and compares like a rebuild, without a swap. None if the view was never followed.

    Raises what `rebuild` raises, except errors of a swap.
    """
    with _attempt(view, url, decode, progress, stop, jobs, swaps=False) as attempt:
        return attempt.compared()


def discard(view: View, url: str) -> bool:
    """Drops the copy of an interrupted rebuild. Returns whether there was one.

    Raises BeingRebuilt, psycopg.Error.
    """
    with connect(url, f"mandate discard {view.name}") as connection, _exclusive(connection, view):
        there = copies.is_there(connection, view)
        copies.clear(connection, view)
        return there


@contextmanager
def _attempt(
    view: View,
    url: str,
    decode: Decode,
    progress: Callable[[ProgressReport], None],
    stop: Event | None,
    jobs: int,
    *,
    swaps: bool,
) -> Iterator["RebuildAttempt"]:
    with connect(url, f"mandate rebuild {view.name}") as connection, _exclusive(connection, view), infrequent_gc():
        connection.execute("SET statement_timeout = 0")
        rebuild_queue.begin(connection, view.name)
        reporter = ProgressReporter(connection, view, progress, stop or Event(), swaps)
        attempt = RebuildAttempt(view, url, connection, decode, reporter, jobs)
        resumable = False
        try:
            yield attempt
        except (RebuildCancelled, LoaderLost, KeyboardInterrupt):
            resumable = True
            raise
        finally:
            if not connection.broken:
                attempt.leave(resumable)


@contextmanager
def _exclusive(connection: psycopg.Connection[Any], view: View) -> Iterator[None]:
    keys = [REBUILDS, view.name]
    row = connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", keys).fetchone()
    if row is None or not row[0]:
        raise BeingRebuilt(f"{view.name} is being rebuilt already")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", keys)
