"""The worker's rebuilds: of views whose rows are older than the code, and of requested ones."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from threading import Event
from typing import Any, Final, cast

import psycopg

from projections.catalogue import VIEWS
from projections.following.leadership import OtherVersion, connect
from projections.following.outages import is_outage
from projections.reading.read_connections import ConnectionLost, Connections
from projections.rebuilding import copies, rebuild_queue
from projections.rebuilding.progress import RebuildCancelled
from projections.rebuilding.rebuild import BeingRebuilt, rebuild
from projections.rebuilding.rebuild_attempt import NotSwapped
from projections.rebuilding.rebuild_queue import CHANNEL, RebuildOutcome
from projections.rebuilding.verification import RowsDiffer
from projections.tables.view import View
from service.errors import Unavailable
from service.event_store.mapper import decode

CHECK_INTERVAL: Final = 10.0
"""Seconds between two checks if no notification arrives."""
RETRY_INTERVAL: Final = 2.0
"""Seconds before the database is tried again after an outage."""
LISTEN: Final = 1.0
"""Seconds between two checks of the stop event."""

log = logging.getLogger(__name__)


def rebuild_requester(connections: Connections) -> Callable[[str], Awaitable[None]]:
    """Requests the rebuild of a view from any worker, now or later. Raises Unavailable."""

    async def request(view: str) -> None:
        try:
            async with connections.connection() as connection:
                await connection.execute(rebuild_queue.ASK, [view])
        except (TimeoutError, psycopg.Error, ConnectionLost) as error:
            raise Unavailable("the database does not answer") from error

    return request


class RebuildWorker:
    """Rebuilds one view at a time, while the old rows are served. Permanent failures are retried on request only."""

    def __init__(self, url: str, views: Sequence[View] = VIEWS, look: float = CHECK_INTERVAL) -> None:
        self._url = url
        self._views = {view.name: view for view in views}
        self._versions = {view.name: view.version for view in views}
        self._look = look
        self._since: datetime | None = None
        copies.code()

    def run(self, stop: Event) -> None:
        """Runs until `stop` is set. The next worker resumes a rebuild in progress."""
        while not stop.is_set():
            try:
                with connect(self._url, "mandate rebuilds") as connection:
                    connection.execute(f"LISTEN {CHANNEL}".encode())
                    while not stop.is_set():
                        self._run_due_rebuilds(connection, stop)
                        self._listen(connection, stop)
            except psycopg.Error as error:
                log.warning("requested rebuilds are checked again later: %s", error)
                stop.wait(min(self._look, RETRY_INTERVAL))

    def _listen(self, connection: psycopg.Connection[Any], stop: Event) -> None:
        waited = 0.0
        while not stop.is_set() and waited < self._look:
            for _ in connection.notifies(timeout=min(LISTEN, self._look), stop_after=1):
                return
            waited += LISTEN

    def _run_due_rebuilds(self, connection: psycopg.Connection[Any], stop: Event) -> None:
        """One at a time, with a new query for each: much may change during a rebuild."""
        tried: list[str] = []
        while not stop.is_set():
            since = self._since = self._since or _now(connection)
            name = rebuild_queue.due(connection, self._versions, since, tried)
            if name is None:
                return
            self._rebuild(connection, self._views[name], stop)
            tried.append(name)

    def _rebuild(self, connection: psycopg.Connection[Any], view: View, stop: Event) -> None:
        log.info("rebuild of %s, version %d", view.name, view.version)
        try:
            rebuilt = rebuild(view, self._url, decode, stop=stop)
            log.info("rebuilt %s in %.1f s", view.name, rebuilt.seconds)
        except (BeingRebuilt, OtherVersion) as error:
            log.info("%s: it is checked again", error)
        except NotSwapped as error:
            self._settle(connection, view, RebuildOutcome.POSTPONED, 0, error)
        except RebuildCancelled as error:
            if not stop.is_set():
                self._settle(connection, view, RebuildOutcome.CANCELLED, 0, error)
        except RowsDiffer as error:
            self._settle(connection, view, RebuildOutcome.REFUSED, error.comparison.differing, error)
        except psycopg.errors.DiskFull as error:
            self._settle(connection, view, RebuildOutcome.POSTPONED, 0, error)
        except Exception as error:
            if is_outage(error):
                raise
            log.exception("%s cannot be rebuilt", view.name)
            self._settle(connection, view, RebuildOutcome.FAILED, 0, error)

    def _settle(
        self, connection: psycopg.Connection[Any], view: View, outcome: RebuildOutcome, differing: int, error: Exception
    ) -> None:
        log.warning("the rebuild of %s ended, and nothing was changed: %s", view.name, error)
        rebuild_queue.settle(connection, view.name, view.version, outcome, differing, str(error))


def _now(connection: psycopg.Connection[Any]) -> datetime:
    row = connection.execute("SELECT clock_timestamp()").fetchone()
    assert row is not None
    return cast(datetime, row[0])
