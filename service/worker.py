"""The worker: a follower for each view, one that shows the events to the policies, rebuilds, and the time."""

import logging
from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread
from typing import Any, Final

import psycopg

from projections.catalogue import VIEWS
from projections.following.follower import Course, Feed, course_of, follow
from service.container import Clock, now, write_side
from service.database import DatabaseUrls
from service.errors import Unavailable
from service.policing import COURSE, COURSE_VERSION, Policing
from service.rebuilding import Rebuilding
from service.settings import Settings
from service.watching import Watching

TICK: Final = 1.0
"""Seconds between two looks at the time."""
PATIENCE: Final = 15.0
"""Seconds that each part has to end what is under way."""

log = logging.getLogger(__name__)


class Failed(Exception):
    """A part of the worker ended that should not have: the worker ends too, to be started again."""


class Worker:
    """However many run: each view and the policies have one leader, and the time's effects are recorded once."""

    def __init__(self, settings: Settings, urls: DatabaseUrls, clock: Clock = now) -> None:
        self._settings = settings
        self._urls = urls
        self._clock = clock

    def run(self, stop: Event) -> None:
        """Works until `stop` is set, and then ends what is under way. Raises Failed."""
        failed: list[str] = []
        with (
            write_side(self._settings, self._urls.worker, self._clock) as write,
            closing(Watching(self._urls.worker, stop)) as watching,
        ):
            policing = Policing(write.dispatcher, write.states, write.store.feed, watching.watchers, self._clock)
            courses = [*(course_of(view) for view in VIEWS), _course_of(policing)]
            work = {course.name: self._following(course, write.store.feed, stop) for course in courses}
            work["rebuilds"] = lambda: Rebuilding(self._urls.worker).run(stop)
            work["time"] = lambda: self._tick(policing, watching, stop)
            parts = [Thread(target=_guarded, name=name, args=(name, do, stop, failed)) for name, do in work.items()]
            for part in parts:
                part.start()
            stop.wait()
            for part in parts:
                part.join(PATIENCE)
        if failed:
            raise Failed(f"{', '.join(failed)} ended by a fault")

    def _following(self, course: Course, feed: Feed, stop: Event) -> Callable[[], None]:
        return lambda: follow(course, self._urls.worker, feed, stop, passing=(Unavailable,))

    def _tick(self, policing: Policing, watching: Watching, stop: Event) -> None:
        while not stop.wait(TICK):
            try:
                set_aside = watching.set_aside()
                policing.tick(watching.expiring(self._clock(), set_aside), set_aside)
            except Unavailable as error:
                log.warning("the time is looked at again later: %s", error)


def _guarded(name: str, work: Callable[[], None], stop: Event, failed: list[str]) -> None:
    """A part that ends by a fault ends the worker, loudly."""
    try:
        work()
    except Exception:
        log.exception("%s ended by a fault", name)
        failed.append(name)
        stop.set()


def _course_of(policing: Policing) -> Course:
    def show(connection: psycopg.Connection[Any], events: Any) -> None:
        policing.show(events)

    return Course(name=COURSE, version=COURSE_VERSION, apply=show)
