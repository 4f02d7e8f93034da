"""A process that gives commands until its input closes: `python -m tests.faults.deciding URL NAME THREADS`."""

import random
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime, timedelta
from uuid import UUID

from domain.catalogue import Command
from domain.deployment_request.commands import RemarkOnRequest, SubmitRequest
from domain.incident.commands import ReportIncident
from domain.vocabulary import Actor, AuthorityCode, Label, Marking, Period, Region, Role, Strength, Subject, Text
from service.access.identity import ISSUER
from service.commands.dispatcher import Dispatch, Dispatcher, blocking
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.state_cache import StateCache
from service.commands.stream_locks import StreamLocks
from service.event_store.store import EventStore

ASKER = AuthorityCode("asker")
DECIDER = AuthorityCode("decider")
PLACE = Region("xk/north")
PAUSE = 0.1
"""Seconds between two commands of a thread: more commands would only keep the processors busy."""


def person(name: str, authority: AuthorityCode, *roles: Role) -> Actor:
    return Actor(issuer=ISSUER, subject=Subject(name), authority=authority, roles=roles)


class Writing:
    """One thread's commands: requests and incidents of every marking, and remarks on them."""

    def __init__(self, dispatch: Dispatch, name: str, stop: threading.Event) -> None:
        self._dispatch = dispatch
        self._stop = stop
        self._chance = random.Random(name)
        self._actor = person(name, ASKER, Role.REQUESTER)
        self._requests: list[UUID] = []

    def run(self) -> None:
        while not self._stop.wait(PAUSE):
            what = self._chance.choice((self._submit, self._report, self._remark, self._remark))
            what()

    def _submit(self) -> None:
        now, marking = datetime.now(UTC), self._chance.choice(list(Marking))
        command = SubmitRequest(
            force=Label("Exercise Force"),
            strength=Strength(60),
            region=PLACE,
            purpose=Text("EXERCISE"),
            period=Period(start=now, end=now + timedelta(days=90)),
            marking=marking,
            recipients=(Subject("named"),) if marking is Marking.RED else (),
        )
        self._requests.append(self._give(command))

    def _report(self) -> None:
        marking = self._chance.choice(list(Marking))
        command = ReportIncident(
            kind=Label("explosion"),
            description=Text("EXERCISE"),
            region=PLACE,
            occurred_at=datetime(2024, 11, 29, tzinfo=UTC),
            marking=marking,
            recipients=(Subject("named"),) if marking is Marking.RED else (),
        )
        self._give(command)

    def _remark(self) -> None:
        if self._requests:
            self._give(RemarkOnRequest(reason=Text("EXERCISE")), self._chance.choice(self._requests))

    def _give(self, command: Command, subject: UUID | None = None) -> UUID:
        outcome = self._dispatch(CommandEnvelope(command=command, actor=self._actor, subject=subject))
        assert isinstance(outcome, CommandResult), outcome
        return outcome.subject


def main(url: str, name: str, threads: int) -> None:
    stop = threading.Event()
    with closing(EventStore(url)) as store, blocking(Dispatcher(store, StateCache(store), StreamLocks(20))) as dispatch:
        running = [
            threading.Thread(target=Writing(dispatch, f"{name}-{number}", stop).run) for number in range(threads)
        ]
        for thread in running:
            thread.start()
        sys.stdin.read()
        stop.set()
        for thread in running:
            thread.join()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
