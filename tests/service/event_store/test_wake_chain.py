"""Whoever waits is woken, also behind those who no longer do."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from service.event_store.wake_chain import Waiter, wake_all


def test_all_are_woken() -> None:
    sleepers = [Waiter() for _ in range(100)]
    with ThreadPoolExecutor(100) as pool:
        waiting = [pool.submit(sleeper.sleep, 20) for sleeper in sleepers]
        wake_all(sleepers)
    assert all(each.result() for each in waiting)


def test_nobody_is_woken_before_their_time() -> None:
    assert not Waiter().sleep(0.01)


def test_one_who_comes_later_than_the_waking_is_not_left_waiting() -> None:
    first, second = Waiter(), Waiter()
    wake_all([first, second])
    assert first.sleep(1)
    assert second.sleep(1)


def test_those_behind_one_who_left_are_woken() -> None:
    sleepers = [Waiter() for _ in range(2000)]
    assert not any(sleeper.leave() for sleeper in sleepers[:-1])
    wake_all(sleepers)
    assert sleepers[-1].sleep(1)


@pytest.mark.parametrize("leave", [Waiter.leave, lambda sleeper: sleeper.sleep(0) or sleeper.leave()])
def test_one_who_leaves_while_woken_breaks_no_row(leave: Callable[[Waiter], bool]) -> None:
    with ThreadPoolExecutor(8) as pool:
        for _ in range(300):
            sleepers = [Waiter() for _ in range(6)]
            start = threading.Barrier(4)

            def at_once(act: Callable[[], object], start: threading.Barrier = start) -> object:
                start.wait(20)
                return act()

            leaving = [pool.submit(at_once, lambda s=s: leave(s)) for s in sleepers[1:4:2]]  # type: ignore[misc]
            waking = pool.submit(at_once, lambda s=sleepers: wake_all(s))  # type: ignore[misc]
            waiting: list[Future[bool]] = [pool.submit(sleepers[n].sleep, 20) for n in (0, 2, 4, 5)]
            start.wait(20)
            assert all(each.result(20) for each in waiting)
            assert [each.result(20) for each in (waking, *leaving)]
