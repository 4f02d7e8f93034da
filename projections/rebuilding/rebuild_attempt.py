"""One attempt of a rebuild: a view's copy from its first row to the swap."""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.recorded_event import Recorded
from projections.following import parked_events
from projections.following.fold_cache import FoldCache
from projections.following.leadership import OtherVersion, connect, version_of
from projections.following.replay import BatchSize, Decode, LogReplay, count, head, topics
from projections.following.row_writer import UnappliableEvent, apply
from projections.rebuilding import copies, rebuild_queue
from projections.rebuilding.copies import AUTOVACUUM, NEXT, Copy
from projections.rebuilding.parallel_load import LoadJob, fill
from projections.rebuilding.progress import ProgressReporter, run_cancellable
from projections.rebuilding.rebuild_queue import RebuildOutcome
from projections.rebuilding.verification import Comparison, RowsDiffer, check_sample, compare, same_moment
from projections.tables.checkpoints import RebuildStep
from projections.tables.view import View

log = logging.getLogger(__name__)

CAUGHT_UP: Final = 500
"""Most events that are left for the transaction of the swap."""
LOCK_LIMITS: Final = (0.25, 0.25, 0.5, 1.0, 1.5, 2.0)
"""Seconds that the swap waits for locks in successive attempts. Readers that come later wait behind it that long."""
GIVES_WAY: Final = 1.5
"""Seconds after which an autovacuum has cancelled itself; it does so for a session that waits for `deadlock_timeout`
(1 s)."""
BREAK: Final = 5.0
"""Pause after a failed swap, as a multiple of its lock timeout, for sessions that waited behind it."""
TRIES: Final = 40


class NotSwapped(Exception):
    """Other sessions held locks on the view's tables too long, or changed the tables. The live rows are unchanged."""


class NotCopied(Exception):
    """The view's tables have features that copies do not get, so it cannot be swapped."""


@dataclass(frozen=True, slots=True)
class RebuildResult:
    """position: of the new rows. processed: events read by this attempt.

    comparison: with the live rows; None if the view was never followed.
    """

    view: str
    position: int
    processed: int
    seconds: float
    comparison: Comparison | None


class RebuildAttempt:
    """Loads a view's copy, brings it to the position of the live view, compares it, and swaps it in."""

    def __init__(
        self,
        view: View,
        url: str,
        connection: psycopg.Connection[Any],
        decode: Decode,
        reporter: ProgressReporter,
        jobs: int,
    ) -> None:
        self._view = view
        self._url = url
        self._connection = connection
        self._decode = decode
        self._progress = reporter
        self._jobs = jobs
        self._states = FoldCache(view, NEXT)
        self._batches = BatchSize()
        self._parked: dict[UUID, UnappliableEvent] = {}
        self._position = 0
        self._compared: Comparison | None = None
        self._holders: list[str] = []

    def run(self, accept: bool, go_back: bool) -> RebuildResult:
        served = version_of(self._connection, self._view.name) or 0
        if served > self._view.version and not go_back:
            raise OtherVersion(f"the rows of {self._view.name} are of version {served} already")
        comparison = self._compared = self.compared()
        if comparison and comparison.differing:
            log.warning("%s", comparison.summary())
            if not (accept or comparison.may_differ):
                raise RowsDiffer(comparison)
        self._catch_up(head)
        for attempt in range(TRIES):
            self._progress.enter(RebuildStep.SWAPPING)
            limit = LOCK_LIMITS[min(attempt, len(LOCK_LIMITS) - 1)]
            if copies.holders(self._connection, self._view) == [AUTOVACUUM]:
                limit = max(limit, GIVES_WAY)
            if self._try_to_swap(limit):
                done = self._progress.processed, self._progress.seconds
                return RebuildResult(self._view.name, self._position, *done, comparison)
            self._progress.rest(limit * BREAK)
            self._catch_up(head)
        raise NotSwapped(f"it is in constant use{self._by_whom()}")

    def compared(self) -> Comparison | None:
        """Builds the copy up to the position of the live view, and compares there. None if it was never followed."""
        self._progress.enter(RebuildStep.LOADING)
        followed = self._followed(self._connection)
        self._position = followed or head(self._connection)
        copy = self._copy_to_fill(self._position)
        self._position = copy.position
        self._load(copy, followed)
        return self._compare() if followed else None

    def _copy_to_fill(self, position: int) -> Copy:
        """A new copy to fill up to this position, or an interrupted one to resume."""
        left = copies.unfinished(self._connection, self._view, position)
        if left is not None:
            self._progress.total = self._events(left.position) - copies.so_far(self._connection, left).events
            log.info("%s: resumes a copy that lacks %d events", self._view.name, self._progress.total)
            return left
        self._progress.total = self._events(position)
        copy = copies.begin(self._connection, self._view, position, self._progress.total)
        if self._progress.swaps and (lacking := copies.unlike(self._connection, self._view, whole=False)) is not None:
            raise NotCopied(
                f"{lacking} has features that a copy does not get, such as triggers or restrictive policies"
            )
        return copy

    def _events(self, until: int) -> int:
        return count(self._connection, self._wanted(), until)

    def _compare(self) -> Comparison:
        for _ in range(TRIES):
            self._catch_up(self._followed)
            self._progress.enter(RebuildStep.COMPARING)
            with same_moment(self._view, self._url, NEXT, self._meet) as seen:
                if seen is not None:
                    return self._compare_in(*seen)
        raise NotSwapped("it and its copy did not reach the same position")

    def _compare_in(self, moment: psycopg.Connection[Any], position: int, version: int) -> Comparison:
        def compared(at: psycopg.Connection[Any]) -> Comparison:
            if self._progress.swaps and (changed := copies.unlike(at, self._view, whole=True)) is not None:
                raise NotSwapped(f"{changed} was changed while its copy was built")
            return compare(at, self._view, NEXT, position, version)

        [found] = run_cancellable([moment], compared, self._progress.look)
        replay = LogReplay(self._connection, self._decode, position, self._batches)
        sampled = check_sample(moment, self._view, NEXT, replay, position, self._parked)
        return replace(found, sampled=sampled)

    def _meet(self, position: int) -> bool:
        """Brings the copy to the position at which the live view is held, if few events are missing."""
        if not 0 <= position - self._position <= CAUGHT_UP:
            return False
        self._advance(position)
        return True

    def leave(self, resumable: bool) -> None:
        """Cleans up. Keeps the copy if resumable and its loading is not complete."""
        self._connection.execute("DELETE FROM projections.rebuilds WHERE view = %s", [self._view.name])
        if not (resumable and copies.unfinished(self._connection, self._view, self._position)):
            copies.clear(self._connection, self._view)

    def _load(self, copy: Copy, served: int) -> None:
        """Loads everything up to the copy's position: rows first, then derived rows and indexes."""
        self._progress.enter(RebuildStep.LOADING)
        job = LoadJob(self._view, self._url, self._decode, copy, served)
        with closing(fill(job, copies.missing(self._connection, copy), self._jobs)) as filled:
            for events in filled:
                self._progress.read(events)
        left_out = copies.so_far(self._connection, copy).left_out
        copies.close(self._connection, copy)
        self._progress.enter(RebuildStep.INDEXING)
        self._derive()
        copies.build_indexes(self._view, self._url, self._connection, self._jobs, self._progress.look)
        self._progress.enter(RebuildStep.CATCHING_UP)
        replay = LogReplay(self._connection, self._decode, copy.position, self._batches)
        for stream in left_out:
            self._apply_all(replay.of_stream(stream, topics(self._view.by_stream)))
        self._apply_all(replay.by_position(topics(self._view.by_position)))

    def _derive(self) -> None:
        """Computes the derived rows of the whole view."""
        if (derive := self._view.derive) is not None:
            with connect(self._url, f"mandate rebuild {self._view.name}") as session:
                session.execute("SET statement_timeout = 0")
                run_cancellable([session], lambda session: derive(session, NEXT, None), self._progress.look)

    def _apply_all(self, batches: Iterable[Sequence[Recorded[Any]]]) -> None:
        for batch in batches:
            for at in range(0, len(batch), CAUGHT_UP):
                block = batch[at : at + CAUGHT_UP]
                self._apply(block)
                self._progress.read(len(block))

    def _apply(self, block: Sequence[Recorded[Any]]) -> None:
        """Applies events in one transaction; if one fails, event by event, and parks its stream."""
        rest = [recorded for recorded in block if not self._is_parked(recorded)]
        try:
            with self._connection.transaction():
                folded = apply(self._view, self._connection, NEXT, rest, self._states)
        except parked_events.OF_THE_EVENT as error:
            if len(rest) == 1:
                self._park(rest[0], error)
            else:
                for recorded in rest:
                    self._apply([recorded])
        else:
            self._states.keep((each.subject, each.state) for each in folded)

    def _park(self, recorded: Recorded[Any], error: Exception) -> None:
        """Parks a stream that is parked in the live view, or whose event the live view has not reached, if it parks."""
        subject = self._view.subject(recorded)
        unappliable = (
            error
            if isinstance(error, UnappliableEvent)
            else UnappliableEvent(self._view.name, recorded, subject, error)
        )
        is_new = self._view.parks and recorded.position > self._followed(self._connection)
        if not (is_new or parked_events.is_parked(self._connection, self._view, subject)):
            raise unappliable from error
        self._parked[subject] = unappliable

    def _is_parked(self, recorded: Recorded[Any]) -> bool:
        error = self._parked.get(recorded.stream)
        return error is not None and recorded.position >= error.position

    def _catch_up(self, end_of: Callable[[psycopg.Connection[Any]], int]) -> None:
        """Applies events until few are left, so that sessions that wait for the rest do not wait long."""
        while (end := end_of(self._connection)) - self._position > CAUGHT_UP:
            self._progress.enter(RebuildStep.CATCHING_UP)
            self._advance(end)

    def _advance(self, end: int) -> None:
        replay = LogReplay(self._connection, self._decode, end, self._batches)
        self._apply_all(replay.by_position(self._wanted(), self._position))
        self._position = end

    def _wanted(self) -> list[str]:
        return topics((*self._view.by_stream, *self._view.by_position))

    def _try_to_swap(self, limit: float) -> bool:
        """Locks the checkpoint first, as followers do, so that the live rows do not change; then swaps."""
        before, processed = self._position, self._progress.processed
        try:
            with self._connection.transaction():
                self._connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{limit * 1000:.0f}ms"])
                served = self._followed(self._connection, "FOR UPDATE")
                self._advance(head(self._connection))
                copies.swap(self._connection, self._view)
                self._write_checkpoint(served)
        except psycopg.errors.ObjectNotInPrerequisiteState as error:
            raise NotSwapped(str(error).splitlines()[0]) from error
        except (psycopg.errors.LockNotAvailable, psycopg.errors.DeadlockDetected):
            self._holders = copies.holders(self._connection, self._view)
            self._progress.wait_for(self._holders)
            log.info("%s is in use%s: the swap is retried", self._view.name, self._by_whom())
            self._position, self._progress.processed = before, processed
            self._states.clear()
            return False
        return True

    def _by_whom(self) -> str:
        return f", by {', '.join(self._holders)}" if self._holders else ""

    def _followed(self, connection: psycopg.Connection[Any], lock: str = "") -> int:
        statement = f"SELECT position FROM projections.checkpoints WHERE view = %s {lock}"  # noqa: S608
        row = connection.execute(statement.encode(), [self._view.name]).fetchone()
        return int(row[0]) if row else 0

    def _write_checkpoint(self, served: int) -> None:
        self._connection.execute(
            """INSERT INTO projections.checkpoints AS c (view, version, position, recorded_at, updated_at, state)
               SELECT %(view)s, %(version)s, %(position)s, max(e.recorded_at), clock_timestamp(), 'STOPPED'
               FROM event_store.events e WHERE e.notification_id = %(position)s
               ON CONFLICT (view) DO UPDATE
               SET version = excluded.version, position = excluded.position, recorded_at = excluded.recorded_at,
                   updated_at = excluded.updated_at""",
            {"view": self._view.name, "version": self._view.version, "position": self._position},
        )
        parked_events.replace(self._connection, self._view, self._parked, self._wanted(), served, self._position)
        differing, summary = (self._compared.differing, self._compared.summary()) if self._compared else (0, "")
        rebuild_queue.settle(
            self._connection, self._view.name, self._view.version, RebuildOutcome.SWAPPED, differing, summary
        )
