"""A subject that one may not see takes as many statements as one that does not exist."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID, uuid4

import pytest

from domain.authority import RegisterAuthority
from domain.catalogue import Command
from domain.deployment_request.commands import RemarkOnRequest, SubmitRequest
from domain.incident.commands import ReportIncident
from domain.incident.referral import ReferIncident
from domain.refusals import NotFound
from domain.vocabulary import AuthorityCode, Label, Marking, Period, Role, Strength, Subject
from service.commands.dispatcher import Dispatcher, blocking
from service.commands.envelope import CommandEnvelope
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.faults.proxy import Fault, Proxy, proxied
from tests.register import KFOR, NORTH, PRISTINA, WHY, opened

STRANGER = replace(PRISTINA, subject=Subject("stranger"), authority=AuthorityCode("atlantis"), roles=(Role.REQUESTER,))
COMMANDS: dict[str, Command] = {
    "request": RemarkOnRequest(reason=WHY),
    "incident": ReferIncident(authority=AuthorityCode("kfor"), reason=WHY),
}

OWNERS = {"request": PRISTINA, "incident": KFOR}


@pytest.fixture
def hidden(database_urls: DatabaseUrls) -> dict[str, UUID]:
    """A request and an incident that the stranger may not see."""
    now = datetime.now(UTC)
    with opened(database_urls.api) as register:
        register.prepare()
        register.do(RegisterAuthority(code=STRANGER.authority, name=Label("Atlantis")), KFOR)
        request = SubmitRequest(
            force=Label("KSF"),
            strength=Strength(10),
            region=NORTH,
            purpose=WHY,
            period=Period(start=now, end=now + timedelta(days=30)),
            marking=Marking.RED,
            recipients=(Subject("named"),),
        )
        incident = ReportIncident(
            kind=Label("explosion"), description=WHY, region=NORTH, occurred_at=now, marking=Marking.RED
        )
        return {
            "request": register.do(request, PRISTINA).subject,
            "incident": register.do(incident, KFOR).subject,
        }


@pytest.fixture
def through(database_urls: DatabaseUrls) -> Iterator[tuple[Proxy, EventStore]]:
    with (
        TemporaryDirectory() as folder,
        proxied(database_urls.api, Path(folder)) as (proxy, url),
        closing(EventStore(url)) as store,
    ):
        store.probe()
        yield proxy, store


@pytest.mark.parametrize("is_used", [False, True], ids=["cold", "used by others"])
@pytest.mark.parametrize("kind", COMMANDS)
def test_an_unseen_subject_takes_as_many_statements_as_an_unknown_one(
    through: tuple[Proxy, EventStore], hidden: dict[str, UUID], kind: str, is_used: bool
) -> None:
    """Whether or not its state is cached, for the first time and later."""
    proxy, store = through
    taken: list[list[int]] = []
    for subject in (hidden[kind], uuid4()):
        taken.append([])
        with blocking(Dispatcher(store, StateCache(store), StreamLocks(5))) as dispatch:
            if is_used:
                dispatch(CommandEnvelope(command=COMMANDS[kind], actor=OWNERS[kind], subject=hidden[kind]))
                dispatch(CommandEnvelope(command=COMMANDS[kind], actor=STRANGER, subject=uuid4()))
            for _ in range(3):
                statements: list[Fault] = []
                proxy.fault = lambda statements=statements: statements.append(Fault.NONE) or Fault.NONE  # type: ignore[misc]
                answer = dispatch(CommandEnvelope(command=COMMANDS[kind], actor=STRANGER, subject=subject))
                assert isinstance(answer, NotFound)
                taken[-1].append(len(statements))
    unseen, unknown = taken
    assert unseen == unknown
    assert min(unseen) > 0
