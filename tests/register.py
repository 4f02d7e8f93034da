"""A register on a real database: the write side of one process, which carries out commands."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.authority import RegisterAuthority
from domain.catalogue import Command
from domain.deployment_request.commands import ApproveRequest, BeginReview, EndorseRequest, SubmitRequest
from domain.deployment_request.events import Recommendation
from domain.incident.commands import ReportIncident
from domain.jurisdiction import GrantMandate
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    IncidentId,
    Label,
    Marking,
    Period,
    Region,
    Role,
    Strength,
    Subject,
    Text,
)
from projections.views.deployment_requests import NAME
from service.commands.dispatcher import Dispatch, Dispatcher, blocking
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore

KFOR: Final = Actor(issuer="mandate", subject=Subject("officer"), authority=AuthorityCode("kfor"), roles=tuple(Role))
SECOND: Final = replace(KFOR, subject=Subject("second"))
PRISTINA: Final = replace(KFOR, subject=Subject("official"), authority=AuthorityCode("pristina"))
WHY: Final = Text("EXERCISE")
NORTH: Final = Region("xk/north")

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Register:
    """dispatch: carries out a command in the dispatcher's event loop, and blocks until it has."""

    store: EventStore
    states: StateCache
    dispatch: Dispatch

    def attempt(self, command: Command, actor: Actor, subject: UUID | None = None, **envelope: Any) -> Any:
        """The result or refusal. envelope: further fields of `CommandEnvelope`."""
        return self.dispatch(CommandEnvelope(command=command, actor=actor, subject=subject, **envelope))

    def do(self, command: Command, actor: Actor, subject: UUID | None = None, **envelope: Any) -> CommandResult:
        """The result of a command that is not refused."""
        answer = self.attempt(command, actor, subject, **envelope)
        assert isinstance(answer, CommandResult), answer
        return answer

    def prepare(self, by: Actor = KFOR) -> None:
        """Registers kfor and pristina; kfor holds the mandate over xk."""
        for code in ("kfor", "pristina"):
            self.do(RegisterAuthority(code=AuthorityCode(code), name=Label(code)), by)
        mandate = GrantMandate(
            authority=AuthorityCode("kfor"),
            region=Region("xk"),
            legal_basis=Label("UNSCR 1244"),
            valid_from=datetime(1999, 6, 10, tzinfo=UTC),
        )
        self.do(mandate, by)

    def incident(self) -> IncidentId:
        report = ReportIncident(
            kind=Label("explosion"),
            description=WHY,
            region=NORTH,
            occurred_at=datetime.now(UTC),
            marking=Marking.GREEN,
        )
        return IncidentId(self.do(report, KFOR).subject)

    def submitted(
        self, *incidents: IncidentId, period: Period | None = None, occurred_at: datetime | None = None
    ) -> UUID:
        now = datetime.now(UTC)
        submit = SubmitRequest(
            force=Label("KSF"),
            strength=Strength(10),
            region=NORTH,
            purpose=WHY,
            period=period or Period(start=now, end=now + timedelta(days=30)),
            incidents=incidents,
        )
        return self.do(submit, PRISTINA, occurred_at=occurred_at).subject

    def under_review(
        self, *incidents: IncidentId, period: Period | None = None, occurred_at: datetime | None = None
    ) -> UUID:
        request = self.submitted(*incidents, period=period, occurred_at=occurred_at)
        self.do(BeginReview(reason=WHY), KFOR, request, occurred_at=occurred_at)
        return request

    def over(self) -> UUID:
        """A request whose approved period ended a week ago."""
        return self.approved(datetime.now(UTC) - timedelta(days=7))

    def approved(self, end: datetime, parked_in: str | None = None) -> UUID:
        """end: of its period; if it is past, the events occurred before it. parked_in: a database whose view of
        requests parks the stream before it is endorsed."""
        at = end - timedelta(days=1) if end < datetime.now(UTC) else None
        period = Period(start=end - timedelta(days=30), end=end)
        request = self.under_review(self.incident(), period=period, occurred_at=at)
        if parked_in is not None:
            with psycopg.connect(parked_in) as connection:
                connection.execute(
                    "INSERT INTO projections.parked_streams VALUES (%s, %s, 2, 'poison', now())", [NAME, request]
                )
        self.do(EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), SECOND, request, occurred_at=at)
        self.do(ApproveRequest(reason=WHY), KFOR, request, occurred_at=at)
        return request

    def history(self, request: UUID) -> list[str]:
        return [type(recorded.event).__name__ for recorded in self.store.stream(request)]


@contextmanager
def opened(url: str, clock: Clock | None = None) -> Iterator[Register]:
    """The write side of a process of its own. clock: replaces the database's."""
    with closing(EventStore(url)) as store, dispatching(store, StateCache(store), clock) as register:
        yield register


@contextmanager
def dispatching(store: EventStore, states: StateCache, clock: Clock | None = None, **other: Any) -> Iterator[Register]:
    """other: arguments of `Dispatcher`."""
    with blocking(Dispatcher(store, states, StreamLocks(20), clock, **other)) as dispatch:
        yield Register(store, states, dispatch)
