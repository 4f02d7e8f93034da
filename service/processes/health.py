"""Health of the register, for load balancers, containers and operators."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from domain.vocabulary import SYSTEM
from projections.catalogue import VIEW_OF
from projections.following.leadership import OF_ANOTHER_LOG
from projections.reading import view_status
from projections.reading.lock_holders import Blocked, blocked
from projections.reading.reader import DatabaseUnavailable, Reader
from projections.reading.view_status import ViewStatus
from projections.rebuilding import rebuild_queue
from projections.rebuilding.rebuild_queue import RebuildEnd
from projections.tables import checkpoints
from projections.tables.checkpoints import FollowerState
from service.commands.policy_runner import CONSUMER_NAME
from service.database.migrations import pending
from service.errors import Unavailable

FOLLOWED: Final = (*VIEW_OF, CONSUMER_NAME)
"""All consumers of the log that must be up to date."""
STUCK_AFTER: Final = 30.0
FRESH: Final = 0.5
"""Seconds for which a report is reused, so that frequent requests cost the database nothing."""

log = logging.getLogger(__name__)

DATABASE: Final = "database"
MIGRATIONS: Final = "migrations"
COMMANDS: Final = "commands"

Probe = Callable[[], None]
"""Takes the path of a command. Raises Unavailable if nothing can be recorded. May block its thread."""
Warn = Callable[[], str | None]
"""Returns a warning for operators, or None. May block its thread; raises Unavailable."""


@dataclass(frozen=True, slots=True)
class HealthTolerance:
    """Thresholds. stuck_after: seconds that events may wait, and that a view may have no follower.

    parked: number of streams.
    """

    stuck_after: float = STUCK_AFTER
    parked: int = 0


@dataclass(frozen=True, slots=True)
class HealthReport:
    """problems: subject -> problem; empty if healthy.

    warnings: for operators; they do not affect readiness. statuses: of the views, if known.
    ended: results of their last rebuilds.
    """

    problems: Mapping[str, str]
    statuses: Sequence[ViewStatus] = ()
    ended: Sequence[RebuildEnd] = ()
    warnings: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ready(self) -> bool:
        return not self.problems

    @property
    def is_ready_for_commands(self) -> bool:
        """Commands do not read the views. They need the log and a migrated database."""
        return not self.problems.keys() & {COMMANDS, MIGRATIONS}

    @property
    def is_ready_for_reads(self) -> bool:
        return not self.problems.keys() - {COMMANDS, CONSUMER_NAME}

    def as_dict(self) -> dict[str, Any]:
        return {
            "status": _ready(self.is_ready),
            "commands": _ready(self.is_ready_for_commands),
            "reads": _ready(self.is_ready_for_reads),
            "problems": self.problems,
            "warnings": self.warnings,
        }


def _ready(is_ready: bool) -> str:
    return "ready" if is_ready else "not ready"


class HealthCheck:
    """Checks the register from one process. Callers during a check, or just after it, get the same report."""

    def __init__(
        self,
        reader: Reader,
        url: str,
        tolerance: HealthTolerance,
        probe: Probe,
        warnings: Mapping[str, Warn] | None = None,
        fresh: float = FRESH,
    ) -> None:
        """warnings: by subject. fresh: seconds."""
        self._reader = reader
        self._url = url
        self._tolerance = tolerance
        self._probe = probe
        self._warnings = warnings or {}
        self._fresh = fresh
        self._is_migrated = False
        self._unled_since: dict[str, float] = {}
        self._latest: asyncio.Task[HealthReport] | None = None
        self._fresh_until = 0.0

    async def run(self) -> HealthReport:
        if self._latest is None or (self._latest.done() and time.monotonic() >= self._fresh_until):
            self._latest = asyncio.create_task(self._check())
        return await asyncio.shield(self._latest)

    async def _check(self) -> HealthReport:
        reads, commands, warnings = await asyncio.gather(
            self._reads(), self._command_problems(), self._active_warnings()
        )
        self._fresh_until = time.monotonic() + self._fresh
        return HealthReport({**reads.problems, **commands}, reads.statuses, reads.ended, warnings)

    async def _command_problems(self) -> dict[str, str]:
        try:
            await asyncio.to_thread(self._probe)
        except Unavailable as error:
            return {COMMANDS: f"they cannot be recorded: {error}"}
        return {}

    async def _active_warnings(self) -> dict[str, str]:
        """An unavailable database is reported as a problem already."""
        found = {}
        for what, warn in self._warnings.items():
            with suppress(Unavailable):
                if (warning := await asyncio.to_thread(warn)) is not None:
                    found[what] = warning
        return found

    async def _reads(self) -> HealthReport:
        """Checks that the database answers, is migrated, and that every view is up to date."""
        try:
            if not self._is_migrated and (missing := await asyncio.to_thread(pending, self._url)):
                return HealthReport({MIGRATIONS: f"{', '.join(missing)} not applied: run 'mandate migrate'"})
            self._is_migrated = True
            reading = await self._reader.reading(SYSTEM)
            statuses = await reading.rows(view_status.statuses(FOLLOWED))
            ended = await reading.rows(rebuild_queue.ended())
            locks = await reading.rows(blocked()) if late(statuses, self._tolerance) else []
            return HealthReport(
                view_problems(statuses, self._tolerance, locks, self._unled_for(statuses)), statuses, ended
            )
        except (DatabaseUnavailable, DBAPIError) as error:
            log.warning("the health check got no answer from the database: %s", error)
            return HealthReport({DATABASE: "it does not answer"})

    def _unled_for(self, statuses: Sequence[ViewStatus]) -> dict[str, float]:
        """Seconds without a follower, as seen by this process."""
        now = time.monotonic()
        self._unled_since = {each.view: self._unled_since.get(each.view, now) for each in statuses if not each.led}
        return {view: now - since for view, since in self._unled_since.items()}


def late(statuses: Sequence[ViewStatus], tolerance: HealthTolerance) -> bool:
    """Whether events wait longer than allowed."""
    return any(_is_late(status, tolerance) for status in statuses)


def view_problems(
    statuses: Sequence[ViewStatus],
    tolerance: HealthTolerance,
    locks: Sequence[Blocked] = (),
    unled_for: Mapping[str, float] | None = None,
) -> dict[str, str]:
    """Problems of all consumers, by name.

    statuses: one per consumer. locks: that followers may wait for. unled_for: seconds without a follower; None counts
    as too long.
    """
    known = {status.view: status for status in statuses}
    unled = dict.fromkeys(FOLLOWED, inf) if unled_for is None else unled_for
    found = {name: _problem(known[name], tolerance, _lock(name, locks), unled.get(name, 0)) for name in FOLLOWED}
    return {name: problem for name, problem in found.items() if problem is not None}


def _problem(status: ViewStatus, tolerance: HealthTolerance, lock: Blocked | None, unled_for: float) -> str | None:
    if status.version is None:
        return "it was never followed: run 'mandate worker'"
    is_late = _is_late(status, tolerance)
    is_stuck = is_late and status.still_for > tolerance.stuck_after
    view = VIEW_OF.get(status.view)
    if status.version == OF_ANOTHER_LOG and status.rebuild is None:
        return "it has applied events that are not in the log, as after a restore: a worker must rebuild it"
    if view is not None and status.position and status.version != view.version:
        return _of_another_version(status, status.version, view.version)
    if is_late and status.state is FollowerState.FAILED:
        return "its follower cannot apply what comes next"
    if is_stuck and lock is not None:
        return lock.description
    if is_late or unled_for > tolerance.stuck_after:
        if status.held_by is not None:
            holder = status.held_by or "a session without a name"
            return f"its lock is held by {holder}, which is no follower: end that session"
        if not status.led:
            return "no follower leads it: run 'mandate worker'"
    if is_stuck:
        return f"its follower stands still: {status.lag:,} events wait, the oldest for {status.lag_seconds:.0f} s"
    if status.parked > tolerance.parked and status.view == CONSUMER_NAME:
        return f"they cannot judge {status.parked} requests, and continue without them: see 'mandate parked list'"
    if status.parked > tolerance.parked:
        return f"{status.parked} of its streams are parked: see 'mandate parked list'"
    return None


def _is_late(status: ViewStatus, tolerance: HealthTolerance) -> bool:
    return status.lag > 0 and status.lag_seconds > tolerance.stuck_after


def _lock(name: str, locks: Sequence[Blocked]) -> Blocked | None:
    """The lock that its follower waits for, or else one that it will have to wait for."""
    waiting = [lock for lock in locks if lock.view == name]
    held = [lock for lock in locks if lock.view is None and lock.what in _tables(name)]
    return next(iter([*waiting, *held]), None)


def _tables(name: str) -> Collection[str]:
    """All tables that its follower writes."""
    if (view := VIEW_OF.get(name)) is None:
        return {checkpoints.table.name}
    memories = {memory.table.name for memory in view.memories.values()}
    return {checkpoints.table.name, *memories, *(table.name for table in view.tables)}


def _of_another_version(status: ViewStatus, version: int, wanted: int) -> str | None:
    """A rebuild in progress is no problem: the old rows are served. It is one if no worker rebuilds the view."""
    if status.rebuild is not None and status.rebuild.swaps:
        return None
    which = f"its rows are of version {version}, this code's are of {wanted}"
    if version > wanted:
        return f"{which}: run the newer version, or 'mandate rebuild {status.view}'"
    return f"{which}, and no worker rebuilds it: run 'mandate worker', or 'mandate rebuild {status.view}'"
