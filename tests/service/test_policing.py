"""Policies: what is one request's fault fails it alone, and what is the database's fails nobody."""

import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from domain.vocabulary import RequestId
from service.commands.dispatcher import Dispatcher, blocking
from service.commands.policy_runner import PolicyRunner
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.errors import Unavailable
from service.event_store.store import EventStore
from tests.e2e.serving import free_port


@pytest.fixture
def away() -> Iterator[PolicyRunner]:
    """Policies of a database that is not there."""
    with closing(EventStore(f"postgresql://nobody@127.0.0.1:{free_port()}/nothing")) as store:
        states = StateCache(store)
        with blocking(Dispatcher(store, states, StreamLocks(5))) as dispatch:
            yield PolicyRunner(dispatch, states, store.feed, lambda incident, position: [], lambda: datetime.now(UTC))


@pytest.mark.parametrize("set_aside", [False, True])
def test_an_unreachable_database_is_not_attributed_to_a_request(
    away: PolicyRunner, caplog: pytest.LogCaptureFixture, set_aside: bool
) -> None:
    request = RequestId(uuid4())
    with caplog.at_level(logging.ERROR, "service.commands.policy_runner"), pytest.raises(Unavailable):
        away.tick(() if set_aside else (request,), parked=(request,) if set_aside else ())
    with caplog.at_level(logging.ERROR, "service.commands.policy_runner"), pytest.raises(Unavailable):
        away.try_again([request])
    assert not caplog.records
