"""The follower: feed -> fold -> rows and checkpoint in one transaction, by one leader, woken by notifications."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from threading import Event
from time import monotonic
from typing import Any

import psycopg

from domain.recorded_event import Recorded
from projections.following import leadership, parked_events
from projections.following.fold_cache import FoldCache
from projections.following.leadership import (
    CHANNEL,
    OF_ANOTHER_LOG,
    CheckpointMoved,
    CheckpointState,
    FollowerLimits,
    OtherVersion,
)
from projections.following.outages import is_outage
from projections.following.row_writer import LIVE, apply
from projections.reading.view_status import FOLLOWERS
from projections.tables.view import View

log = logging.getLogger(__name__)

ReadFeed = Callable[[int, int], Sequence[Recorded[Any]]]
"""Returns the events after a position, in order: at most the given number, fewer if they are large, at least one if
there is any. No event appears later below a position that was returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """What follows the log under a checkpoint of its own.

    apply: processes events in the transaction that moves the checkpoint past them.
    committed: called after the commit. forget: called if it was rolled back or the checkpoint was moved by others;
    drops cached state.
    park: parks the stream of an event that cannot be applied, also in the checkpoint's transaction; returns whether it
    did.
    keeps_rows: whether its results are invalid if they were made from another log. A consumer without rows restarts
    from the first event.
    """

    name: str
    version: int
    apply: Callable[[psycopg.Connection[Any], Sequence[Recorded[Any]]], None]
    committed: Callable[[], None] = lambda: None
    forget: Callable[[], None] = lambda: None
    park: Callable[[psycopg.Connection[Any], Recorded[Any], Exception], bool] = lambda *_: False
    keeps_rows: bool = True


def view_consumer(view: View) -> Consumer:
    """The consumer that maintains the rows of a view."""
    states = FoldCache(view, LIVE)
    folded: list[tuple[Any, Any]] = []

    def apply_events(connection: psycopg.Connection[Any], events: Sequence[Recorded[Any]]) -> None:
        rest = parked_events.divert(connection, view, events) if view.parks else events
        folded[:] = [(each.subject, each.state) for each in apply(view, connection, LIVE, rest, states)]

    def committed() -> None:
        states.keep(folded)
        folded.clear()

    return Consumer(
        name=view.name,
        version=view.version,
        apply=apply_events,
        committed=committed,
        forget=states.clear,
        park=partial(_park, view),
    )


def _park(view: View, connection: psycopg.Connection[Any], recorded: Recorded[Any], error: Exception) -> bool:
    return parked_events.park(connection, view, recorded, error)


def follow(
    consumer: Consumer,
    url: str,
    feed: ReadFeed,
    stop: Event,
    limits: FollowerLimits | None = None,
    passing: tuple[type[Exception], ...] = (),
) -> None:
    """Follows until `stop` is set, and completes the current batch. Of several followers one leads, the others wait.

    Never writes rows of another version: it waits until they are rebuilt.
    passing: errors of the feed that are temporary. They, and a database that is unavailable, full or read-only, are
    retried. Any other error parks the event's stream, or is written to the checkpoint, logged and retried. No event is
    skipped, and no database error ends the follower.
    """
    limits = limits or FollowerLimits()
    wait = limits.first
    retried: tuple[type[Exception], ...] = (psycopg.Error, *passing)
    while not stop.is_set():
        try:
            with leadership.connect(url, f"{FOLLOWERS} {consumer.name}") as connection:
                _wait_to_lead(connection, consumer, stop, limits)
                if not stop.is_set():
                    _Leader(consumer, connection, feed, stop, limits, passing).lead()
                wait = limits.first
        except OtherVersion as error:
            log.info("%s: the follower waits for a rebuild", error)
            stop.wait(limits.lead)
        except retried as error:
            log.warning("the follower of %s retries in %.1f s: %s", consumer.name, wait, error)
            consumer.forget()
            stop.wait(wait)
            wait = min(wait * 2, limits.longest)


def _wait_to_lead(connection: psycopg.Connection[Any], consumer: Consumer, stop: Event, limits: FollowerLimits) -> None:
    """Does not take the lock while the rows are of another version, so that a follower of that version can lead."""
    while not stop.is_set():
        if not _is_of_another_version(connection, consumer) and leadership.try_to_lead(connection, consumer.name):
            return
        stop.wait(limits.lead)


def _is_of_another_version(connection: psycopg.Connection[Any], consumer: Consumer) -> bool:
    """Whether the rows are of another version. A view without rows takes the version of the first follower."""
    version = leadership.version_of(connection, consumer.name)
    return version is not None and version != consumer.version


class _Leader:
    """One connection's time as leader."""

    def __init__(
        self,
        consumer: Consumer,
        connection: psycopg.Connection[Any],
        feed: ReadFeed,
        stop: Event,
        limits: FollowerLimits,
        passing: tuple[type[Exception], ...],
    ) -> None:
        self._consumer = consumer
        self._connection = connection
        self._feed = feed
        self._stop = stop
        self._limits = limits
        self._passing = passing
        self._block = limits.block
        self._wait = limits.first
        self._standing = CheckpointState(0, 0)

    def lead(self) -> None:
        """Starts to listen before it reads, so that no append in between is missed."""
        self._connection.execute(f"LISTEN {CHANNEL}".encode())
        self._begin()
        if not self._standing.clean:
            self._block = 1
        log.info("the follower of %s leads from position %d", self._consumer.name, self._standing.position)
        while not self._stop.is_set():
            if not self._step():
                self._listen()
        leadership.stopped(self._connection, self._consumer.name)

    def _begin(self) -> None:
        """Raises OtherVersion, also if the rows were made from another log."""
        consumer = self._consumer
        consumer.forget()
        if not leadership.is_of_this_log(self._connection, consumer.name):
            log.error("%s has applied events that are not in the log: it restarts from the first", consumer.name)
            leadership.disown(
                self._connection, consumer.name, OF_ANOTHER_LOG if consumer.keeps_rows else consumer.version
            )
        self._standing = leadership.begin(self._connection, consumer.name, consumer.version)

    def _step(self) -> bool:
        """Applies the available events without waiting for more. Returns whether there may be more."""
        events: Sequence[Recorded[Any]] = ()
        try:
            events = self._feed(self._standing.position, self._block)
            if events:
                self._apply(events)
            elif not leadership.is_of_this_log(self._connection, self._consumer.name):
                raise CheckpointMoved(f"{self._consumer.name} has applied events that are not in the log")
        except CheckpointMoved as error:
            log.info("%s: continues from the current checkpoint", error)
            self._begin()
            return True
        except Exception as error:
            if is_outage(error) or isinstance(error, self._passing):
                raise
            log.exception("the follower of %s cannot continue from %d", self._consumer.name, self._standing.position)
            return self._failed(error, events)
        self._wait = self._limits.first
        self._block = min(self._block * 2, self._limits.block)
        return bool(events)

    def _apply(self, events: Sequence[Recorded[Any]]) -> None:
        with self._connection.transaction():
            standing = self._advance(events)
            self._consumer.apply(self._connection, events)
        self._standing = standing
        self._consumer.committed()

    def _advance(self, events: Sequence[Recorded[Any]]) -> CheckpointState:
        return leadership.advance(self._connection, self._consumer.name, self._consumer.version, self._standing, events)

    def _failed(self, error: Exception, events: Sequence[Recorded[Any]]) -> bool:
        """Retries event by event, to apply all before the failing one; then parks that one, or waits and retries."""
        self._consumer.forget()
        if self._block > 1:
            self._block = 1
            return True
        if events and self._park(events[:1], error):
            return True
        leadership.fail(self._connection, self._consumer.name, error)
        self._stop.wait(self._wait)
        self._wait = min(self._wait * 2, self._limits.longest)
        return True

    def _park(self, events: Sequence[Recorded[Any]], error: Exception) -> bool:
        """Whether the event was parked, or the checkpoint was moved by others and the event is to be retried."""
        try:
            with self._connection.transaction() as transaction:
                standing = self._advance(events)
                if not self._consumer.park(self._connection, events[0], error):
                    raise psycopg.Rollback(transaction)
                self._standing = standing
                return True
        except CheckpointMoved:
            self._begin()
            return True
        return False

    def _listen(self) -> None:
        """Waits for an append after the checkpoint, or before it, as in another log; at most `look` seconds."""
        until = monotonic() + self._limits.look
        while not self._stop.is_set() and (left := until - monotonic()) > 0:
            if leadership.wait_for_append(self._connection, min(left, self._limits.listen)) not in (
                0,
                self._standing.position,
            ):
                return
