"""Given what was recorded, when somebody gives a command, then this is recorded, or this is why nothing is.

    given(*SUBMITTED).when(BeginReview(reason=WHY), by=reviewer).then(ReviewBegun(reason=WHY))
    given(*APPROVED).when(BeginReview(reason=WHY), by=reviewer).refused(TransitionRefused, "have to be submitted")

A `MemoryRegister` is the domain without a store: a log in memory, and commands judged in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final, TypeVar
from uuid import NAMESPACE_OID, UUID, uuid5

from domain import authority, blocked_persons, deputies, jurisdiction, validation
from domain import region as registered_region
from domain.aggregate import Aggregate
from domain.attempt import ROUTES, DecisionAttempt
from domain.catalogue import AGGREGATE_OF, AGGREGATES
from domain.decider import Context, Opening, Outlook, available, explain, resolve
from domain.recorded_event import CommandRef, Recorded
from domain.refusals import InvalidInput, Refusal
from domain.vocabulary import Actor

START: Final = datetime(2024, 11, 29, 18, tzinfo=UTC)
NOW: Final = datetime(2024, 12, 10, 12, tzinfo=UTC)
"""When a command is given, where nothing else is said. What is given was recorded from START on, a minute apart."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """An event that was recorded, and by whom.

    on: its stream; the one that the event names, or the usual one of its kind, where left out.
    at: when it was recorded; a minute after the one before it where left out.
    """

    event: Any
    by: Actor
    on: UUID | None = None
    at: datetime | None = None

    @property
    def stream(self) -> UUID:
        match self.event:
            case _ if self.on is not None:
                return self.on
            case authority.AuthorityRegistered(code=code) | authority.AuditingSet(code=code):
                return authority.stream_of(code)
            case jurisdiction.MandateGranted(region=region) | jurisdiction.MandateEnded(region=region):
                return jurisdiction.stream_of(region)
            case registered_region.RegionRegistered(path=path):
                return registered_region.stream_of(path)
            case blocked_persons.PersonBlocked() | blocked_persons.PersonUnblocked():
                return blocked_persons.STREAM
            case deputies.DeputyAppointed(authority=code) | deputies.DeputyEnded(authority=code):
                return deputies.stream_of(code)
            case event:
                return usual(AGGREGATE_OF[type(event)])


def usual(aggregate: Aggregate) -> UUID:
    """The stream of this kind that a test is about where it names none."""
    return uuid5(NAMESPACE_OID, aggregate.name)


@dataclass(slots=True)
class MemoryRegister:
    """What was recorded, in order, and the state of each stream.

    all_at_hand: every state is consulted from the start, which is faster where much is asked.
    """

    log: list[Recorded[Any]] = field(default_factory=list)
    states: dict[UUID, Any] = field(default_factory=dict)
    all_at_hand: bool = False

    def record(self, past: Past) -> Recorded[Any]:
        position = len(self.log) + 1
        stream = past.stream
        state = self.states.get(stream)
        command = CommandRef(name="Given", id=uuid5(NAMESPACE_OID, str(position)), n=1, of=1)
        recorded = Recorded(
            event=past.event,
            stream=stream,
            version=(0 if state is None else state.version) + 1,
            position=position,
            recorded_at=past.at or START + timedelta(minutes=position),
            actor=past.by,
            command=command,
            correlation=command.id,
        )
        self.states[stream] = AGGREGATE_OF[type(past.event)].evolve(state, recorded)
        self.log.append(recorded)
        return recorded

    def ask(self, question: Callable[[Context], T], by: Actor, on: UUID, now: datetime = NOW) -> T:
        """The answer to a question, with every stream that it turns out to need: `Unread` never escapes."""
        consulted = self._at_hand()
        context = Context(actor=by, now=now, subject=on, consulted=consulted)
        return resolve(lambda: question(context), partial(self._read, consulted))

    def judge(
        self,
        command: Any,
        by: Actor,
        on: UUID | None = None,
        now: datetime = NOW,
        expected_version: int | None = None,
    ) -> tuple[Any, ...] | Refusal:
        """What the command would record, or the first reason against it."""
        if problems := tuple(validation.problems(command)):
            return InvalidInput.of(*problems)
        return self.tried(command, by, on or subject_of(command), now, expected_version)

    def tried(
        self, command: Any, by: Actor, on: UUID, now: datetime = NOW, expected_version: int | None = None
    ) -> tuple[Any, ...] | Refusal:
        """What becomes of a command that is well formed."""
        attempt = self.attempt(command, by, on, now, expected_version)
        return resolve(lambda: attempt.visibility_problem() or attempt.decide(), partial(self._read, attempt.states))

    def attempt(
        self, command: Any, by: Actor, on: UUID, now: datetime, expected_version: int | None = None
    ) -> DecisionAttempt:
        begun = DecisionAttempt.begin(
            command, on, actor=by, now=now, new_id=lambda: on, expected_version=expected_version
        )
        return begun.with_states(begun.states | self._at_hand())

    def command(
        self,
        command: Any,
        by: Actor,
        on: UUID | None = None,
        now: datetime = NOW,
        expected_version: int | None = None,
    ) -> tuple[Any, ...] | Refusal:
        """Records what the command makes, and answers it; or the first reason against it."""
        on = on or subject_of(command)
        answer = self.judge(command, by, on, now, expected_version)
        if isinstance(answer, tuple):
            attempt = self.attempt(command, by, on, now)
            actor = resolve(lambda: attempt.actor, partial(self._read, attempt.states))
            for stream, event in attempt.stream_events(answer):
                self.record(Past(event=event, by=actor, on=stream, at=now))
        return answer

    def available(self, by: Actor, on: UUID, now: datetime = NOW) -> tuple[str, ...]:
        aggregate = self._kind(on)
        return self.ask(lambda context: available(aggregate.steps, self.states[on], context), by, on, now)

    def explain(self, by: Actor, on: UUID, now: datetime = NOW) -> dict[str, Outlook]:
        aggregate = self._kind(on)
        outlooks = self.ask(lambda context: explain(aggregate.steps, self.states[on], context), by, on, now)
        return {outlook.action: outlook for outlook in outlooks}

    def history(self, on: UUID) -> list[Recorded[Any]]:
        return [recorded for recorded in self.log if recorded.stream == on]

    def _at_hand(self) -> dict[UUID, Any]:
        return dict(self.states) if self.all_at_hand else {}

    def _read(self, consulted: dict[UUID, Any], streams: Iterable[UUID]) -> None:
        consulted.update((stream, self.states.get(stream)) for stream in streams)

    def _kind(self, on: UUID) -> Aggregate:
        return next(aggregate for aggregate in AGGREGATES if isinstance(self.states[on], aggregate.state))


def subject_of(command: Any) -> UUID:
    """The stream that a command is about: the one that it names, or the usual one of its kind."""
    aggregate, route = ROUTES[type(command)]
    if isinstance(route, Opening) and route.stream_of is not None:
        return route.stream_of(command)
    return usual(aggregate)


def is_whole(sentence: str) -> bool:
    """Whether it ends as a sentence does, and begins as one, or with a quotation or the code of an authority."""
    first = sentence.split()[0].strip(",")
    return sentence.endswith(".") and (not first[0].islower() or first in {"kfor", "pristina", "third", "unknown"})


def given(*past: Past) -> Given:
    """The circumstances of a command."""
    register = MemoryRegister()
    for each in past:
        register.record(each)
    return Given(register)


@dataclass(frozen=True, slots=True)
class Given:
    register: MemoryRegister

    def when(
        self,
        command: Any,
        by: Actor,
        on: UUID | None = None,
        now: datetime = NOW,
        expected_version: int | None = None,
    ) -> When:
        on = on or subject_of(command)
        return When(self.register.command(command, by, on, now, expected_version), self.register, on)


@dataclass(frozen=True, slots=True)
class When:
    """What came of a command."""

    answer: tuple[Any, ...] | Refusal
    register: MemoryRegister
    on: UUID

    def then(self, *events: object) -> Any:
        """Exactly these events were recorded. Answers the state after them."""
        assert self.answer == events
        return self.register.states[self.on]

    def refused(self, kind: type[Any], *said: str, at: tuple[str, ...] | None = None, **values: object) -> None:
        """Refused in this way, in these words. at: the fields that an InvalidInput names. values: of the refusal."""
        assert isinstance(self.answer, kind), self.answer
        for message in [each.message for each in getattr(self.answer, "fields", ())] or [self.answer.message]:
            assert is_whole(message), message
        for words in said:
            assert words in self.answer.message, self.answer.message
        if at is not None:
            assert tuple(problem.path for problem in self.answer.fields) == at
        assert {name: getattr(self.answer, name) for name in values} == values
