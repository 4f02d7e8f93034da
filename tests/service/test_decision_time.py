"""The time at which a command is decided: the database's, when its turn has come, and again on every try."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

import psycopg
import pytest
from anyio.from_thread import start_blocking_portal

from domain.authority import RegisterAuthority
from domain.catalogue import Event
from domain.deployment_request.commands import ApproveRequest, EndorseRequest
from domain.deployment_request.events import Recommendation
from domain.deputies import stream_of as deputies_of
from domain.deputy_appointment import AppointDeputy
from domain.jurisdiction import EndMandate, GrantMandate, MandateEnded
from domain.recorded_event import Recorded
from domain.refusals import InvalidInput
from domain.vocabulary import AuthorityCode, Label, Period, Region, Role, Text
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.stream_locks import StreamLocks
from service.errors import Stopping
from service.event_store.database_clock import DatabaseClock
from service.event_store.lineage import Lineage
from service.event_store.records import AppendConflict, AppendItem
from service.processes.composition import write_side
from service.settings import DatabaseUrls, Settings
from tests.register import KFOR, SECOND, WHY, Register, opened
from tests.waiting import until
from tests.waiting import until as wait_until

APPROVE = ApproveRequest(reason=WHY)
END = EndMandate(authority=AuthorityCode("kfor"), region=Region("xk"), reason=Text("over"))


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with opened(database_urls.api) as register:
        register.prepare()
        yield register


def ready(register: Register) -> UUID:
    """A request that can be approved."""
    now = datetime.now(UTC)
    request = register.under_review(register.incident(), period=Period(start=now, end=now + timedelta(days=30)))
    register.do(EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), SECOND, request)
    return request


def end_mandate(urls: DatabaseUrls) -> CommandResult:
    """By another process."""
    with opened(urls.api) as other:
        return other.do(END, KFOR)


def test_a_command_that_waited_is_decided_at_the_time_after_the_wait(
    database_urls: DatabaseUrls, register: Register
) -> None:
    request = ready(register)
    locks = StreamLocks(20)
    dispatcher = Dispatcher(register.store, register.states, locks)
    order = CommandEnvelope(command=APPROVE, actor=KFOR, subject=request)
    with start_blocking_portal() as portal:
        release = portal.call(locks.acquire, [request])
        answer = portal.start_task_soon(dispatcher.dispatch, order)
        until(lambda: locks.waiter_count(request) == 1)
        end_mandate(database_urls)
        portal.call(release)
        assert not isinstance(answer.result(20), CommandResult)


def test_a_command_that_lost_is_decided_at_the_time_of_its_retry(
    database_urls: DatabaseUrls, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    request = ready(register)
    append = register.store.append_async
    ended: list[CommandResult] = []

    async def after_the_end(item: AppendItem) -> tuple[Recorded[Event], ...] | AppendConflict:
        if not ended:
            ended.append(await asyncio.to_thread(end_mandate, database_urls))
        return await append(item)

    monkeypatch.setattr(register.store, "append_async", after_the_end)
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
        recorded = end_recorded(ended)
        assert granted.events[0].recorded_at <= recorded.event.at <= recorded.recorded_at


def end_recorded(ended: CommandResult) -> Recorded[MandateEnded]:
    [recorded] = ended.events
    assert isinstance(recorded.event, MandateEnded)
    return cast(Recorded[MandateEnded], recorded)


def end_other_mandate(urls: DatabaseUrls) -> CommandResult:
    with opened(urls.api) as other:
        return other.do(EndMandate(authority=AuthorityCode("kfor"), region=Region("at"), reason=Text("over")), KFOR)


def test_the_time_is_the_databases(database_urls: DatabaseUrls, register: Register) -> None:
    with write_side(Settings(), database_urls.api) as write:
        outcome = asyncio.run(write.dispatcher.dispatch(CommandEnvelope(command=END, actor=KFOR)))
    assert isinstance(outcome, CommandResult)
    recorded = end_recorded(outcome)
    assert recorded.recorded_at - timedelta(minutes=1) < recorded.event.at <= recorded.recorded_at


def test_a_decision_is_never_later_than_its_record(register: Register) -> None:
    for number in range(30):
        region = Region(f"at/{number}")
        register.do(GrantMandate(authority=AuthorityCode("kfor"), region=region, legal_basis=Label("EXERCISE")), KFOR)
        ended = register.do(EndMandate(authority=AuthorityCode("kfor"), region=region, reason=WHY), KFOR)
        assert end_recorded(ended).event.at <= ended.events[-1].recorded_at


def test_an_outdated_clock_reading_is_refreshed(database_urls: DatabaseUrls, register: Register) -> None:
    clock = register.store.clock
    clock._reading = None
    gone = ThreadPoolExecutor(1)
    gone.shutdown()
    without_threads = Dispatcher(register.store, register.states, StreamLocks(5), threads=gone)
    order = CommandEnvelope(command=RegisterAuthority(code=AuthorityCode("unmik"), name=Label("UNMIK")), actor=KFOR)
    with pytest.raises(Stopping):  # the event loop does not wait for it, but asks for a thread
        asyncio.run(without_threads.dispatch(order))
    assert isinstance(register.dispatch(order), CommandResult)
    assert clock.is_fresh


def test_a_clock_without_a_reading_uses_the_machine_time() -> None:
    clock = DatabaseClock(Lineage())
    assert not clock.is_fresh
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)


def test_a_deputy_is_one_at_the_time_of_the_decision(register: Register) -> None:
    """The appointment is among what the decision rests on, and is over when it is."""
    until = register.store.clock.now() + timedelta(seconds=1.5)
    lent = AppointDeputy(
        deputy=SECOND.subject,
        authority=KFOR.authority,
        roles=(Role.REVIEWER,),
        from_=until - timedelta(days=1),
        until=until,
        reason=WHY,
    )
    register.do(lent, KFOR)
    deputy = replace(SECOND, on_behalf_of=KFOR.person)
    first, later = register.under_review(), register.under_review()
    endorse = EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY)
    [recorded] = register.do(endorse, deputy, first).events
    assert deputies_of(KFOR.authority) in {stream for stream, _ in recorded.consulted}
    assert recorded.actor == replace(deputy, roles=(Role.REVIEWER, Role.AUDITOR, Role.OBSERVER))
    register.store.set_clock()
    wait_until(lambda: register.store.clock.now() >= until)
    answer = register.attempt(endorse, deputy, later)
    assert isinstance(answer, InvalidInput)
    assert [problem.path for problem in answer.fields] == ["onBehalfOf"]
