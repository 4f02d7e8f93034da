"""Progress and cancellation of a rebuild: written to the database, reported to the caller, checked meanwhile."""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from time import monotonic, sleep
from typing import Any, Final, TypeVar

import psycopg

from projections.reading.view_status import ProgressReport
from projections.rebuilding import rebuild_queue
from projections.tables.checkpoints import RebuildStep
from projections.tables.view import View

T = TypeVar("T")

LOOK: Final = 0.5
"""Seconds between calls of `look`."""
ANSWER: Final = 5.0
"""Seconds that the server has to accept a cancellation before it is repeated."""
RESUMES: Final = "if it was loading, the next rebuild resumes there"


class RebuildCancelled(Exception):
    """The rebuild was cancelled before the swap. The live rows are unchanged; an interrupted loading can be resumed."""


class ProgressReporter:
    """Progress of one rebuild. total, processed: events to read, and events read. swaps: whether it is to swap.

    `enter`, `read`, `rest` and `look` raise RebuildCancelled.
    """

    def __init__(
        self,
        connection: psycopg.Connection[Any],
        view: View,
        report: Callable[[ProgressReport], None],
        stop: Event,
        swaps: bool,
    ) -> None:
        self.total = 0
        self.processed = 0
        self._connection = connection
        self._view = view
        self._report = report
        self._stop = stop
        self.swaps = swaps
        self._step = RebuildStep.LOADING
        self._waits_for = ""
        self._began = datetime.now(UTC)

    @property
    def seconds(self) -> float:
        """Seconds since the start."""
        return (datetime.now(UTC) - self._began).total_seconds()

    def enter(self, step: RebuildStep) -> None:
        self._step = step
        self.look()

    def read(self, events: int) -> None:
        """Adds to the number of events read."""
        self.processed += events
        self.look()

    def wait_for(self, holders: Sequence[str]) -> None:
        """Sets the sessions that the swap waits for, for the caller's report."""
        self._waits_for = ", ".join(holders)

    def rest(self, seconds: float) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            sleep(min(left, LOOK))
            self.look()

    def look(self) -> None:
        if self._stop.is_set():
            raise RebuildCancelled(f"it was stopped: {RESUMES}")
        progress = ProgressReport(
            processed=self.processed,
            total=max(self.total, self.processed),
            started_at=self._began,
            updated_at=datetime.now(UTC),
            step=self._step,
            swaps=self.swaps,
            waits_for=self._waits_for,
        )
        if rebuild_queue.report_progress(self._connection, self._view.name, self._view.version, progress):
            raise RebuildCancelled(f"it was cancelled: {RESUMES}")
        self._report(progress)


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
