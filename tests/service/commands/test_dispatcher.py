"""Commands carried out on a real PostgreSQL: versions, retries, idempotency keys, numbers."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest

from domain.deployment_request.commands import BeginReview, RemarkOnRequest
from domain.deployment_request.state import RequestStatus
from domain.jurisdiction import EndMandate, GrantMandate
from domain.refusals import (
    IdempotencyConflict,
    InvalidInput,
    NotFound,
    NotPermitted,
    TransitionRefused,
    VersionConflict,
)
from domain.vocabulary import AuthorityCode, Label, Marking, Region, Subject, Text
from service.commands.envelope import CommandResult
from service.commands.state_cache import StateCache
from service.errors import Stopping
from tests.register import Register, dispatching, opened
from tests.service.commands.case import CLERK, OFFICIAL, REVIEWER, SUBMIT, clock

STRANGER = replace(OFFICIAL, authority=AuthorityCode("atlantis"))


def test_an_outcome_is_the_subject_as_it_stands_after_the_command(register: Register) -> None:
    outcome = register.attempt(SUBMIT, OFFICIAL)
    assert outcome.before is None
    assert outcome.state.reference == "pristina-2024-0001"
    assert outcome.state.status is RequestStatus.SUBMITTED
    [recorded] = outcome.events
    assert outcome.position == recorded.position
    assert register.store.stream(outcome.subject) == [recorded]
    assert {stream for stream, version in recorded.consulted if version}, "what it rests on is in the envelope"


def test_an_outdated_expected_version_is_refused(register: Register) -> None:
    request = register.submitted()
    refused = register.attempt(BeginReview(reason=Text("now")), REVIEWER, request, expected_version=2)
    assert isinstance(refused, VersionConflict)
    assert (refused.expected, refused.actual) == (2, 1)
    register.do(BeginReview(reason=Text("now")), REVIEWER, request, expected_version=1)


def test_an_invisible_subject_answers_not_found(register: Register) -> None:
    hidden = register.do(replace(SUBMIT, marking=Marking.RED, recipients=(Subject("named"),)), OFFICIAL).subject
    for subject in (uuid4(), hidden):
        assert isinstance(register.attempt(BeginReview(reason=Text("now")), REVIEWER, subject), NotFound)


def test_a_refusal_rests_on_events_of_other_processes_too(register: Register, database_url: str) -> None:
    request = register.submitted()
    with opened(database_url, clock) as other:
        other.do(RemarkOnRequest(reason=Text("seen")), REVIEWER, request)
        register.do(BeginReview(reason=Text("now")), REVIEWER, request)
        assert isinstance(other.attempt(BeginReview(reason=Text("now")), REVIEWER, request), TransitionRefused)
        assert other.attempt(RemarkOnRequest(reason=Text("again")), REVIEWER, request).state.version == 4


def test_no_decision_rests_on_a_mandate_that_another_process_ended(register: Register, database_url: str) -> None:
    register.submitted()
    with opened(database_url, clock) as other:
        ended = EndMandate(authority=AuthorityCode("kfor"), region=Region("xk"), reason=Text("over"))
        other.do(ended, CLERK)
        refused = register.attempt(SUBMIT, OFFICIAL)
        assert isinstance(refused, InvalidInput)
        assert refused.fields[0].path == "region"


def test_a_repeated_idempotency_key_answers_the_first_outcome(register: Register, database_url: str) -> None:
    request = register.submitted()
    first = register.attempt(RemarkOnRequest(reason=Text("once")), OFFICIAL, request, idempotency_key="k")
    register.do(RemarkOnRequest(reason=Text("later")), OFFICIAL, request)
    with opened(database_url, clock) as restarted:
        for process in (register, restarted):
            again = process.attempt(RemarkOnRequest(reason=Text("once")), OFFICIAL, request, idempotency_key="k")
            assert again.repeated
            assert (again.state, again.before, again.events) == (first.state, first.before, first.events)
    assert len(register.store.stream(request)) == 3


def test_a_submission_repeated_under_its_key_is_the_same_request(register: Register) -> None:
    first = register.attempt(SUBMIT, OFFICIAL, idempotency_key="k")
    again = register.attempt(SUBMIT, OFFICIAL, idempotency_key="k")
    assert (again.subject, again.before) == (first.subject, None)
    assert register.attempt(SUBMIT, OFFICIAL).state.reference == "pristina-2024-0002"


def test_a_key_used_for_anything_else_is_a_conflict(register: Register) -> None:
    request, other = register.submitted(), register.submitted()
    remark = RemarkOnRequest(reason=Text("once"))
    register.do(remark, OFFICIAL, request, idempotency_key="k")
    colleague = replace(OFFICIAL, subject=Subject("colleague"))
    twice = RemarkOnRequest(reason=Text("twice"))
    for command, actor, subject in (
        (twice, OFFICIAL, request),
        (remark, OFFICIAL, other),
        (remark, colleague, request),
    ):
        assert register.attempt(command, actor, subject, idempotency_key="k") == IdempotencyConflict(
            message="This idempotency key was used for another command or other input: send a new key."
        )
    assert isinstance(register.attempt(remark, REVIEWER, request, idempotency_key="k"), CommandResult), (
        "a key is its authority's"
    )


def test_another_expected_version_is_other_input(register: Register) -> None:
    request = register.submitted()
    remark = RemarkOnRequest(reason=Text("once"))
    first = register.attempt(remark, OFFICIAL, request, idempotency_key="k", expected_version=1)
    assert isinstance(first, CommandResult)
    for version in (None, 2):
        again = register.attempt(remark, OFFICIAL, request, idempotency_key="k", expected_version=version)
        assert isinstance(again, IdempotencyConflict)
    assert register.attempt(remark, OFFICIAL, request, idempotency_key="k", expected_version=1).repeated


def test_a_refused_command_does_not_use_its_idempotency_key(register: Register) -> None:
    request = register.submitted()
    assert isinstance(
        register.attempt(BeginReview(reason=Text("x")), OFFICIAL, request, idempotency_key="k"), NotPermitted
    )
    register.do(RemarkOnRequest(reason=Text("x")), OFFICIAL, request, idempotency_key="k")


@pytest.mark.parametrize("key", ["", "  ", "k" * 201, "a\x00b", "\ud800"])
def test_a_malformed_idempotency_key_is_invalid_input(register: Register, key: str) -> None:
    refused = register.attempt(SUBMIT, OFFICIAL, idempotency_key=key)
    assert isinstance(refused, InvalidInput)
    assert [problem.path for problem in refused.fields] == ["idempotencyKey"]


def test_an_authority_that_is_not_registered_submits_nothing(register: Register) -> None:
    assert isinstance(register.attempt(SUBMIT, STRANGER), NotPermitted)


def test_numbers_leave_no_gap_and_are_never_given_twice(database_url: str, register: Register) -> None:
    with ExitStack() as stack:
        processes = [register, *(stack.enter_context(opened(database_url, clock)) for _ in range(3))]
        with ThreadPoolExecutor(16) as pool:
            outcomes = list(pool.map(lambda n: processes[n % 4].attempt(SUBMIT, OFFICIAL), range(80)))
    references = sorted(outcome.state.reference for outcome in outcomes)
    assert references == [f"pristina-2024-{n:04}" for n in range(1, 81)]


def test_of_32_clients_on_one_request_exactly_one_wins_each_version(database_url: str, register: Register) -> None:
    request = register.submitted()
    wins: list[int] = []
    guard = threading.Lock()

    def client(number: int, process: Register) -> None:
        for step in range(3):
            while True:
                version = len(process.store.stream(request))
                remark = RemarkOnRequest(reason=Text(f"client {number}, step {step}"))
                answer = process.attempt(remark, OFFICIAL, request, expected_version=version)
                if isinstance(answer, CommandResult):
                    with guard:
                        wins.append(answer.state.version)
                    break
                assert isinstance(answer, VersionConflict), answer

    _all_at_once(client, database_url, register)
    assert sorted(wins) == list(range(2, 98))
    assert len(register.store.stream(request)) == 97


def test_the_setting_asks_for_two_administrators(database_url: str, register: Register) -> None:
    """`pristina` was registered by the clerk, who may grant it a mandate where one administrator is enough."""
    north = GrantMandate(authority=AuthorityCode("pristina"), region=Region("xk/north"), legal_basis=Label("law"))
    two = replace(CLERK, subject=Subject("another"))
    with dispatching(register.store, StateCache(register.store), clock, two_administrators=True) as strict:
        refusal = strict.attempt(north, CLERK)
        assert isinstance(refusal, InvalidInput)
        assert [problem.path for problem in refusal.fields] == ["authority"]
        strict.do(north, two)
    south = replace(north, region=Region("xk/south"))
    register.do(south, CLERK)


def test_32_clients_without_an_expected_version_all_succeed(database_url: str, register: Register) -> None:
    request = register.submitted()

    def client(number: int, process: Register) -> None:
        for step in range(10):
            remark = RemarkOnRequest(reason=Text(f"client {number}, step {step}"))
            answer = process.attempt(remark, OFFICIAL, request)
            assert isinstance(answer, CommandResult), answer

    _all_at_once(client, database_url, register)
    reasons = [recorded.event.reason.value for recorded in register.store.stream(request)[1:]]
    assert sorted(reasons) == sorted(f"client {n}, step {s}" for n in range(32) for s in range(10))


def test_a_command_after_the_end_raises_stopping(register: Register) -> None:
    with dispatching(register.store, register.states, clock) as ended:
        pass
    with pytest.raises(Stopping):
        ended.attempt(SUBMIT, OFFICIAL)


def _all_at_once(client: Any, database_url: str, register: Register) -> None:
    """32 clients over two processes' worth of dispatchers."""
    with opened(database_url, clock) as other, ThreadPoolExecutor(32) as pool:
        futures = [pool.submit(client, number, (register, other)[number % 2]) for number in range(32)]
        for future in futures:
            future.result(60)
