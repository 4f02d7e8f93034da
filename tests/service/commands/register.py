"""A register whose commands run through a dispatcher."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from domain.catalogue import Command
from domain.deployment_request.commands import SubmitRequest
from domain.vocabulary import Actor, AuthorityCode, Label, Period, Region, Role, Strength, Subject, Text
from service.commands.dispatcher import Dispatch, Dispatcher, blocking
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore

NOW = datetime(2024, 12, 1, 12, tzinfo=UTC)
CLERK = Actor(issuer="mandate", subject=Subject("clerk"), authority=AuthorityCode("kfor"), roles=(Role.ADMINISTRATOR,))
OFFICIAL = Actor(
    issuer="mandate", subject=Subject("official"), authority=AuthorityCode("pristina"), roles=(Role.REQUESTER,)
)
REVIEWER = Actor(issuer="mandate", subject=Subject("reviewer"), authority=AuthorityCode("kfor"), roles=(Role.REVIEWER,))
SUBMIT = SubmitRequest(
    force=Label("KSF"),
    strength=Strength(120),
    region=Region("xk/north"),
    purpose=Text("EXERCISE"),
    period=Period(start=NOW, end=NOW.replace(year=2025)),
)


@dataclass
class Register:
    """One process's way to a register."""

    dispatch: Dispatch
    store: EventStore
    states: StateCache

    def do(self, command: Command, actor: Actor, subject: UUID | None = None, **order: Any) -> Any:
        return self.dispatch(CommandEnvelope(command=command, actor=actor, subject=subject, **order))

    def submitted(self) -> UUID:
        outcome = self.do(SUBMIT, OFFICIAL)
        assert isinstance(outcome, CommandResult), outcome
        return outcome.subject


@contextmanager
def opened(url: str) -> Iterator[Register]:
    with closing(EventStore(url)) as store, dispatching(store, StateCache(store)) as register:
        yield register


@contextmanager
def dispatching(store: EventStore, states: StateCache, **settings: Any) -> Iterator[Register]:
    with blocking(Dispatcher(store, states, StreamLocks(20), lambda: NOW, **settings)) as dispatch:
        yield Register(dispatch, store, states)
