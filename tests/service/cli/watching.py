"""Health, asked as one process asks it, and what may stand in the way of followers."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import psycopg

from projections.catalogue import VIEWS
from projections.following.follower import Consumer, view_consumer
from projections.reading.read_connections import Connections
from projections.reading.reader import Reader
from projections.views import deployment_requests
from projections.views.authorities import standing_of
from service.commands.policy_runner import CONSUMER_NAME, CONSUMER_VERSION
from service.notifications.outbox import Outbox
from service.processes.health import HealthCheck, HealthReport
from service.processes.view_problems import HealthTolerance
from tests.projections.world import World
from tests.waiting import until

VIEW = deployment_requests.VIEW
NAME = VIEW.name
POLICIES = Consumer(name=CONSUMER_NAME, version=CONSUMER_VERSION, apply=lambda connection, events: None)
SHORT = HealthTolerance(stuck_after=0.2)


def courses(*others: Consumer) -> list[Consumer]:
    """One for everything that is followed."""
    named = {course.name: course for course in (*map(view_consumer, VIEWS), POLICIES, Outbox().consumer)}
    return list((named | {other.name: other for other in others}).values())


@dataclass
class Watch:
    """One process that examines, as often as it is asked: with one tolerance it remembers what it saw."""

    world: World
    runner: asyncio.Runner
    connections: Connections
    examinations: dict[HealthTolerance, HealthCheck] = field(default_factory=dict)

    def health(self, tolerance: HealthTolerance = SHORT, **other: Any) -> HealthReport:
        if tolerance not in self.examinations or other:
            given = {"probe": self.world.store.probe, "fresh": 0, **other}
            self.examinations[tolerance] = HealthCheck(
                Reader(self.connections, standing_of), self.world.urls.api, tolerance, **given
            )
        return self.runner.run(self.examinations[tolerance].run())

    def problem(self, tolerance: HealthTolerance = SHORT) -> str:
        return self.health(tolerance).problems.get(NAME, "")

    def wait_for_problem(self, expected: str) -> None:
        until(lambda: expected in self.problem())

    def well(self) -> None:
        until(lambda: self.health().is_ready)


@contextmanager
def holding(url: str, statement: str, name: str = "somebody") -> Iterator[None]:
    """A session that holds on to something."""
    with psycopg.connect(url, application_name=name) as connection:
        connection.execute(statement.encode())
        yield
