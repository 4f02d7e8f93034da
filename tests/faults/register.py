"""A register with policies, and workers that are started and killed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg
from anyio.from_thread import start_blocking_portal

from domain.authority import RegisterAuthority
from domain.catalogue import Command
from domain.deployment_request.commands import (
    ApproveRequest,
    BeginReview,
    EndorseRequest,
    SubmitRequest,
)
from domain.deployment_request.events import Recommendation
from domain.incident.commands import ReportIncident
from domain.jurisdiction import GrantMandate
from domain.refusals import Refusal
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    IncidentId,
    Label,
    Period,
    Region,
    Role,
    Strength,
    Subject,
    Text,
)
from projections.deployment_requests import NAME
from service.commands.dispatcher import Dispatcher
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore
from service.settings import DatabaseUrls

KFOR: Final = Actor(issuer="mandate", subject=Subject("officer"), authority=AuthorityCode("kfor"), roles=tuple(Role))
SECOND: Final = replace(KFOR, subject=Subject("second"))
PRISTINA: Final = replace(KFOR, subject=Subject("official"), authority=AuthorityCode("pristina"))
WHY: Final = Text("EXERCISE")
NORTH: Final = Region("xk/north")


class Register:
    """The API's side, in this process."""

    def __init__(self, url: str) -> None:
        self.store = EventStore(url)
        self.states = StateCache(self.store)
        self.locks = StreamLocks(20)
        self._dispatcher = Dispatcher(self.store, self.states, self.locks)
        self._opened = ExitStack()
        self.portal = self._opened.enter_context(start_blocking_portal())

    def close(self) -> None:
        self._opened.close()
        self.store.close()

    def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        return self.portal.call(self._dispatcher.dispatch, envelope)

    def attempt(self, command: Command, actor: Actor, subject: UUID | None = None, at: datetime | None = None) -> Any:
        """at: when it happened, where it is recorded later."""
        return self.dispatch(CommandEnvelope(command=command, actor=actor, subject=subject, occurred_at=at))

    def do(
        self, command: Command, actor: Actor, subject: UUID | None = None, at: datetime | None = None
    ) -> CommandResult:
        answer = self.attempt(command, actor, subject, at)
        assert isinstance(answer, CommandResult), answer
        return answer

    def prepare(self) -> None:
        for code in ("kfor", "pristina"):
            self.do(RegisterAuthority(code=AuthorityCode(code), name=Label(code)), KFOR)
        mandate = GrantMandate(
            authority=AuthorityCode("kfor"),
            region=Region("xk"),
            legal_basis=Label("UNSCR 1244"),
            valid_from=datetime(1999, 6, 10, tzinfo=UTC),
        )
        self.do(mandate, KFOR)

    def incident(self) -> IncidentId:
        report = ReportIncident(kind=Label("explosion"), description=WHY, region=NORTH, occurred_at=datetime.now(UTC))
        return IncidentId(self.do(report, KFOR).subject)

    def under_review(self, incident: IncidentId, period: Period | None = None, at: datetime | None = None) -> UUID:
        now = datetime.now(UTC)
        submit = SubmitRequest(
            force=Label("KSF"),
            strength=Strength(10),
            region=NORTH,
            purpose=WHY,
            period=period or Period(start=now, end=now + timedelta(days=30)),
            incidents=(incident,),
        )
        request = self.do(submit, PRISTINA, at=at).subject
        self.do(BeginReview(reason=WHY), KFOR, request, at)
        return request

    def over(self) -> UUID:
        """A request whose approval's time has passed already: it was recorded a week after it ended."""
        return self.approved(datetime.now(UTC) - timedelta(days=7))

    def approved(self, end: datetime, parked_in: str | None = None) -> UUID:
        """parked_in: a database whose view takes nothing of it from then on."""
        at = end - timedelta(days=1) if end < datetime.now(UTC) else None
        request = self.under_review(self.incident(), Period(start=end - timedelta(days=30), end=end), at)
        if parked_in is not None:
            with psycopg.connect(parked_in) as connection:
                connection.execute(
                    "INSERT INTO projections.parked_streams VALUES (%s, %s, 2, 'poison', now())", [NAME, request]
                )
        self.do(EndorseRequest(recommendation=Recommendation.APPROVE, reason=WHY), SECOND, request, at)
        self.do(ApproveRequest(reason=WHY), KFOR, request, at)
        return request

    def history(self, request: UUID) -> list[str]:
        return [type(recorded.event).__name__ for recorded in self.store.stream(request)]


@contextmanager
def worker(urls: DatabaseUrls) -> Iterator[subprocess.Popen[bytes]]:
    process = started(urls)
    try:
        yield process
    finally:
        process.kill()
        process.wait(10)


def started(urls: DatabaseUrls) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "MANDATE_DATABASE_URL": urls.api, "MANDATE_WORKER_DATABASE_URL": urls.worker}
    command = [sys.executable, "-m", "service.cli", "worker"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
