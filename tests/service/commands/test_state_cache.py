"""Folded states at hand: bounded by bytes, and nothing is dropped for ids that nobody knows."""

from uuid import UUID, uuid4

import msgspec
import pytest

from domain.deployment_request.commands import RemarkOnRequest
from domain.vocabulary import Text
from service.commands.state_cache import MAX_ABSENT, StateCache
from tests.register import Register, dispatching
from tests.service.commands.case import OFFICIAL, clock

LONG = RemarkOnRequest(reason=Text("EXERCISE " * 500))


def at_hand(states: StateCache, streams: list[UUID]) -> int:
    return sum(states.cached([stream]) is not None for stream in streams)


def test_states_are_bounded_by_bytes(register: Register) -> None:
    states = StateCache(register.store, most_bytes=60_000)
    with dispatching(register.store, states, clock) as process:
        requests = [process.submitted() for _ in range(6)]
        assert at_hand(states, requests) == 6
        for _ in range(3):
            for request in requests[:3]:
                process.do(LONG, OFFICIAL, request)
                assert states.size <= 60_000
        assert 0 < at_hand(states, requests) < 6


def test_a_state_larger_than_the_cache_is_not_cached(register: Register) -> None:
    states = StateCache(register.store, most_bytes=20_000)
    with dispatching(register.store, states, clock) as process:
        request = process.submitted()
        for version in range(2, 7):
            assert process.attempt(LONG, OFFICIAL, request).state.version == version
        assert states.size <= 20_000
        assert at_hand(states, [request]) == 0


def test_an_evicted_state_is_read_again(register: Register) -> None:
    states = StateCache(register.store, most_bytes=1)
    with dispatching(register.store, states, clock) as process:
        request = process.submitted()
        assert [process.attempt(LONG, OFFICIAL, request).state.version for _ in range(3)] == [2, 3, 4]
        assert states.size == 0


def test_unknown_ids_drop_no_state(register: Register) -> None:
    states = StateCache(register.store, most_bytes=60_000)
    with dispatching(register.store, states, clock) as process:
        request = process.submitted()
        size = states.size
        for _ in range(3):
            states.load([uuid4() for _ in range(MAX_ABSENT // 2)])
        assert at_hand(states, [request]) == 1
        assert states.size == size
        assert len(states._absent) <= MAX_ABSENT


@pytest.mark.parametrize("reading", ["recorded", "read"])
def test_the_estimate_grows_with_the_events(register: Register, reading: str) -> None:
    """Also where a state is read from the store, and where it is carried on."""
    request = register.submitted()
    states = StateCache(register.store)
    states.load([request])
    before = states.size
    with dispatching(register.store, states if reading == "recorded" else StateCache(register.store), clock) as process:
        for _ in range(10):
            process.do(LONG, OFFICIAL, request)
    if reading == "read":
        states.refresh(states.load([request]))
    assert states.size - before > 10 * len(msgspec.json.encode(LONG.reason.value))
