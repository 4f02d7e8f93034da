"""The register names who is to take over: once, by an event or by the time alone, also if no worker ran then."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from domain.authority import RegisterAuthority
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.succession import TakeOverRequest
from domain.deployment_request.succession_events import SuccessorNamed
from domain.jurisdiction import EndMandate, GrantMandate
from domain.refusals import NotFound
from domain.vocabulary import AuthorityCode, Label, Region
from projections.catalogue import VIEW_OF
from projections.following.follower import follow, view_consumer
from service.commands.policy_queries import PolicyQueries
from service.settings import DatabaseUrls
from tests.faults.workers import worker
from tests.register import KFOR, WHY, Register, opened
from tests.waiting import until

THIRD = AuthorityCode("third")
TAKER = replace(KFOR, authority=THIRD)


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with opened(database_urls.api) as register:
        register.prepare()
        register.do(RegisterAuthority(code=THIRD, name=Label("third")), KFOR)
        yield register


def hand_over(register: Register, at: datetime | None = None, to: AuthorityCode = THIRD) -> None:
    """The mandate over xk passes to another authority."""
    holder = AuthorityCode("kfor") if to == THIRD else THIRD
    register.do(EndMandate(authority=holder, region=Region("xk"), reason=WHY, at=at), KFOR)
    register.do(GrantMandate(authority=to, region=Region("xk"), legal_basis=Label("another"), valid_from=at), KFOR)


def named(register: Register, request: UUID) -> int:
    return register.history(request).count("SuccessorNamed")


def test_a_successor_is_named_once_and_takes_over(database_urls: DatabaseUrls, register: Register) -> None:
    submitted, reviewed, decided = register.submitted(), register.under_review(), register.over()
    take_over = TakeOverRequest(reason=WHY)
    with worker(database_urls), worker(database_urls):
        until(lambda: register.history(decided)[-1] == "ApprovalExpired", seconds=60)
        assert isinstance(register.attempt(take_over, TAKER, submitted), NotFound)
        hand_over(register)
        until(lambda: named(register, submitted) and named(register, reviewed), seconds=60)
        taken = register.do(take_over, TAKER, submitted).state
        later = register.submitted()
        hand_over(register, to=AuthorityCode("kfor"))
        until(lambda: named(register, reviewed) == 2 and named(register, later), seconds=60)
        until(lambda: named(register, submitted) == 2, seconds=60)
    assert isinstance(taken, DeploymentRequest)
    assert (taken.deciding_authority, taken.revision) == (THIRD, 2)
    assert named(register, decided) == 0
    assert [named(register, each) for each in (submitted, reviewed, later)] == [2, 2, 1]
    [first, second] = [each for each in register.store.stream(reviewed) if isinstance(each.event, SuccessorNamed)]
    assert (first.event.successor, second.event.successor) == (THIRD, None)
    assert first.causation is not None
    assert type(register.store.feed(first.causation - 1, 1)[0].event).__name__ == "MandateGranted"


def test_the_time_alone_names_a_successor(database_urls: DatabaseUrls, register: Register) -> None:
    request = register.submitted()
    with worker(database_urls):
        hand_over(register, datetime.now(UTC) + timedelta(seconds=4))
        assert named(register, request) == 0
        until(lambda: named(register, request) == 1, seconds=60)


def test_a_mandate_that_ended_without_a_worker_has_a_successor(database_urls: DatabaseUrls, register: Register) -> None:
    request = register.submitted()
    hand_over(register)
    with worker(database_urls):
        until(lambda: named(register, request) == 1, seconds=60)


REACHED = "SELECT count(*) FROM projections.checkpoints WHERE view = ANY(%s) AND position >= %s"


def follow_to_the_end(urls: DatabaseUrls, register: Register, *views: str) -> None:
    """These views alone are followed."""
    head = register.store.head()[0]
    stop = threading.Event()
    with ExitStack() as running, psycopg.connect(urls.owner, autocommit=True) as connection:
        for name in views:
            arguments = (view_consumer(VIEW_OF[name]), urls.worker, register.store.feed, stop)
            follower = threading.Thread(target=follow, args=arguments)
            follower.start()
            running.callback(follower.join)
        running.callback(stop.set)
        until(lambda: connection.execute(REACHED, [list(views), head]).fetchone() == (len(views),), seconds=60)


@contextmanager
def looking(urls: DatabaseUrls, register: Register) -> Iterator[PolicyQueries]:
    """After none was left."""
    with closing(PolicyQueries(urls.worker, threading.Event())) as queries:
        follow_to_the_end(urls, register, *VIEWS)
        for _ in range(4):
            assert look(queries) == []
        yield queries


def look(queries: PolicyQueries) -> list[UUID]:
    return list(queries.superseded(datetime.now(UTC), ()))


VIEWS = ("authorities", "deployment_requests")


def test_a_mandate_between_two_looks_has_a_successor(database_urls: DatabaseUrls, register: Register) -> None:
    hand_over(register)
    north = Region("xk/north")
    with looking(database_urls, register) as queries:
        register.do(GrantMandate(authority=KFOR.authority, region=north, legal_basis=Label("a day")), KFOR)
        request = register.submitted()
        register.do(EndMandate(authority=KFOR.authority, region=north, reason=WHY), KFOR)
        follow_to_the_end(database_urls, register, *VIEWS)
        assert look(queries) == [request]


def test_a_request_that_the_view_has_later_has_a_successor(database_urls: DatabaseUrls, register: Register) -> None:
    """The view of requests can be behind, for instance while it is rebuilt for a new version."""
    with looking(database_urls, register) as queries:
        request = register.submitted()
        hand_over(register)
        follow_to_the_end(database_urls, register, "authorities")
        for _ in range(4):
            assert look(queries) == []
        follow_to_the_end(database_urls, register, "deployment_requests")
        assert look(queries) == [request]
