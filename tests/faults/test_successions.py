"""The register names who is to take over: once, by an event or by the time alone, also if no worker ran then."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from domain.authority import RegisterAuthority
from domain.deployment_request.state import DeploymentRequest
from domain.deployment_request.succession import TakeOverRequest
from domain.deployment_request.succession_events import SuccessorNamed
from domain.jurisdiction import EndMandate, GrantMandate
from domain.refusals import NotFound
from domain.vocabulary import AuthorityCode, Label, Region
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
