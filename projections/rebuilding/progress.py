"""How far a rebuild is, told where others can see it; and whoever is to stop it is heard at the same time."""

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

LOADED: Final = "if it was loading, the next rebuild goes on from there"


class RebuildCancelled(Exception):
    """It was stopped before the swap. What was served is served; if it was loading, the next one goes on from there."""


class ProgressReporter:
    """Of one rebuild. total, processed: events that are to be read, and that were read. swaps: whether it is to.

    Whatever looks around raises Cancelled: `enter`, `read`, `rest`, `look`.
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
        """Since it began."""
        return (datetime.now(UTC) - self._began).total_seconds()

    def enter(self, step: RebuildStep) -> None:
        self._step = step
        self.look()

    def read(self, events: int) -> None:
        """So many more."""
        self.processed += events
        self.look()

    def wait_for(self, holders: Sequence[str]) -> None:
        """Whom it waits for, to be told to who watches here."""
        self._waits_for = ", ".join(holders)

    def rest(self, seconds: float) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0:
            sleep(min(left, LOOK))
            self.look()

    def look(self) -> None:
        if self._stop.is_set():
            raise RebuildCancelled(f"it was stopped: {LOADED}")
        told = ProgressReport(
            processed=self.processed,
            total=max(self.total, self.processed),
            started_at=self._began,
            updated_at=datetime.now(UTC),
            step=self._step,
            swaps=self.swaps,
            waits_for=self._waits_for,
        )
        if rebuild_queue.report_progress(self._connection, self._view.name, self._view.version, told):
            raise RebuildCancelled(f"it was cancelled: {LOADED}")
        self._report(told)
