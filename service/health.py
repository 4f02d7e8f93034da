"""Whether the register can do its work now, as load balancers, containers and operators ask."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy.exc import DBAPIError

from domain.vocabulary import SYSTEM
from projections import checkpoints
from projections.catalogue import VIEW_OF
from projections.checkpoints import FollowerState, Status
from projections.reading.reader import Reader, Unanswered
from projections.rebuilding import queue
from projections.rebuilding.queue import Ended
from service.errors import Unavailable
from service.migrations import pending
from service.policing import COURSE

FOLLOWED: Final = (*VIEW_OF, COURSE)
"""All that has to be kept up to date."""
STUCK_AFTER: Final = 30.0


@dataclass(frozen=True, slots=True)
class Tolerance:
    """What is not yet wrong. stuck_after: seconds that a view may stand still while events wait. parked: streams."""

    stuck_after: float = STUCK_AFTER
    parked: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """problems: what is wrong, by what it is wrong with; none when all is well.

    statuses: of the views, where known. ended: how their last rebuilds did.
    """

    problems: dict[str, str]
    statuses: Sequence[Status] = ()
    ended: Sequence[Ended] = ()

    @property
    def is_ready(self) -> bool:
        return not self.problems

    def told(self) -> dict[str, Any]:
        return {"status": "ready" if self.is_ready else "not ready", "problems": self.problems}


class Examination:
    """Examines one process's register, as often as it is asked."""

    def __init__(self, reader: Reader, url: str, tolerance: Tolerance, probe: Callable[[], None]) -> None:
        """probe: takes the way of a command, and raises Unavailable where none can be recorded."""
        self._reader = reader
        self._url = url
        self._tolerance = tolerance
        self._probe = probe
        self._is_migrated = False

    async def examine(self) -> Health:
        """The database answers, its tables fit this version, commands can be recorded, and views are up to date."""
        try:
            if not self._is_migrated and (missing := await asyncio.to_thread(pending, self._url)):
                return Health({"migrations": f"{', '.join(missing)} not applied: run 'mandate migrate'"})
            self._is_migrated = True
            reading = await self._reader.reading(SYSTEM)
            statuses = await reading.rows(checkpoints.statuses(FOLLOWED))
            ended = await reading.rows(queue.ended())
            problems = view_problems(statuses, self._tolerance) | await self._command_problems()
            return Health(problems, statuses, ended)
        except (Unanswered, DBAPIError):
            return Health({"database": "it does not answer"})

    async def _command_problems(self) -> dict[str, str]:
        try:
            await asyncio.to_thread(self._probe)
        except Unavailable as error:
            return {"commands": f"they cannot be recorded: {error}"}
        return {}


def view_problems(statuses: Sequence[Status], tolerance: Tolerance) -> dict[str, str]:
    """What is wrong with all that is followed, by name. statuses: of each of it."""
    known = {status.view: status for status in statuses}
    found = {name: _problem(known[name], tolerance) for name in FOLLOWED}
    return {name: problem for name, problem in found.items() if problem is not None}


def _problem(status: Status, tolerance: Tolerance) -> str | None:
    if status.version is None:
        return "it was never followed: run 'mandate worker'"
    view = VIEW_OF.get(status.view)
    if view is not None and status.position and status.version != view.version:
        return _of_another_version(status, status.version, view.version)
    if status.state is FollowerState.FAILED:
        return "its follower cannot apply what comes next"
    if status.held_by is not None:
        holder = status.held_by or "a session without a name"
        return f"its lock is held by {holder}, which is no follower: end that session"
    if not status.led:
        return "no follower leads it: run 'mandate worker'"
    if status.lag and min(status.lag_seconds, status.still_for) > tolerance.stuck_after:
        return f"its follower stands still: {status.lag:,} events wait, the oldest for {status.lag_seconds:.0f} s"
    if status.parked > tolerance.parked and status.view == COURSE:
        return f"they cannot judge {status.parked} requests, and go on without them: see 'mandate parked list'"
    if status.parked > tolerance.parked:
        return f"{status.parked} of its streams are parked: see 'mandate parked list'"
    return None


def _of_another_version(status: Status, version: int, wanted: int) -> str | None:
    """Being built anew is no problem: the old rows are served. Nobody doing so is one."""
    if status.rebuild is not None and status.rebuild.swaps:
        return None
    which = f"its rows are of version {version}, this code's are of {wanted}"
    if version > wanted:
        return f"{which}: run the newer version, or 'mandate rebuild {status.view}'"
    return f"{which}, and nobody builds it anew: run 'mandate worker', or 'mandate rebuild {status.view}'"
