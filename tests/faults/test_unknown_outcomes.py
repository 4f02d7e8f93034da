"""Where nobody can tell whether a command was recorded, the dispatcher says so, and how to find out."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import psycopg
import pytest

from domain import jurisdiction
from domain.authority import RegisterAuthority, stream_of
from domain.jurisdiction import EndMandate, GrantMandate
from domain.vocabulary import AuthorityCode, Label, Region, Role, Text
from service.commands.dispatcher import Dispatch, Dispatcher, blocking
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.errors import OutcomeUnknown, Unavailable
from service.event_store.connections import ConnectionLimits
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.faults.deciding import person
from tests.faults.proxy import Fault, Proxy, proxied
from tests.service.commands.case import NOW
from tests.service.event_store.appends import write
from tests.service.graphql.api_client import served
from tests.service.graphql.scenario import ADMINISTRATOR
from tests.waiting import until

pytestmark = pytest.mark.faults

INPUT = "RegisterAuthorityInput"
REGISTER = f"mutation ($input: {INPUT}!) {{ registerAuthority(input: $input) {{ __typename }} }}"
CLERK = person("clerk", AuthorityCode("kfor"), Role.ADMINISTRATOR)
ORDER = CommandEnvelope(command=RegisterAuthority(code=AuthorityCode("kfor"), name=Label("KFOR")), actor=CLERK)
WITH_KEY = CommandEnvelope(command=ORDER.command, actor=CLERK, idempotency_key="once")


@pytest.fixture
def through(database_urls: DatabaseUrls) -> Iterator[tuple[Proxy, EventStore]]:
    with (
        TemporaryDirectory() as folder,
        proxied(database_urls.api, Path(folder)) as (proxy, url),
        closing(EventStore(url, ConnectionLimits(answer=3, connect=2))) as store,
    ):
        write(store, (uuid4(), 1))
        yield proxy, store


@pytest.fixture
def dispatch(through: tuple[Proxy, EventStore]) -> Iterator[Dispatch]:
    """What an order rests on is at hand, so that the fault strikes its append."""
    _, store = through
    states = StateCache(store)
    dispatcher = Dispatcher(store, states, StreamLocks(20), lambda: NOW)
    states.load([stream_of(CLERK.authority)])
    with blocking(dispatcher) as dispatch:
        yield dispatch


@pytest.mark.parametrize("order", [ORDER, WITH_KEY])
def test_an_unknown_outcome_says_how_to_find_out(
    through: tuple[Proxy, EventStore], dispatch: Dispatch, order: CommandEnvelope
) -> None:
    proxy, store = through
    proxy.once(Fault.LOSE_ANSWER, and_no_more=True)
    with pytest.raises(OutcomeUnknown) as raised:
        dispatch(order)
    error = raised.value
    assert error.recorded is None
    assert (error.version, error.has_key) == (0, order is WITH_KEY)
    assert ("same idempotency key" in error.advice) == error.has_key
    assert f"history of {error.subject}" in error.advice
    proxy.is_open = True
    until(lambda: recorded(store, error), seconds=20)
    if error.has_key:
        again = dispatch(order)
        assert isinstance(again, CommandResult)
        assert again.repeated


def test_the_version_before_an_unknown_outcome_is_named(through: tuple[Proxy, EventStore], dispatch: Dispatch) -> None:
    proxy, _ = through
    grant = GrantMandate(authority=AuthorityCode("kfor"), region=Region("xk"), legal_basis=Label("UNSCR 1244"))
    for order in (ORDER, CommandEnvelope(command=grant, actor=CLERK)):
        assert isinstance(dispatch(order), CommandResult)
    end = EndMandate(authority=AuthorityCode("kfor"), region=Region("xk"), reason=Text("over"))
    proxy.once(Fault.LOSE_ANSWER, and_no_more=True)
    with pytest.raises(OutcomeUnknown, match="the answer was lost") as raised:
        dispatch(CommandEnvelope(command=end, actor=CLERK))
    assert "cannot be determined now: connection" in str(raised.value)
    assert (raised.value.version, raised.value.subject) == (1, jurisdiction.stream_of(Region("xk")))


def test_an_http_client_learns_from_the_response_how_to_determine_the_outcome(database_urls: DatabaseUrls) -> None:
    """And does so by it."""
    with (
        TemporaryDirectory() as folder,
        proxied(database_urls.api, Path(folder)) as (proxy, url),
        served(replace(database_urls, api=url), follow=False, statement_timeout=3, connect_timeout=2) as register,
    ):
        proxy.about = b"AuthorityRegistered"
        register.command(ADMINISTRATOR, "registerAuthority", INPUT, {"code": ADMINISTRATOR.authority, "name": "own"})
        for number, key in enumerate((None, "once")):
            register.command(ADMINISTRATOR, "registerAuthority", INPUT, {"code": f"before{number}", "name": "before"})
            code = f"late{number}"
            values = {"code": code, "name": "late", "idempotencyKey": key}
            proxy.once(Fault.LOSE_ANSWER, and_no_more=True)
            response = register.post(ADMINISTRATOR, REGISTER, {"input": values})
            assert proxy.struck[number:] == [Fault.LOSE_ANSWER]
            [error] = response.json()["errors"]
            assert error["extensions"]["code"] == "UNAVAILABLE"
            assert error["message"].startswith("It is not known whether the command was recorded.")
            assert ("Send it again with the same idempotency key" in error["message"]) == (key is not None)
            assert ("Do not send it again unseen" in error["message"]) == (key is None)
            assert f"read the history of {stream_of(AuthorityCode(code))}" in error["message"]
            proxy.is_open = True
            until(lambda: register.client.get("/health/ready/commands").status_code == 200)
            if key is not None:
                again = register.command(ADMINISTRATOR, "registerAuthority", INPUT, values)
                assert again["__typename"] == "AuthorityRecorded"
    with closing(EventStore(database_urls.api)) as direct:
        assert len(direct.stream(stream_of(AuthorityCode("late1")))) == 1


def recorded(store: EventStore, error: OutcomeUnknown) -> bool:
    try:
        return len(store.stream(error.subject, error.version)) == 1
    except Unavailable:
        return False


def test_nothing_is_certain_while_the_backend_may_still_run(
    database_urls: DatabaseUrls, through: tuple[Proxy, EventStore]
) -> None:
    """A backend that does not end when it is terminated may still record."""
    proxy, store = through
    stream = uuid4()
    backend = store._appender._backend
    assert backend is not None
    os.kill(backend.pid, signal.SIGSTOP)
    try:
        proxy.once(Fault.CUT)
        with pytest.raises(Unavailable) as raised:
            write(store, (stream, 1))
        assert raised.value.recorded is None
    finally:
        os.kill(backend.pid, signal.SIGCONT)
    with psycopg.connect(database_urls.owner, autocommit=True) as connection:
        alive = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
        until(lambda: connection.execute(alive, [backend.pid]).fetchone() is None)
