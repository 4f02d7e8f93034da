"""A view built anew beside the one that is served, and put in its place in one short transaction."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import psycopg

from projections.following.leadership import connect
from projections.following.replay import Decode
from projections.reading.view_status import REBUILDS, ProgressReport
from projections.rebuilding import copies, rebuild_queue
from projections.rebuilding.gc_tuning import collecting_rarely
from projections.rebuilding.parallel_load import LoaderLost
from projections.rebuilding.progress import ProgressReporter, RebuildCancelled
from projections.rebuilding.rebuild_attempt import RebuildAttempt, RebuildResult
from projections.rebuilding.verification import Comparison
from projections.tables.view import View


class BeingRebuilt(Exception):
    """Somebody else builds this view anew."""


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
    """Builds a view's rows from all events, catches up with those that arrive meanwhile, compares, and swaps.

    Readers see the old rows until they see the new ones, which are never older; nobody who appends waits for anything.
    Where it is stopped or killed while it loads, the next one with the same code goes on from there; whatever else is
    left, it clears away.
    jobs: processes that load side by side, where there is enough for them; then sessions that index.
    accept: swaps too where rows of the same version differ from those that are served. go_back: and where those that
    are served are of a newer version.
    Raises BeingRebuilt, Cancelled, Differs, FillerLost, NotAsFolded, NotCopied, NotSwapped, OtherVersion, Unappliable,
    psycopg.Error, and what decode raises.
    """
    with _building(view, url, decode, progress, stop, jobs, swaps=True) as building:
        return building.run(accept, go_back)


def verify(
    view: View,
    url: str,
    decode: Decode,
    progress: Callable[[ProgressReport], None] = lambda _: None,
    stop: Event | None = None,
    *,
    jobs: int = 1,
) -> Comparison | None:
    """The comparison alone: the same building, and no swap. None where nothing was followed yet.

    Raises as `rebuild` does, but for what concerns a swap.
    """
    with _building(view, url, decode, progress, stop, jobs, swaps=False) as building:
        return building.compared()


def discard(view: View, url: str) -> bool:
    """Lets go what one that was stopped has left to go on with. Whether there was something.

    Raises BeingRebuilt, psycopg.Error.
    """
    with connect(url, f"mandate discard {view.name}") as connection, _alone(connection, view):
        there = copies.is_there(connection, view)
        copies.clear(connection, view)
        return there


@contextmanager
def _building(
    view: View,
    url: str,
    decode: Decode,
    progress: Callable[[ProgressReport], None],
    stop: Event | None,
    jobs: int,
    *,
    swaps: bool,
) -> Iterator["RebuildAttempt"]:
    with connect(url, f"mandate rebuild {view.name}") as connection, _alone(connection, view), collecting_rarely():
        connection.execute("SET statement_timeout = 0")
        rebuild_queue.begin(connection, view.name)
        reporter = ProgressReporter(connection, view, progress, stop or Event(), swaps)
        building = RebuildAttempt(view, url, connection, decode, reporter, jobs)
        goes_on = False
        try:
            yield building
        except (RebuildCancelled, LoaderLost, KeyboardInterrupt):
            goes_on = True
            raise
        finally:
            if not connection.broken:
                building.leave(goes_on)


@contextmanager
def _alone(connection: psycopg.Connection[Any], view: View) -> Iterator[None]:
    keys = [REBUILDS, view.name]
    row = connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", keys).fetchone()
    if row is None or not row[0]:
        raise BeingRebuilt(f"{view.name} is being rebuilt already")
    try:
        yield
    finally:
        if not connection.broken:
            connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", keys)
