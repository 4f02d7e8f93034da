"""Turns: one at a time for each stream, first come, first served."""

import asyncio
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from uuid import UUID

import pytest

from service.commands.stream_locks import AsyncStreamLocks, StreamLocks
from service.errors import Unavailable
from tests.waiting import until

A, B = UUID(int=1), UUID(int=2)


@contextmanager
def held_elsewhere(turns: StreamLocks, *streams: UUID) -> Iterator[threading.Event]:
    """Another thread holds the turn until the event is set."""
    has, release = threading.Event(), threading.Event()

    def hold() -> None:
        with turns.held(streams):
            has.set()
            release.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert has.wait(10)
    try:
        yield release
    finally:
        release.set()
        thread.join(10)


def test_another_stream_does_not_wait() -> None:
    turns = StreamLocks(timeout=0.05)
    with held_elsewhere(turns, A), turns.held([B]):
        pass


def test_who_waits_too_long_is_told_to_try_again() -> None:
    turns = StreamLocks(timeout=0.05)
    with held_elsewhere(turns, A), pytest.raises(Unavailable), turns.held([A]):
        pass


def test_a_turn_given_up_in_vain_is_not_lost() -> None:
    turns = StreamLocks(timeout=0.05)
    with held_elsewhere(turns, A):
        with pytest.raises(Unavailable), turns.held([B, A]):
            pass
        with turns.held([B]):
            pass
    with turns.held([A, B]):
        pass


def test_a_turn_that_is_passed_on_just_as_the_wait_ends_is_taken() -> None:
    """The one who waits has given up, and was passed the turn before it could leave the queue."""
    turns = StreamLocks(timeout=0.05)
    took: list[bool] = []

    def take() -> None:
        with turns.held([A]):
            took.append(True)

    with held_elsewhere(turns, A):
        waiting = threading.Thread(target=take)
        waiting.start()
        until(partial(_waits, turns, 1))
        with turns._guard:
            waiting.join(0.5)  # its time is over, and it cannot leave the queue
            turns._waiting[A].popleft().release()
        waiting.join(10)
        assert took, "the turn was its own"
        turns._waiting[A] = deque()
    with turns.held([A]):
        pass


def test_those_who_wait_go_in_the_order_in_which_they_came() -> None:
    turns = StreamLocks(timeout=10)
    order: list[int] = []
    threads = []

    def go(number: int) -> None:
        with turns.held([A]):
            order.append(number)

    with held_elsewhere(turns, A) as release:
        for number in range(20):
            thread = threading.Thread(target=go, args=(number,))
            thread.start()
            threads.append(thread)
            until(partial(_waits, turns, number + 1))
        release.set()
    for thread in threads:
        thread.join(10)
    assert order == list(range(20))


def test_crossing_pairs_do_not_block_each_other() -> None:
    turns = StreamLocks(timeout=10)
    done: list[int] = []

    def go(*streams: UUID) -> None:
        for _ in range(500):
            with turns.held(streams):
                done.append(1)

    threads = [threading.Thread(target=go, args=pair) for pair in ((A, B), (B, A))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(done) == 1000
    assert turns.waiter_count(A) == turns.waiter_count(B) == 0


def test_in_a_loop_they_go_in_order_and_who_leaves_is_passed_over() -> None:
    turns = AsyncStreamLocks(timeout=20)
    order: list[int] = []

    async def go(number: int) -> None:
        async with taken(turns, A, B):
            order.append(number)
            await asyncio.sleep(0)

    async def carry_out() -> None:
        async with taken(turns, B):
            tasks = [asyncio.create_task(go(number)) for number in range(6)]
            await asyncio.sleep(0)
            tasks[0].cancel()
            tasks[3].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await go(7)

    asyncio.run(carry_out())
    assert order == [1, 2, 4, 5, 7]


def test_in_a_loop_who_waits_too_long_is_told_to_try_again() -> None:
    turns = AsyncStreamLocks(timeout=0.01)

    async def carry_out() -> None:
        async with taken(turns, A):
            with pytest.raises(Unavailable):
                await _hold(turns)
        await _hold(turns)

    asyncio.run(carry_out())


def test_one_who_leaves_just_as_the_turn_comes_passes_it_on() -> None:
    turns = AsyncStreamLocks(timeout=20)

    async def carry_out() -> None:
        async with taken(turns, A):
            left = asyncio.create_task(_hold(turns))
            await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        await asyncio.wait_for(_hold(turns), 5)

    asyncio.run(carry_out())


@asynccontextmanager
async def taken(turns: AsyncStreamLocks, *streams: UUID) -> AsyncIterator[None]:
    release = turns.try_acquire(streams) or await turns.acquire(streams)
    try:
        yield
    finally:
        release()


async def _hold(turns: AsyncStreamLocks) -> None:
    async with taken(turns, A):
        pass


def _waits(turns: StreamLocks, how_many: int) -> bool:
    return turns.waiter_count(A) == how_many
