"""Health of the register, for load balancers, containers and operators."""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from domain.vocabulary import SYSTEM
from projections.reading import view_status
from projections.reading.delivery_counts import NONE_WAIT, DeliveryCounts, delivery_counts
from projections.reading.lock_holders import blocked
from projections.reading.reader import DatabaseUnavailable, Reader
from projections.reading.view_status import ViewStatus
from projections.rebuilding import rebuild_queue
from projections.rebuilding.rebuild_queue import RebuildEnd
from projections.tables import deliveries
from service.commands.policy_runner import CONSUMER_NAME
from service.database.migrations import pending
from service.errors import Overloaded, Unavailable
from service.processes.view_problems import FOLLOWED, HealthTolerance, any_late, unfollowed, view_faults

FRESH: Final = 0.5
"""Seconds for which a report is reused, so that frequent requests cost the database nothing."""

log = logging.getLogger(__name__)

DATABASE: Final = "database"
MIGRATIONS: Final = "migrations"
COMMANDS: Final = "commands"
DELIVERIES: Final = deliveries.NAME

Probe = Callable[[], None]
"""Takes the path of a command. Raises Unavailable if nothing can be recorded. May block its thread."""
Warn = Callable[[], str | None]
"""Returns a warning for operators, or None. May block its thread; raises Unavailable."""

STARTING: Final = "starting"
RECOVERING: Final = "recovering"
"""Warnings for views without a follower, after the start of the process and after the database was unavailable."""


@dataclass(frozen=True, slots=True)
class HealthReport:
    """problems: subject -> problem; empty if healthy.

    warnings: for operators; they do not affect readiness. statuses: of the views, if known.
    ended: results of their last rebuilds. deliveries: messages that wait or were given up.
    """

    problems: Mapping[str, str]
    statuses: Sequence[ViewStatus] = ()
    ended: Sequence[RebuildEnd] = ()
    warnings: Mapping[str, str] = field(default_factory=dict)
    deliveries: DeliveryCounts = NONE_WAIT

    @property
    def is_ready(self) -> bool:
        return not self.problems

    @property
    def is_ready_for_commands(self) -> bool:
        """Commands do not read the views. They need the log and a migrated database."""
        return not self.problems.keys() & {COMMANDS, MIGRATIONS}

    @property
    def is_ready_for_reads(self) -> bool:
        return not self.problems.keys() - {COMMANDS, CONSUMER_NAME, DELIVERIES}

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


def _given_up(messages: DeliveryCounts) -> dict[str, str]:
    if not messages.dead:
        return {}
    what = "1 message was" if messages.dead == 1 else f"{messages.dead:,} messages were"
    return {DELIVERIES: f"{what} given up: see 'mandate deliveries list'"}


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
        """reader: with a connection that queries do not use. warnings: by subject. fresh: seconds."""
        self._reader = reader
        self._url = url
        self._tolerance = tolerance
        self._probe = probe
        self._warnings = warnings or {}
        self._fresh = fresh
        self._is_migrated = False
        self._begin(STARTING)
        self._failing_since: float | None = None
        self._latest: asyncio.Task[HealthReport] | None = None
        self._fresh_until = 0.0

    async def run(self) -> HealthReport:
        if self._latest is None or (self._latest.done() and time.monotonic() >= self._fresh_until):
            self._latest = asyncio.create_task(self._check())
        return await asyncio.shield(self._latest)

    async def _check(self) -> HealthReport:
        reads, failure, warnings = await asyncio.gather(self._reads(), self._failure(), self._active_warnings())
        is_outage = DATABASE in reads.problems
        commands = self._commands(failure, is_outage=is_outage)
        if is_outage:
            self._begin(RECOVERING)
        self._fresh_until = time.monotonic() + self._fresh
        return HealthReport(
            {**reads.problems, **commands.problems},
            reads.statuses,
            reads.ended,
            {**reads.warnings, **commands.warnings, **warnings, **_given_up(reads.deliveries)},
            reads.deliveries,
        )

    async def _failure(self) -> Unavailable | None:
        """Why commands cannot be recorded now, or None."""
        try:
            await asyncio.to_thread(self._probe)
        except Unavailable as error:
            return error
        return None

    def _commands(self, failure: Unavailable | None, *, is_outage: bool) -> HealthReport:
        """Too many commands at once are a warning until they last, an outage is a problem until the probe succeeds."""
        if failure is None:
            self._failing_since = None
            return HealthReport({})
        if is_outage or not isinstance(failure, Overloaded):
            self._failing_since = -inf
        since = self._failing_since = self._failing_since or time.monotonic()
        found = {COMMANDS: f"they cannot be recorded: {failure}"}
        return HealthReport({}, warnings=found) if self._is_allowed(since) else HealthReport(found)

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
            [messages] = await reading.rows(delivery_counts())
            locks = await reading.rows(blocked()) if any_late(statuses, self._tolerance) else []
        except (DatabaseUnavailable, DBAPIError) as error:
            log.warning("the health check got no answer from the database: %s", error)
            return HealthReport({DATABASE: "it does not answer"})
        faults = view_faults(statuses, self._tolerance)
        is_allowed, unled_for = self._is_allowed(self._phase_since), self._unled_for(statuses)
        missing_followers = unfollowed(statuses, self._tolerance, locks, None if is_allowed else unled_for)
        if is_allowed:
            return HealthReport(faults, statuses, ended, dict.fromkeys(missing_followers, self._phase), messages)
        return HealthReport({**faults, **missing_followers}, statuses, ended, deliveries=messages)

    def _begin(self, phase: str) -> None:
        """No follower has been seen since."""
        self._phase, self._phase_since = phase, time.monotonic()
        self._unled_since = dict.fromkeys(FOLLOWED, self._phase_since)

    def _is_allowed(self, since: float) -> bool:
        return time.monotonic() - since <= self._tolerance.stuck_after

    def _unled_for(self, statuses: Sequence[ViewStatus]) -> dict[str, float]:
        """Seconds without a follower, as seen by this process."""
        now = time.monotonic()
        self._unled_since = {each.view: self._unled_since.get(each.view, now) for each in statuses if not each.led}
        return {view: now - since for view, since in self._unled_since.items()}
