"""Commands carried out in an event loop: as the dispatcher does, and without a thread where none has to wait."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.deployment_request.commands import BeginReview, RemarkOnRequest
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.refusals import IdempotencyConflict, InvalidInput, NotFound, TransitionRefused
from domain.vocabulary import Text
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.errors import Unavailable
from service.event_store.connections import ConnectionLimits
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.register import Register, opened
from tests.service.commands.case import OFFICIAL, REVIEWER, SUBMIT, clock
from tests.waiting import until

AGAIN = RemarkOnRequest(reason=Text("EXERCISE"))
BEGIN = BeginReview(reason=Text("EXERCISE"))


def remark(subject: UUID, **order: Any) -> CommandEnvelope:
    return CommandEnvelope(command=AGAIN, actor=REVIEWER, subject=subject, **order)


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as threads:
        yield threads


@pytest.fixture
def dispatcher(register: Register, threads: ThreadPoolExecutor) -> Dispatcher:
    return in_loop(register, threads)


def in_loop(register: Register, threads: ThreadPoolExecutor, locks: StreamLocks | None = None) -> Dispatcher:
    return Dispatcher(register.store, register.states, locks or StreamLocks(20), clock, threads=threads)


@pytest.fixture
def without_threads(register: Register) -> Dispatcher:
    """Where a thread is asked for, it raises."""
    gone = ThreadPoolExecutor(1)
    gone.shutdown()
    return in_loop(register, gone)


def test_cached_states_need_no_thread(register: Register, without_threads: Dispatcher) -> None:
    request = register.submitted()

    async def carry_out() -> list[Any]:
        orders = [
            CommandEnvelope(command=SUBMIT, actor=OFFICIAL),
            CommandEnvelope(command=BEGIN, actor=REVIEWER, subject=request),
        ]
        return [await without_threads.dispatch(order) for order in [*orders, remark(request), remark(request)]]

    with pytest.raises(Unavailable, match="stopping"):
        asyncio.run(without_threads.dispatch(remark(uuid4())))
    submitted, *others = asyncio.run(carry_out())
    assert [outcome.state.version for outcome in others] == [2, 3, 4]
    assert [outcome.before.version for outcome in others] == [1, 2, 3]
    for outcome in (submitted, *others):
        stored = {each.position: each for each in register.store.stream(outcome.subject)}
        assert [stored[event.position] for event in outcome.events] == list(outcome.events)
    assert submitted.state.reference != others[0].state.reference


def test_a_refusal_rests_on_what_was_read(register: Register, dispatcher: Dispatcher, database_url: str) -> None:
    request = register.submitted()
    with opened(database_url, clock) as elsewhere:
        elsewhere.do(BEGIN, REVIEWER, request)
    refused = [
        (CommandEnvelope(command=BEGIN, actor=REVIEWER, subject=request), TransitionRefused),
        (CommandEnvelope(command=BEGIN, actor=REVIEWER, subject=uuid4()), NotFound),
        (CommandEnvelope(command=RemarkOnRequest(reason=Text(" ")), actor=REVIEWER, subject=request), InvalidInput),
        (remark(request, idempotency_key=" "), InvalidInput),
    ]
    for order, refusal in refused:
        assert isinstance(asyncio.run(dispatcher.dispatch(order)), refusal)


def test_a_lost_append_is_decided_again(register: Register, dispatcher: Dispatcher, database_url: str) -> None:
    request = register.submitted()
    with opened(database_url, clock) as elsewhere:
        elsewhere.do(BEGIN, REVIEWER, request)
    outcome = asyncio.run(dispatcher.dispatch(remark(request)))
    assert isinstance(outcome, CommandResult)
    assert isinstance(outcome.state, DeploymentRequest)
    assert (outcome.state.version, outcome.state.status) == (3, RequestStatus.UNDER_REVIEW)


def test_an_idempotency_key_is_used_once_across_processes(
    register: Register, dispatcher: Dispatcher, database_url: str
) -> None:
    request = register.submitted()
    here, there = (remark(request, idempotency_key=key) for key in ("here", "there"))
    first = asyncio.run(dispatcher.dispatch(here))
    with opened(database_url, clock) as elsewhere:
        second = elsewhere.dispatch(there)
    for order, outcome in ((here, first), (there, second)):
        again = asyncio.run(dispatcher.dispatch(order))
        assert isinstance(again, CommandResult)
        assert again.repeated
        assert isinstance(outcome, CommandResult)
        assert again.events == outcome.events
    other = CommandEnvelope(command=BEGIN, actor=REVIEWER, subject=request, idempotency_key="there")
    assert isinstance(asyncio.run(dispatcher.dispatch(other)), IdempotencyConflict)


def test_concurrent_commands_on_one_request_are_each_recorded_once(register: Register, dispatcher: Dispatcher) -> None:
    requests = [register.submitted() for _ in range(2)]

    async def carry_out() -> list[Any]:
        return await asyncio.gather(*(dispatcher.dispatch(remark(requests[n % 2])) for n in range(200)))

    outcomes = asyncio.run(carry_out())
    for request in requests:
        own = sorted(outcome.state.version for outcome in outcomes if outcome.subject == request)
        assert own == list(range(2, 102))
        assert len(list(register.store.stream(request))) == 101


def test_a_command_that_is_cancelled_after_its_start_is_recorded(register: Register, dispatcher: Dispatcher) -> None:
    """It is recorded, and its turn given up."""
    request = register.submitted()

    async def carry_out() -> Any:
        left = asyncio.create_task(dispatcher.dispatch(remark(request)))
        await asyncio.sleep(0)
        left.cancel()
        with pytest.raises(asyncio.CancelledError):
            await left
        return await dispatcher.dispatch(remark(request))

    outcome = asyncio.run(carry_out())
    assert (outcome.state.version, len(register.store.stream(request))) == (3, 3)


def test_a_command_that_is_cancelled_while_it_reads_states_is_recorded(
    register: Register, threads: ThreadPoolExecutor, database_urls: DatabaseUrls
) -> None:
    request, turns = register.submitted(), StreamLocks(20)
    dispatcher = Dispatcher(register.store, StateCache(register.store), turns, clock, threads=threads)
    reader = "SELECT 1 FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
    with psycopg.connect(database_urls.owner) as holder, psycopg.connect(database_urls.owner) as watcher:

        def someone_reads() -> bool:
            with watcher.transaction():
                return watcher.execute(reader).fetchone() is not None

        async def carry_out() -> None:
            holder.execute("LOCK TABLE event_store.events IN ACCESS EXCLUSIVE MODE")
            left = asyncio.create_task(dispatcher.dispatch(remark(request)))
            await asyncio.to_thread(until, someone_reads)
            left.cancel()
            with pytest.raises(asyncio.CancelledError):
                await left
            assert turns.is_held(request)
            holder.rollback()
            await dispatcher.dispatch(remark(request))

        asyncio.run(carry_out())
    assert len(register.store.stream(request)) == 3


def test_a_cancelled_command_does_not_affect_the_others_of_its_batch(
    register: Register, dispatcher: Dispatcher, database_urls: DatabaseUrls
) -> None:
    """Three that go in one batch, behind one that waits."""
    requests = [register.submitted() for _ in range(4)]
    with psycopg.connect(database_urls.owner) as holder:

        async def carry_out() -> list[Any]:
            holder.execute("LOCK TABLE event_store.events IN EXCLUSIVE MODE")
            first, left, *others = (asyncio.create_task(dispatcher.dispatch(remark(each))) for each in requests)
            await asyncio.sleep(0)  # each has its turn
            await asyncio.sleep(0)  # and is decided and appended
            left.cancel()
            await asyncio.sleep(0)
            holder.rollback()
            return await asyncio.gather(first, *others)

        outcomes = asyncio.run(carry_out())
    assert [outcome.state.version for outcome in outcomes] == [2, 2, 2]
    assert [len(register.store.stream(request)) for request in requests] == [2, 2, 2, 2]


def test_a_failed_append_is_reported_and_releases_the_stream_lock(
    register: Register, threads: ThreadPoolExecutor, database_urls: DatabaseUrls
) -> None:
    request = register.submitted()
    limits = ConnectionLimits(lock=0.2, answer=1.0)
    with (
        closing(EventStore(database_urls.api, limits)) as store,
        psycopg.connect(database_urls.owner) as holder,
    ):
        dispatcher = Dispatcher(store, StateCache(store), StreamLocks(5), clock, threads=threads)
        assert isinstance(asyncio.run(dispatcher.dispatch(remark(request))), CommandResult)
        holder.execute("LOCK TABLE event_store.events IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(Unavailable) as raised:
            asyncio.run(dispatcher.dispatch(remark(request)))
        assert raised.value.recorded is False
        holder.rollback()
        outcome = asyncio.run(dispatcher.dispatch(remark(request)))
        assert isinstance(outcome, CommandResult)
        assert outcome.state.version == 3


def test_a_closed_store_records_nothing(register: Register, threads: ThreadPoolExecutor) -> None:
    request, turns = register.submitted(), StreamLocks(20)
    dispatcher = in_loop(register, threads, turns)
    register.store.close()
    for _ in range(2):
        with pytest.raises(Unavailable, match="stopping"):
            asyncio.run(dispatcher.dispatch(remark(request)))
    assert not turns.is_held(request), "the turn was given up"


def test_contended_streams_block_no_threads(register: Register, database_urls: DatabaseUrls) -> None:
    """While nothing can be appended, what is read for others is answered."""
    request = register.submitted()
    with psycopg.connect(database_urls.owner) as holder, ThreadPoolExecutor(1) as thread:
        dispatcher = in_loop(register, thread)

        async def carry_out() -> list[Any]:
            holder.execute("LOCK TABLE event_store.events IN EXCLUSIVE MODE")
            orders = [remark(request) for _ in range(20)]
            orders += [remark(request, idempotency_key="k") for _ in range(5)]
            many = [asyncio.create_task(dispatcher.dispatch(order)) for order in orders]
            await asyncio.sleep(0)
            refused = await dispatcher.dispatch(remark(uuid4()))
            assert isinstance(refused, NotFound)
            assert not any(each.done() for each in many)
            holder.rollback()
            return await asyncio.gather(*many)

        outcomes = asyncio.run(carry_out())
    assert sorted({outcome.state.version for outcome in outcomes}) == list(range(2, 23))
    assert [outcome.repeated for outcome in outcomes].count(True) == 4
