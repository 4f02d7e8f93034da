"""What follows by itself follows once: holds and findings at the same moment, two workers, one killed at random."""

import os
import random
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest

from domain.catalogue import Command
from domain.deployment_request.commands import (
    ApproveRequest,
    WithholdRequest,
)
from domain.deployment_request.state import RequestStatus
from domain.incident.commands import AttributeIncident
from domain.refusals import InvalidInput
from domain.vocabulary import (
    AnalyticConfidence,
    Likelihood,
    Text,
)
from service.commands.envelope import CommandResult
from service.settings import DatabaseUrls
from tests.faults.workers import started, worker
from tests.register import KFOR, WHY, Register, opened
from tests.waiting import until

ROUNDS: Final = int(os.environ.get("TEST_RACES", "60"))
"""How many holds and findings meet. `make test-long` sets 500."""


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with opened(database_urls.api) as register:
        register.prepare()
        yield register


@pytest.mark.timeout(600)
def test_a_hold_and_a_finding_at_the_same_moment_with_workers_killed(
    database_urls: DatabaseUrls, register: Register
) -> None:
    pairs = []
    for _ in range(ROUNDS):
        incident = register.incident()
        pairs.append((incident, register.under_review(incident)))
    finding = AttributeIncident(
        responsible_party=Text("EXERCISE party"),
        likelihood=Likelihood.LIKELY,
        confidence=AnalyticConfidence.HIGH,
        basis=WHY,
    )
    done = threading.Event()
    killer = threading.Thread(target=_kill_at_random, args=(database_urls, done))
    with worker(database_urls), ThreadPoolExecutor(2) as both:
        killer.start()
        held = []
        chance = random.Random(11)
        for incident, request in pairs:
            meet = threading.Barrier(2)
            hold = both.submit(_at, meet, register, WithholdRequest(reason=WHY, awaiting=(incident,)), request)
            found = both.submit(_at, meet, register, finding, incident, chance.randrange(6))
            assert isinstance(found.result(30), CommandResult)
            answer = hold.result(30)
            assert isinstance(answer, CommandResult | InvalidInput), answer
            if isinstance(answer, CommandResult):
                held.append(request)
        until(lambda: not [request for request in held if "ReviewResumed" not in register.history(request)], seconds=60)
        done.set()
        killer.join(30)
    for _, request in pairs:
        history = register.history(request)
        assert history.count("ReviewResumed") == history.count("RequestWithheld") <= 1, history
    assert held, "in some rounds the hold came first"


def test_reactions_due_without_a_worker_happen_once(database_urls: DatabaseUrls, register: Register) -> None:
    requests = [register.over() for _ in range(5)]
    with worker(database_urls), worker(database_urls):
        until(lambda: all(register.history(request)[-1] == "ApprovalExpired" for request in requests), seconds=60)
    for request in requests:
        assert register.history(request).count("ApprovalExpired") == 1
        state = register.attempt(ApproveRequest(reason=WHY), KFOR, request)
        assert state.status == RequestStatus.EXPIRED


def test_an_approval_that_the_view_has_parked_expires_too(database_urls: DatabaseUrls, register: Register) -> None:
    """The view knows nothing of it: what decides is the request's own events."""
    first = register.over()
    with worker(database_urls):
        until(lambda: register.history(first)[-1] == "ApprovalExpired", seconds=60)
        request = register.approved(datetime.now(UTC) + timedelta(seconds=4), parked_in=database_urls.worker)
        until(lambda: register.history(request)[-1] == "ApprovalExpired", seconds=60)
    assert register.history(request).count("ApprovalExpired") == 1


def test_an_unreadable_request_does_not_block_the_expiry_of_others(
    database_urls: DatabaseUrls, register: Register
) -> None:
    """What it is, nobody can say: the worker says so, and goes on."""
    other = register.approved(datetime.now(UTC) + timedelta(seconds=6))
    spoilt = register.approved(datetime.now(UTC) + timedelta(days=1), parked_in=database_urls.worker)
    with psycopg.connect(database_urls.owner) as owner:
        owner.execute("ALTER TABLE event_store.events DISABLE TRIGGER never_changed")
        owner.execute("UPDATE event_store.events SET state = 'x' WHERE originator_id = %s", [spoilt])
    with worker(database_urls) as process:
        until(lambda: register.history(other)[-1] == "ApprovalExpired", seconds=60)
        assert process.poll() is None


def _at(meet: threading.Barrier, register: Register, command: Command, subject: UUID, looks: int = 0) -> Any:
    """looks: how often it is read before, so that now the one and now the other comes first."""
    meet.wait(30)
    for _ in range(looks):
        register.store.stream(subject)
    return register.attempt(command, KFOR, subject)


def _kill_at_random(urls: DatabaseUrls, done: threading.Event) -> None:
    chance = random.Random(7)
    while not done.is_set():
        process = started(urls)
        done.wait(chance.uniform(0.5, 3.0))
        process.send_signal(signal.SIGKILL)
        process.wait(10)
