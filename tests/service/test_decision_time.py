"""The time at which a command is decided: the database's, when its turn has come, and again on every try."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.authority import RegisterAuthority
from domain.deployment_request.commands import ApproveRequest, EndorseRequest
from domain.deployment_request.events import Recommendation
from domain.jurisdiction import EndMandate, GrantMandate
from domain.vocabulary import AuthorityCode, Label, Period, Region, Text
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.stream_locks import StreamLocks
from service.event_store.database_clock import DatabaseClock
from service.event_store.lineage import Lineage
from service.event_store.records import AppendConflict, Appended, AppendItem
from service.processes.composition import write_side
from service.settings import DatabaseUrls, Settings
from tests.faults.test_policies import KFOR, SECOND, WHY, Register
from tests.waiting import until

APPROVE = ApproveRequest(reason=WHY)
END = EndMandate(authority=AuthorityCode("kfor"), region=Region("xk"), reason=Text("over"))


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with closing(Register(database_urls.api)) as register:
        register.prepare()
        yield register


def ready(register: Register) -> UUID:
    """A request that can be approved."""
    now = datetime.now(UTC)
    request = register.under_review(register.incident(), Period(start=now, end=now + timedelta(days=30)))
    register.do(EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), SECOND, request)
    return request


def end_mandate(urls: DatabaseUrls) -> CommandResult:
    """By another process."""
    with closing(Register(urls.api)) as other:
        return other.do(END, KFOR)


def test_a_command_that_waited_for_its_turn_is_judged_as_of_then(
    database_urls: DatabaseUrls, register: Register
) -> None:
    request = ready(register)
    turns = register._dispatcher._locks
    release = turns.try_acquire([request])
    assert release is not None
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(register.attempt(APPROVE, KFOR, request)))
    thread.start()
    until(lambda: turns.waiter_count(request) == 1)
    end_mandate(database_urls)
    release()
    thread.join(20)
    assert not isinstance(answers[0], CommandResult)


def test_a_command_that_lost_is_judged_by_the_time_of_its_next_try(
    database_urls: DatabaseUrls, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ready(register)
    append = register.store.append
    ended: list[CommandResult] = []

    def after_the_end(item: AppendItem) -> Appended | AppendConflict:
        if not ended:
            ended.append(end_mandate(database_urls))
        return append(item)

    monkeypatch.setattr(register.store, "append", after_the_end)
    assert not isinstance(register.attempt(APPROVE, KFOR, request), CommandResult)
    assert ended


def test_no_decision_is_earlier_than_what_it_consulted(database_urls: DatabaseUrls, register: Register) -> None:
    """As where the database's clock was an hour ahead, and was set back."""
    with psycopg.connect(database_urls.owner, autocommit=True) as owner:
        ahead = owner.execute(
            """INSERT INTO event_store.events
               SELECT %s, 1, topic, state, (SELECT max(notification_id) + 1 FROM event_store.events),
                      clock_timestamp() + interval '1 hour'
               FROM event_store.events WHERE notification_id = 1 RETURNING recorded_at""",
            [uuid4()],
        ).fetchone()
    assert ahead is not None
    granted = register.do(
        GrantMandate(authority=AuthorityCode("kfor"), region=Region("at"), legal_basis=Label("EXERCISE")), KFOR
    )
    assert granted.events[0].recorded_at > ahead[0]
    for ended in (register.do(END, KFOR), end_other_mandate(database_urls)):
        [recorded] = ended.events
        assert granted.events[0].recorded_at <= recorded.event.at <= recorded.recorded_at


def end_other_mandate(urls: DatabaseUrls) -> CommandResult:
    with closing(Register(urls.api)) as other:
        return other.do(EndMandate(authority=AuthorityCode("kfor"), region=Region("at"), reason=Text("over")), KFOR)


def test_the_time_is_the_databases(database_urls: DatabaseUrls, register: Register) -> None:
    with write_side(Settings(), database_urls.api) as write:
        outcome = write.dispatcher.dispatch(CommandEnvelope(command=END, actor=KFOR))
    assert isinstance(outcome, CommandResult)
    [recorded] = outcome.events
    assert recorded.recorded_at - timedelta(minutes=1) < recorded.event.at <= recorded.recorded_at


def test_a_decision_is_never_later_than_its_record(register: Register) -> None:
    for number in range(30):
        region = Region(f"at/{number}")
        for command in (
            GrantMandate(authority=AuthorityCode("kfor"), region=region, legal_basis=Label("EXERCISE")),
            EndMandate(authority=AuthorityCode("kfor"), region=region, reason=WHY),
        ):
            recorded = register.do(command, KFOR).events[-1]
            if isinstance(command, EndMandate):
                assert recorded.event.at <= recorded.recorded_at


def test_a_clock_that_was_not_reading_lately_asks_again(database_urls: DatabaseUrls, register: Register) -> None:
    clock = register.store.clock
    clock._reading = None
    dispatcher = Dispatcher(register.store, register_states(register), StreamLocks(5))
    order = CommandEnvelope(command=RegisterAuthority(code=AuthorityCode("unmik"), name=Label("UNMIK")), actor=KFOR)
    assert dispatcher.decide_from_cache(dispatcher.prepare(order)) is None, "an event loop does not wait for it"
    assert isinstance(dispatcher.dispatch(order), CommandResult)
    assert clock.is_fresh


def register_states(register: Register) -> Any:
    return register._dispatcher._states


def test_a_clock_that_never_reading_tells_the_time_of_the_machine() -> None:
    clock = DatabaseClock(Lineage())
    assert not clock.is_fresh
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
