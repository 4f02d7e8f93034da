"""What follows by itself follows once: holds and findings at the same moment, two workers, one killed at random."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from anyio.from_thread import start_blocking_portal

from domain.authority import RegisterAuthority
from domain.catalogue import Command
from domain.deployment_request.commands import (
    ApproveRequest,
    BeginReview,
    EndorseRequest,
    SubmitRequest,
    WithholdRequest,
)
from domain.deployment_request.events import Recommendation
from domain.deployment_request.state import RequestStatus
from domain.incident.commands import AttributeIncident, ReportIncident
from domain.jurisdiction import GrantMandate
from domain.refusals import InvalidInput, Refusal
from domain.vocabulary import (
    Actor,
    AnalyticConfidence,
    AuthorityCode,
    IncidentId,
    Label,
    Likelihood,
    Period,
    Region,
    Role,
    Strength,
    Subject,
    Text,
)
from projections.deployment_requests import NAME
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.waiting import until

ROUNDS: Final = int(os.environ.get("MANDATE_TEST_RACES", "60"))
"""How many holds and findings meet. `make test-long` sets 500."""
KFOR: Final = Actor(issuer="mandate", subject=Subject("officer"), authority=AuthorityCode("kfor"), roles=tuple(Role))
SECOND: Final = replace(KFOR, subject=Subject("second"))
PRISTINA: Final = replace(KFOR, subject=Subject("official"), authority=AuthorityCode("pristina"))
WHY: Final = Text("EXERCISE")
NORTH: Final = Region("xk/north")


class Register:
    """The API's side, in this process."""

    def __init__(self, url: str) -> None:
        self.store = EventStore(url)
        self.states = StateCache(self.store)
        self.locks = StreamLocks(20)
        self._dispatcher = Dispatcher(self.store, self.states, self.locks)
        self._opened = ExitStack()
        self.portal = self._opened.enter_context(start_blocking_portal())

    def close(self) -> None:
        self._opened.close()
        self.store.close()

    def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        return self.portal.call(self._dispatcher.dispatch, envelope)

    def attempt(self, command: Command, actor: Actor, subject: UUID | None = None, at: datetime | None = None) -> Any:
        """at: when it happened, where it is recorded later."""
        return self.dispatch(CommandEnvelope(command=command, actor=actor, subject=subject, occurred_at=at))

    def do(
        self, command: Command, actor: Actor, subject: UUID | None = None, at: datetime | None = None
    ) -> CommandResult:
        answer = self.attempt(command, actor, subject, at)
        assert isinstance(answer, CommandResult), answer
        return answer

    def prepare(self) -> None:
        for code in ("kfor", "pristina"):
            self.do(RegisterAuthority(code=AuthorityCode(code), name=Label(code)), KFOR)
        mandate = GrantMandate(
            authority=AuthorityCode("kfor"),
            region=Region("xk"),
            legal_basis=Label("UNSCR 1244"),
            valid_from=datetime(1999, 6, 10, tzinfo=UTC),
        )
        self.do(mandate, KFOR)

    def incident(self) -> IncidentId:
        report = ReportIncident(kind=Label("explosion"), description=WHY, region=NORTH, occurred_at=datetime.now(UTC))
        return IncidentId(self.do(report, KFOR).subject)

    def under_review(self, incident: IncidentId, period: Period | None = None, at: datetime | None = None) -> UUID:
        now = datetime.now(UTC)
        submit = SubmitRequest(
            force=Label("KSF"),
            strength=Strength(10),
            region=NORTH,
            purpose=WHY,
            period=period or Period(start=now, end=now + timedelta(days=30)),
            incidents=(incident,),
        )
        request = self.do(submit, PRISTINA, at=at).subject
        self.do(BeginReview(reason=WHY), KFOR, request, at)
        return request

    def over(self) -> UUID:
        """A request whose approval's time has passed already: it was recorded a week after it ended."""
        return self.approved(datetime.now(UTC) - timedelta(days=7))

    def approved(self, end: datetime, set_aside_in: str | None = None) -> UUID:
        """set_aside_in: a database whose view takes nothing of it from then on."""
        at = end - timedelta(days=1) if end < datetime.now(UTC) else None
        request = self.under_review(self.incident(), Period(start=end - timedelta(days=30), end=end), at)
        if set_aside_in is not None:
            with psycopg.connect(set_aside_in) as connection:
                connection.execute(
                    "INSERT INTO projections.parked_streams VALUES (%s, %s, 2, 'poison', now())", [NAME, request]
                )
        self.do(EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), SECOND, request, at)
        self.do(ApproveRequest(reason=WHY), KFOR, request, at)
        return request

    def history(self, request: UUID) -> list[str]:
        return [type(recorded.event).__name__ for recorded in self.store.stream(request)]


@contextmanager
def worker(urls: DatabaseUrls) -> Iterator[subprocess.Popen[bytes]]:
    process = started(urls)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def started(urls: DatabaseUrls) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MANDATE_DATABASE_URL": urls.api, "MANDATE_WORKER_DATABASE_URL": urls.worker}
    command = [sys.executable, "-m", "service.cli", "worker"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with closing(Register(database_urls.api)) as register:
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
        told = register.history(request)
        assert told.count("ReviewResumed") == told.count("RequestWithheld") <= 1, told
    assert held, "in some rounds the hold came first"


def test_what_was_due_while_nobody_worked_is_done_once(database_urls: DatabaseUrls, register: Register) -> None:
    requests = [register.over() for _ in range(5)]
    with worker(database_urls), worker(database_urls):
        until(lambda: all(register.history(request)[-1] == "ApprovalExpired" for request in requests), seconds=60)
    for request in requests:
        assert register.history(request).count("ApprovalExpired") == 1
        state = register.attempt(ApproveRequest(reason=WHY), KFOR, request)
        assert state.status == RequestStatus.EXPIRED


def test_an_approval_that_the_view_has_set_aside_expires_too(database_urls: DatabaseUrls, register: Register) -> None:
    """The view knows nothing of it: what decides is the request's own events."""
    first = register.over()
    with worker(database_urls):
        until(lambda: register.history(first)[-1] == "ApprovalExpired", seconds=60)
        request = register.approved(datetime.now(UTC) + timedelta(seconds=4), set_aside_in=database_urls.worker)
        until(lambda: register.history(request)[-1] == "ApprovalExpired", seconds=60)
    assert register.history(request).count("ApprovalExpired") == 1


def test_one_that_nobody_can_read_keeps_no_other_from_its_end(database_urls: DatabaseUrls, register: Register) -> None:
    """What it is, nobody can say: the worker says so, and goes on."""
    other = register.approved(datetime.now(UTC) + timedelta(seconds=6))
    spoilt = register.approved(datetime.now(UTC) + timedelta(days=1), set_aside_in=database_urls.worker)
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
