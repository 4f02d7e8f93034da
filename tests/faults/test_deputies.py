"""A deputy and their principal race on one request, in two processes' worth of dispatchers: four eyes hold in all."""

import asyncio
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

import pytest

from domain.deployment_request import commands as c
from domain.deployment_request import events as e
from domain.deployment_request.changed_endorsement import ChangeEndorsement
from domain.deployment_request.events import Recommendation
from domain.deputy_appointment import AppointDeputy, EndDeputy
from domain.vocabulary import Actor, Role, Subject, Text
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.register import KFOR, WHY, Register, opened

RACES: Final = int(os.environ.get("TEST_DEPUTIES", "25"))
"""`make test-long` sets 1,000."""
BOTH: Final = (Role.REVIEWER, Role.APPROVER)
PAULA, DORA = (replace(KFOR, subject=Subject(name), roles=BOTH) for name in ("paula", "dora"))
FOR_PAULA: Final = replace(DORA, on_behalf_of=PAULA.person)
ENDORSE = c.EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY)
CHANGE = ChangeEndorsement(recommendation=Recommendation.APPROVE, reason=Text("EXERCISE: again"))
APPROVE = c.ApproveRequest(reason=WHY)
RECUSE = c.RecuseReviewer(reason=WHY)


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Register]:
    with opened(database_urls.api) as register:
        register.prepare()
        register.do(appointment(), PAULA)
        yield register


def appointment() -> AppointDeputy:
    now = datetime.now(UTC)
    return AppointDeputy(
        deputy=DORA.subject, authority=KFOR.authority, roles=BOTH, from_=now, until=now + timedelta(days=9), reason=WHY
    )


def two_eyes(log: list[Any]) -> bool:
    """Whether the approval, if there is one, has an endorsement by somebody who is neither its author nor one of both,
    and no person has a part in two endorsements."""
    votes: list[set[Any]] = []
    recused: set[Any] = set()
    for recorded in log:
        persons = set(recorded.actor.persons)
        match recorded.event:
            case e.RequestEndorsed():
                if any(vote & persons for vote in votes):
                    return False
                votes.append(persons)
            case e.EndorsementChanged():
                own = [vote for vote in votes if vote & persons]
                if len(own) != 1:
                    return False
                own[0].update(persons)
            case e.ReviewerRecused():
                recused |= persons
            case e.RequestApproved():
                others = [vote for vote in votes if not vote & (persons | recused)]
                touched = [vote for vote in votes if vote & persons]
                return bool(others) and not (recorded.actor.on_behalf_of and touched)
            case _:
                pass
    return True


def test_a_deputy_and_their_principal_race_and_four_eyes_hold(register: Register, database_urls: DatabaseUrls) -> None:
    chance, approved = Random(18), 0
    with ExitStack() as stack:
        stores = [stack.enter_context(closing(EventStore(database_urls.api))) for _ in range(2)]
        threads = stack.enter_context(ThreadPoolExecutor(8))

        async def race(request: UUID, acts: list[tuple[Any, Actor]]) -> None:
            processes = [Dispatcher(each, StateCache(each), StreamLocks(20), threads=threads) for each in stores]
            envelopes = [CommandEnvelope(command=command, actor=by, subject=request) for command, by in acts]
            given = zip(processes * len(envelopes), envelopes, strict=False)
            await asyncio.gather(*(process.dispatch(envelope) for process, envelope in given))

        for _ in range(RACES):
            request = register.under_review()
            acts: list[tuple[Any, Actor]] = [
                (command, by)
                for command in (ENDORSE, ENDORSE, APPROVE, APPROVE, CHANGE)
                for by in (PAULA, DORA, FOR_PAULA)
            ]
            acts += [(RECUSE, FOR_PAULA)] if chance.random() < 0.1 else []
            chance.shuffle(acts)
            asyncio.run(race(request, acts))
            log = list(register.store.stream(request))
            assert two_eyes(log), [(type(each.event).__name__, each.actor.persons) for each in log]
            approved += any(isinstance(each.event, e.RequestApproved) for each in log)
    assert approved, "each for herself, they are two persons"


def test_an_appointment_that_ends_meanwhile_is_not_used(register: Register, database_urls: DatabaseUrls) -> None:
    """What a deputy does and the end of their appointment are in one order: nothing is done after it."""
    ended = EndDeputy(deputy=DORA.subject, authority=KFOR.authority, reason=WHY)
    with opened(database_urls.api) as elsewhere, ThreadPoolExecutor(2) as threads:
        for _ in range(max(RACES // 5, 3)):
            request = register.under_review()
            acts = threads.submit(register.attempt, ENDORSE, FOR_PAULA, request)
            ends = threads.submit(elsewhere.do, ended, PAULA)
            answer, end = acts.result(), ends.result()
            [position] = [recorded.position for recorded in end.events]
            done = [each for each in register.store.stream(request) if each.actor == FOR_PAULA]
            assert all(each.position < position for each in done), answer
            register.do(appointment(), PAULA)
            assert register.attempt(ENDORSE, FOR_PAULA, request) is not None
