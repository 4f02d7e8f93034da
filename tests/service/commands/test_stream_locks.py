"""Turns: one at a time for each stream, first come, first served."""

import asyncio
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import pytest

from service.commands.stream_locks import StreamLocks
from service.errors import Unavailable

A, B = UUID(int=1), UUID(int=2)


@asynccontextmanager
async def taken(turns: StreamLocks, *streams: UUID) -> AsyncIterator[None]:
    release = await turns.acquire(streams)
    try:
        yield
    finally:
        release()


def let_pass(seconds: float) -> None:
    """Keeps the event loop busy, so that all timers of these seconds are due at once."""
    threading.Event().wait(seconds)


async def hold(turns: StreamLocks, *streams: UUID) -> None:
    async with taken(turns, *streams):
        pass


def test_another_stream_does_not_wait() -> None:
    async def carry_out() -> None:
        turns = StreamLocks(timeout=0.05)
        async with taken(turns, A):
            await hold(turns, B)

    asyncio.run(carry_out())


def test_waiting_longer_than_the_timeout_raises_unavailable() -> None:
    async def carry_out() -> None:
        turns = StreamLocks(timeout=0.01)
        async with taken(turns, A):
            with pytest.raises(Unavailable, match="too many commands wait for the same subject"):
                await hold(turns, A)
        await hold(turns, A)

    asyncio.run(carry_out())


def test_a_timed_out_wait_releases_its_other_locks() -> None:
    async def carry_out() -> None:
        turns = StreamLocks(timeout=0.05)
        async with taken(turns, B):
            with pytest.raises(Unavailable):
                await hold(turns, A, B)
            await hold(turns, A)
        await hold(turns, A, B)

    asyncio.run(carry_out())


def test_waiting_commands_run_in_order_of_arrival() -> None:
    order: list[int] = []

    async def go(turns: StreamLocks, number: int) -> None:
        async with taken(turns, A):
            order.append(number)
            await asyncio.sleep(0)

    async def carry_out() -> None:
        turns = StreamLocks(timeout=20)
        async with taken(turns, A):
            tasks = [asyncio.create_task(go(turns, number)) for number in range(20)]
            await asyncio.sleep(0)
            assert turns.waiter_count(A) == 20
        await asyncio.gather(*tasks)

    asyncio.run(carry_out())
    assert order == list(range(20))


def test_crossing_pairs_do_not_block_each_other() -> None:
    done: list[int] = []

    async def go(turns: StreamLocks, *streams: UUID) -> None:
        for _ in range(500):
            async with taken(turns, *streams):
                done.append(1)
                await asyncio.sleep(0)

    async def carry_out() -> None:
        turns = StreamLocks(timeout=20)
        await asyncio.gather(go(turns, A, B), go(turns, B, A))
        assert turns.waiter_count(A) == turns.waiter_count(B) == 0
        assert not turns.is_held(A)

    asyncio.run(carry_out())
    assert len(done) == 1000


def test_a_cancelled_waiter_is_skipped() -> None:
    turns = StreamLocks(timeout=20)
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


def test_a_waiter_cancelled_as_it_is_granted_the_lock_passes_it_on() -> None:
    async def carry_out() -> None:
        turns = StreamLocks(timeout=20)
        async with taken(turns, A):
            left = asyncio.create_task(hold(turns, A))
            await asyncio.sleep(0)
        left.cancel()
        await asyncio.gather(left, return_exceptions=True)
        await asyncio.wait_for(hold(turns, A), 5)

    asyncio.run(carry_out())


def test_a_lock_that_is_granted_just_as_the_wait_times_out_is_passed_on() -> None:
    async def carry_out() -> None:
        turns, loop = StreamLocks(timeout=0.05), asyncio.get_running_loop()
        loop.call_later(0.05, await turns.acquire([A]))
        late = asyncio.create_task(hold(turns, A))
        await asyncio.sleep(0)
        assert turns.waiter_count(A) == 1
        let_pass(0.2)
        with pytest.raises(Unavailable):
            await late
        await asyncio.wait_for(hold(turns, A), 5)

    asyncio.run(carry_out())
