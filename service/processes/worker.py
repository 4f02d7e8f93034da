"""The worker: a follower for each view, one for the policies, one for messages, and their sender; rebuilds; expiry of
approvals and of the access log.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from functools import partial
from threading import Event, Thread
from time import monotonic
from typing import Any, Final
from uuid import UUID

import psycopg

from projections.catalogue import VIEWS
from projections.following import parked_events
from projections.following.follower import Consumer, ReadFeed, follow, view_consumer
from projections.following.leadership import connect
from service.commands.dispatcher import blocking
from service.commands.policy_queries import PolicyQueries
from service.commands.policy_runner import CONSUMER_NAME, CONSUMER_VERSION, PolicyRunner
from service.errors import Unavailable
from service.notifications.outbox import Outbox
from service.notifications.reminders import remind
from service.processes.access_log_retention import expire_access_log
from service.processes.composition import Clock, write_side
from service.processes.notification_composition import Sending, send_messages
from service.processes.rebuild_worker import RebuildWorker
from service.settings import DatabaseUrls, Settings

TICK: Final = 1.0
"""Seconds between two checks of the time."""
RETRY_INTERVAL: Final = 5.0
"""Seconds between two retries of requests that the policies have parked."""
PATIENCE: Final = 15.0
"""Seconds for each part to finish at shutdown."""

log = logging.getLogger(__name__)


class WorkerFailed(Exception):
    """A part of the worker failed. The worker ends too, to be restarted."""


class Worker:
    """Any number may run: each view and the policies have one leader, and expiries are recorded once.

    The time is the database's, whatever this machine's clock says.
    """

    def __init__(self, settings: Settings, urls: DatabaseUrls) -> None:
        self._settings = settings
        self._urls = urls

    def run(self, stop: Event) -> None:
        """Runs until `stop` is set, then finishes tasks in progress. Raises WorkerFailed, Misconfigured."""
        failed: list[str] = []
        sending = Sending.of(self._settings)
        with (
            closing(PolicyQueries(self._urls.worker, stop)) as policy_queries,
            write_side(self._settings, self._urls.worker) as write,
            blocking(write.dispatcher) as dispatch,
        ):
            clock = write.store.now
            policy_runner = PolicyRunner(
                dispatch, write.state_cache, write.store.feed, policy_queries.affected_requests, clock
            )
            send = partial(send_messages, self._settings, self._urls.worker, write, dispatch, sending, stop)
            self._work(policy_runner, policy_queries, clock, write.store.feed, send, stop, failed)
        if failed:
            raise WorkerFailed(f"{', '.join(failed)} ended by an error")

    def _work(
        self,
        policy_runner: PolicyRunner,
        policy_queries: PolicyQueries,
        clock: Clock,
        feed: ReadFeed,
        send: Callable[[], None],
        stop: Event,
        failed: list[str],
    ) -> None:
        consumers = [*(view_consumer(view) for view in VIEWS), _policy_consumer(policy_runner), Outbox().consumer]
        tasks = {consumer.name: self._follow(consumer, feed, stop) for consumer in consumers}
        tasks["rebuilds"] = lambda: RebuildWorker(self._urls.worker).run(stop)
        days = self._settings.access_log_days
        tasks["access log"] = lambda: expire_access_log(self._urls.worker, days, stop)
        tasks["messages"] = send
        reminders, escalation = self._settings.days_of_reminders, self._settings.escalation_days
        interval = self._settings.reminder_interval
        tasks["reminders"] = lambda: remind(self._urls.worker, reminders, escalation, interval, stop)
        tasks["time"] = lambda: self._tick(policy_runner, policy_queries, clock, stop)
        parts = [Thread(target=_guarded, name=name, args=(name, do, stop, failed)) for name, do in tasks.items()]
        for part in parts:
            part.start()
        stop.wait()
        for part in parts:
            part.join(PATIENCE)

    def _follow(self, consumer: Consumer, feed: ReadFeed, stop: Event) -> Callable[[], None]:
        return lambda: follow(consumer, self._urls.worker, feed, stop, passing=(Unavailable,))

    def _tick(self, policy_runner: PolicyRunner, policy_queries: PolicyQueries, clock: Clock, stop: Event) -> None:
        next_retry = monotonic()
        while not stop.wait(TICK):
            try:
                parked = policy_queries.parked()
                superseded = policy_queries.superseded(clock(), parked)
                policy_runner.tick(policy_queries.expiring(clock(), parked), superseded, parked)
                if monotonic() >= next_retry:
                    next_retry = monotonic() + RETRY_INTERVAL
                    self._unpark(policy_runner.try_again(policy_queries.parked(CONSUMER_NAME)))
            except (Unavailable, psycopg.Error) as error:
                log.warning("the time is checked again later: %s", error)

    def _unpark(self, subjects: Sequence[UUID]) -> None:
        """Unparks requests and incidents that no longer fail."""
        if not subjects:
            return
        log.info("the policies no longer fail for: %s", ", ".join(map(str, subjects)))
        with connect(self._urls.worker, f"mandate {CONSUMER_NAME}") as connection, connection.transaction():
            for subject in subjects:
                parked_events.clear(connection, CONSUMER_NAME, subject)


def _guarded(name: str, task: Callable[[], None], stop: Event, failed: list[str]) -> None:
    """A part that fails ends the worker."""
    try:
        task()
    except Exception:
        log.exception("%s ended by an error", name)
        failed.append(name)
        stop.set()


def _policy_consumer(policy_runner: PolicyRunner) -> Consumer:
    def apply(connection: psycopg.Connection[Any], events: Any) -> None:
        for subject, (position, error) in policy_runner.handle_events(events).items():
            reason = parked_events.error_text(f"{type(error).__name__}: {error}")
            parked_events.park_stream(connection, CONSUMER_NAME, subject, position, reason)

    return Consumer(name=CONSUMER_NAME, version=CONSUMER_VERSION, apply=apply, keeps_rows=False)
