"""Problems of the views and the policies: what their followers do, and whether there are any."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from projections.catalogue import VIEW_OF
from projections.following.leadership import OF_ANOTHER_LOG
from projections.reading.lock_holders import Blocked
from projections.reading.view_status import ViewStatus
from projections.tables import checkpoints, deliveries
from projections.tables.checkpoints import FollowerState
from projections.tables.view import View
from service.commands.policy_runner import CONSUMER_NAME

FOLLOWED: Final = (*VIEW_OF, CONSUMER_NAME, deliveries.NAME)
"""All consumers of the log that must be up to date."""
STUCK_AFTER: Final = 30.0


@dataclass(frozen=True, slots=True)
class HealthTolerance:
    """Thresholds. stuck_after: seconds that events may wait, that a view may have no follower, and that a process may
    take to start or to recover.

    parked: number of streams.
    """

    stuck_after: float = STUCK_AFTER
    parked: int = 0


def any_late(statuses: Sequence[ViewStatus], tolerance: HealthTolerance) -> bool:
    """Whether events wait longer than allowed."""
    return any(_is_late(status, tolerance) for status in statuses)


def view_faults(statuses: Sequence[ViewStatus], tolerance: HealthTolerance) -> dict[str, str]:
    """Problems that remain although a follower leads, by name of the consumer. statuses: one per consumer."""
    found = {status.view: _fault(status, tolerance) for status in statuses if status.view in FOLLOWED}
    return {name: fault for name, fault in found.items() if fault is not None}


def unfollowed(
    statuses: Sequence[ViewStatus],
    tolerance: HealthTolerance,
    locks: Sequence[Blocked] = (),
    unled_for: Mapping[str, float] | None = None,
) -> dict[str, str]:
    """Problems that a worker which is starting may solve, by name of the consumer.

    statuses: one per consumer. locks: that followers may wait for. unled_for: seconds without a follower; None counts
    as too long.
    """
    unled = dict.fromkeys(FOLLOWED, inf) if unled_for is None else unled_for
    found = {
        status.view: _unfollowed(status, tolerance, _lock(status.view, locks), unled.get(status.view, 0))
        for status in statuses
        if status.view in FOLLOWED
    }
    return {name: problem for name, problem in found.items() if problem is not None}


def _fault(status: ViewStatus, tolerance: HealthTolerance) -> str | None:
    view = VIEW_OF.get(status.view)
    if view is not None and _is_newer(status, view):
        which = f"its rows are of version {status.version}, this code's are of {view.version}"
        return f"{which}: run the newer version, or 'mandate rebuild {status.view}'"
    if _is_late(status, tolerance) and status.state is FollowerState.FAILED:
        return "its follower cannot apply what comes next"
    if status.parked > tolerance.parked and status.view == CONSUMER_NAME:
        return f"they cannot judge {status.parked} requests, and continue without them: see 'mandate parked list'"
    if status.parked > tolerance.parked:
        return f"{status.parked} of its streams are parked: see 'mandate parked list'"
    return None


def _unfollowed(status: ViewStatus, tolerance: HealthTolerance, lock: Blocked | None, unled_for: float) -> str | None:
    is_late = _is_late(status, tolerance)
    is_stuck = is_late and status.still_for > tolerance.stuck_after
    view = VIEW_OF.get(status.view)
    if status.version == OF_ANOTHER_LOG and status.rebuild is None:
        return "it has applied events that are not in the log, as after a restore: a worker must rebuild it"
    if view is not None and status.position and status.version is not None and status.version < view.version:
        return _of_older_version(status, status.version, view.version)
    if status.state is FollowerState.FAILED or (view is not None and _is_newer(status, view)):
        return None
    if is_stuck and lock is not None:
        return lock.description
    if is_late or unled_for > tolerance.stuck_after:
        if status.held_by is not None:
            holder = status.held_by or "a session without a name"
            return f"its lock is held by {holder}, which is no follower: end that session"
        if status.version is None:
            return "it was never followed: if no worker is starting, run 'mandate worker'"
        if not status.led:
            return "no follower leads it: if no worker is starting, run 'mandate worker'"
    if is_stuck:
        return f"its follower stands still: {status.lag:,} events wait, the oldest for {status.lag_seconds:.0f} s"
    return None


def _is_newer(status: ViewStatus, view: View) -> bool:
    """Whether a newer version of the code wrote its rows."""
    return bool(status.position) and status.version is not None and status.version > view.version


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


def _of_older_version(status: ViewStatus, version: int, wanted: int) -> str | None:
    """A rebuild in progress is no problem: the old rows are served. It is one if no worker rebuilds the view."""
    if status.rebuild is not None and status.rebuild.swaps:
        return None
    which = f"its rows are of version {version}, this code's are of {wanted}"
    return f"{which}, and no worker rebuilds it: run 'mandate worker', or 'mandate rebuild {status.view}'"
