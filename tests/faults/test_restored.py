"""A database restored to an earlier point: nothing is decided or appended on what is gone from it."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from domain.catalogue import Command
from domain.deployment_request.commands import BeginReview, DenyRequest, RemarkOnRequest
from domain.refusals import Refusal, TransitionRefused
from domain.vocabulary import SYSTEM, Text
from projections.reading.reader import Reader
from projections.views.authorities import standing_of
from service.access.identity import Identity
from service.commands.actor_names import ActorNames
from service.commands.envelope import CommandResult
from service.errors import Unavailable
from service.event_store.store import AppendConflict, AppendItem, EventStore
from service.processes.composition import reading_connections
from service.settings import DatabaseUrls, Settings
from tests.faults.restoring import Backup
from tests.register import KFOR, Register, opened
from tests.service.event_store.appends import unrecorded
from tests.waiting import until

pytestmark = pytest.mark.faults

WHY = Text("EXERCISE")
REMARK = RemarkOnRequest(reason=WHY)
Give = Callable[[Command, UUID], Any]


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with opened(database_urls.api) as register:
        register.prepare()
        yield register


@pytest.fixture
def give(register: Register) -> Give:
    """Gives a command until the database answers again."""

    def give(command: Command, subject: UUID) -> Any:
        answers: list[CommandResult | Refusal] = []
        until(lambda: attempted(lambda: register.attempt(command, KFOR, subject), answers))
        return answers[0]

    return give


def attempted(once: Callable[[], object], answers: list[Any]) -> bool:
    try:
        answers.append(once())
    except Unavailable as error:
        unavailable = error
    else:
        return True
    assert unavailable.recorded is False
    return False


def versions(register: Register, request: UUID) -> list[int]:
    return [recorded.version for recorded in register.store.stream(request)]


def submitted(register: Register) -> UUID:
    return register.under_review(register.incident())


def test_a_stream_continues_where_the_restored_one_ends(
    register: Register, database_urls: DatabaseUrls, give: Give
) -> None:
    request = submitted(register)
    backup = Backup(database_urls)
    for _ in range(5):
        give(REMARK, request)
    backup.restore()
    outcome = give(REMARK, request)
    assert isinstance(outcome, CommandResult)
    assert outcome.state.version == 3
    assert versions(register, request) == [1, 2, 3]


def test_other_events_at_the_same_versions_are_not_taken_for_those_that_are_gone(
    register: Register, database_urls: DatabaseUrls, give: Give
) -> None:
    request = submitted(register)
    backup = Backup(database_urls)
    assert isinstance(give(DenyRequest(reason=WHY), request), CommandResult)
    backup.restore()
    with opened(database_urls.api) as other:
        other.do(REMARK, KFOR, request)
    outcome = give(DenyRequest(reason=WHY), request)
    assert isinstance(outcome, CommandResult), "it was denied in the history that is gone"
    assert outcome.state.version == 4


def test_a_refusal_does_not_rest_on_what_is_gone_either(
    register: Register, database_urls: DatabaseUrls, give: Give
) -> None:
    request = submitted(register)
    backup = Backup(database_urls)
    give(DenyRequest(reason=WHY), request)
    backup.restore()
    refused = give(BeginReview(reason=WHY), request)
    assert isinstance(refused, TransitionRefused)
    assert refused.status == "UNDER_REVIEW"


def test_an_item_that_was_decided_before_is_lost(register: Register, database_urls: DatabaseUrls) -> None:
    """Its places are free, and all that it consulted has the same version: the events there are others."""
    store: EventStore = register.store
    request = submitted(register)
    backup = Backup(database_urls)
    register.do(REMARK, KFOR, request)
    decided = AppendItem(events=(unrecorded(request, 4),), lineage=store.lineage.number)
    backup.restore()
    with opened(database_urls.api) as other:
        other.do(REMARK, KFOR, request)
    answers: list[Any] = []
    until(lambda: attempted(lambda: store.append(decided), answers))
    assert answers == [AppendConflict(frozenset({request}))]


def test_the_same_database_after_a_restart_keeps_what_is_known(register: Register, database_urls: DatabaseUrls) -> None:
    request = submitted(register)
    before = register.store.lineage.number
    backup = Backup(database_urls)
    backup.restore()
    until(lambda: readable(register, request))
    assert register.store.lineage.number == before


def readable(register: Register, request: UUID) -> bool:
    try:
        return versions(register, request) == [1, 2]
    except Unavailable:
        return False


def test_the_positions_of_past_instants_are_those_of_the_restored_log(
    register: Register, database_urls: DatabaseUrls
) -> None:
    backup = Backup(database_urls)
    request = submitted(register)
    instant = register.store.stream(request)[-1].recorded_at

    async def position(reader: Reader) -> int:
        return (await reader.reading(SYSTEM, as_of=instant)).viewer_scope.position or 0

    async def run() -> None:
        connections = reading_connections(Settings(), database_urls.api)
        try:
            reader = Reader(connections, standing_of)
            assert await position(reader) == register.store.head()[0]
            await asyncio.to_thread(backup.restore)
            await reader.reached(["incidents"])
            assert await position(reader) == await asyncio.to_thread(head, register.store)
        finally:
            await connections.close()

    asyncio.run(run())


def head(store: EventStore) -> int:
    found: list[int] = []

    def ask() -> bool:
        with suppress(Unavailable):
            found.append(store.head()[0])
        return bool(found)

    until(ask)
    return found[0]


def test_names_of_persons_are_recorded_again(register: Register, database_urls: DatabaseUrls) -> None:
    backup = Backup(database_urls)
    submitted(register)
    names = ActorNames(register.store)
    identity = Identity(actor=KFOR, name="Ada", expires_at=datetime.now(UTC) + timedelta(hours=1))
    asyncio.run(names.record(identity))
    assert names.is_current(identity)
    backup.restore()
    head(register.store)
    assert not names.is_current(identity)
    asyncio.run(names.record(identity))
    with psycopg.connect(database_urls.owner) as owner:
        assert owner.execute("SELECT name FROM event_store.people").fetchall() == [("Ada",)]
