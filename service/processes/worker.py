"""The worker: a follower for each view, one that shows the events to the policies, rebuilds, and the time."""

import logging
from collections.abc import Callable, Sequence
from contextlib import closing
from threading import Event, Thread
from time import monotonic
from typing import Any, Final

import psycopg

from domain.vocabulary import RequestId
from projections.catalogue import VIEWS
from projections.following import parked_events
from projections.following.follower import Consumer, ReadFeed, follow, view_consumer
from projections.following.leadership import connect
from service.commands.policy_queries import PolicyQueries
from service.commands.policy_runner import CONSUMER_NAME, CONSUMER_VERSION, PolicyRunner
from service.errors import Unavailable
from service.processes.composition import Clock, write_side
from service.processes.rebuild_worker import RebuildWorker
from service.settings import DatabaseUrls, Settings

TICK: Final = 1.0
"""Seconds between two looks at the time."""
AGAIN: Final = 5.0
"""Seconds between two tries to judge requests that the policies have set aside."""
PATIENCE: Final = 15.0
"""Seconds that each part has to end what is under way."""

log = logging.getLogger(__name__)


class WorkerFailed(Exception):
    """A part of the worker ended that should not have: the worker ends too, to be started again."""


class Worker:
    """However many run: each view and the policies have one leader, and the time's effects are recorded once.

    The time is that of the database, whatever the clock of this machine says.
    """

    def __init__(self, settings: Settings, urls: DatabaseUrls) -> None:
        self._settings = settings
        self._urls = urls

    def run(self, stop: Event) -> None:
        """Works until `stop` is set, and then ends what is under way. Raises Failed."""
        failed: list[str] = []
        with (
            closing(PolicyQueries(self._urls.worker, stop)) as policy_queries,
            write_side(self._settings, self._urls.worker) as write,
        ):
            clock = write.store.now
            policy_runner = PolicyRunner(
                write.dispatcher, write.state_cache, write.store.feed, policy_queries.affected_requests, clock
            )
            self._work(policy_runner, policy_queries, clock, write.store.feed, stop, failed)
        if failed:
            raise WorkerFailed(f"{', '.join(failed)} ended by a fault")

    def _work(
        self,
        policy_runner: PolicyRunner,
        policy_queries: PolicyQueries,
        clock: Clock,
        feed: ReadFeed,
        stop: Event,
        failed: list[str],
    ) -> None:
        courses = [*(view_consumer(view) for view in VIEWS), _course_of(policy_runner)]
        work = {consumer.name: self._following(consumer, feed, stop) for consumer in courses}
        work["rebuilds"] = lambda: RebuildWorker(self._urls.worker).run(stop)
        work["time"] = lambda: self._tick(policy_runner, policy_queries, clock, stop)
        parts = [Thread(target=_guarded, name=name, args=(name, do, stop, failed)) for name, do in work.items()]
        for part in parts:
            part.start()
        stop.wait()
        for part in parts:
            part.join(PATIENCE)

    def _following(self, consumer: Consumer, feed: ReadFeed, stop: Event) -> Callable[[], None]:
        return lambda: follow(consumer, self._urls.worker, feed, stop, passing=(Unavailable,))

    def _tick(self, policy_runner: PolicyRunner, policy_queries: PolicyQueries, clock: Clock, stop: Event) -> None:
        again = monotonic()
        while not stop.wait(TICK):
            try:
                set_aside = policy_queries.parked()
                policy_runner.tick(policy_queries.expiring(clock(), set_aside), set_aside)
                if monotonic() >= again:
                    again = monotonic() + AGAIN
                    self._take_up(policy_runner.try_again(policy_queries.parked(CONSUMER_NAME)))
            except (Unavailable, psycopg.Error) as error:
                log.warning("the time is looked at again later: %s", error)

    def _take_up(self, requests: Sequence[RequestId]) -> None:
        """They can be judged again: nothing of them waits any more."""
        if not requests:
            return
        log.info("the policies can judge again: %s", ", ".join(map(str, requests)))
        with connect(self._urls.worker, f"mandate {CONSUMER_NAME}") as connection, connection.transaction():
            for request in requests:
                parked_events.clear(connection, CONSUMER_NAME, request)


def _guarded(name: str, work: Callable[[], None], stop: Event, failed: list[str]) -> None:
    """A part that ends by a fault ends the worker, loudly."""
    try:
        work()
    except Exception:
        log.exception("%s ended by a fault", name)
        failed.append(name)
        stop.set()


def _course_of(policy_runner: PolicyRunner) -> Consumer:
    def show(connection: psycopg.Connection[Any], events: Any) -> None:
        for request, (position, error) in policy_runner.handle_events(events).items():
            told = parked_events.told(f"{type(error).__name__}: {error}")
            parked_events.set_aside(connection, CONSUMER_NAME, request, position, told)

    return Consumer(name=CONSUMER_NAME, version=CONSUMER_VERSION, apply=show, keeps_rows=False)
