"""Progress of a rebuild, written to the database and reported to the caller; also checks for cancellation."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from threading import Event
from time import monotonic, sleep
from typing import Any, Final

import psycopg

from projections.reading.view_status import ProgressReport
from projections.rebuilding import rebuild_queue
from projections.rebuilding.cancellable import LOOK
from projections.tables.checkpoints import RebuildStep
from projections.tables.view import View

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
