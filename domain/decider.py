"""Evaluates the lifecycle table of an aggregate: decides commands, lists available actions, explains rules.

`decide`, `available` and `explain` read the same table, so they cannot disagree.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Generic, Protocol, TypeVar
from uuid import UUID

from domain.refusals import FieldProblem, InvalidInput, NotPermitted, Refusal, TransitionRefused, VersionConflict
from domain.vocabulary import SYSTEM, Actor, in_words, joined

State = TypeVar("State")
Command = TypeVar("Command")
Event = TypeVar("Event")


class Unread(Exception):
    """A decision needs streams that have not been read: read them, add them to `consulted`, and decide again."""

    def __init__(self, streams: tuple[UUID, ...]) -> None:
        super().__init__(streams)
        self.streams = streams

    def __str__(self) -> str:
        return f"not read yet: {joined([str(stream) for stream in self.streams], 'and')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The inputs of a decision besides state and command: actor, time, stream, and the other states that it reads.

    consulted: stream -> its state; None if the stream has no events.
    seen: the visible incidents, if visibility is evaluated as of another time than `now`; otherwise None.
    deliberations: whether the answer may rest on who endorsed a request for what; if not, on their number alone.
    two_administrators: whether a second administrator has to grant the mandates of an authority.
    """

    actor: Actor
    now: datetime
    subject: UUID
    consulted: Mapping[UUID, object] = field(default_factory=dict)
    seen: frozenset[UUID] | None = None
    deliberations: bool = True
    two_administrators: bool = False

    def read(self, kind: type[State], stream: UUID) -> State | None:
        """The state of one stream. Raises Unread if it has not been read."""
        if stream not in self.consulted:
            raise Unread((stream,))
        state = self.consulted[stream]
        return state if isinstance(state, kind) else None

    def read_all(self, kind: type[State], streams: Iterable[UUID]) -> tuple[State | None, ...]:
        """The states of several streams, in the given order. Raises Unread with all streams that are missing."""
        wanted = tuple(streams)
        missing = tuple(stream for stream in wanted if stream not in self.consulted)
        if missing:
            raise Unread(missing)
        states = tuple(self.consulted[stream] for stream in wanted)
        return tuple(state if isinstance(state, kind) else None for state in states)

    def as_actor(self, actor: Actor) -> "Context":
        return replace(self, actor=actor)


def resolve(question: Callable[[], State], read: Callable[[tuple[UUID, ...]], object]) -> State:
    """The answer to a question that may raise Unread. read: adds the states of these streams to what is consulted."""
    while True:
        try:
            return question()
        except Unread as unread:
            read(unread.streams)


async def resolve_async(question: Callable[[], State], read: Callable[[tuple[UUID, ...]], Awaitable[object]]) -> State:
    """`resolve` with a `read` that is awaited."""
    while True:
        try:
            return question()
        except Unread as unread:
            await read(unread.streams)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The result of one rule, with a sentence for an official.

    subject: the incident, condition or person concerned. rests_on: positions of the events that the result is based on.
    binding: False if the rule binds only the register, not a person.
    """

    rule: str
    met: bool
    description: str
    subject: str | None = None
    rests_on: tuple[int, ...] = ()
    binding: bool = True


class Subject(Protocol):
    """A state with a lifecycle."""

    @property
    def version(self) -> int: ...
    @property
    def status(self) -> StrEnum: ...


S = TypeVar("S", bound=Subject)


@dataclass(frozen=True, slots=True)
class By(Generic[S]):
    """Who may take a step. judge: evaluates the permission. somebody: an example actor who has the permission now."""

    judge: Callable[[S, Context], tuple[Verdict, ...]]
    somebody: Callable[[S, Context], Actor]


def _by_the_register(state: Any, context: Context) -> tuple[Verdict, ...]:
    return (Verdict(rule="REGISTER", met=context.actor.is_system, description="Only the register itself does this."),)


THE_REGISTER: Final[By[Any]] = By(_by_the_register, lambda state, context: SYSTEM)


@dataclass(frozen=True, slots=True, kw_only=True)
class Awaited(Generic[S]):
    """That a step waits for somebody who may take it. Functions of the state alone: the inbox stores their results.

    since: the instant from which it waits, also in the future; None if it does not. until: when it ceases to wait if
    nothing happens; None if never. due: when it should be taken at the latest; None if at any time. why: a sentence.
    by: who of those that may take it is awaited; None for all of them.
    """

    since: Callable[[S], datetime | None]
    until: Callable[[S], datetime | None] = lambda _: None
    due: Callable[[S], datetime | None]
    why: Callable[[S], str]
    by: By[S] | None = None

    def is_now(self, state: S, now: datetime) -> bool:
        since, until = self.since(state), self.until(state)
        return since is not None and since <= now and (until is None or now < until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[S, Command, Event]):
    """One row of a lifecycle table.

    leads_to: the possible next statuses; empty if the status stays. conditions: rules of the state alone, which also
    determine the available actions and the explanation. permits, demands and checks see the command too: refused as
    NotPermitted, TransitionRefused and InvalidInput. offered: False for steps that only the register takes. awaited:
    when the step appears in the inboxes of those who may take it. cause: the position of the event that its events
    follow from, if the command of a person has one. unseen: whether an actor who may not see the subject takes it.
    """

    action: str
    command: type[Command]
    states: frozenset[StrEnum]
    leads_to: tuple[StrEnum, ...] = ()
    by: By[S]
    conditions: tuple[Callable[[S, Context], tuple[Verdict, ...]], ...] = ()
    permits: tuple[Callable[[Command, S, Context], Verdict], ...] = ()
    demands: tuple[Callable[[Command, S, Context], Verdict], ...] = ()
    checks: tuple[Callable[[Command, S, Context], Iterable[FieldProblem]], ...] = ()
    record: Callable[[Command, S, Context], tuple[Event, ...]]
    offered: bool = True
    awaited: Awaited[S] | None = None
    cause: Callable[[Command, S, Context], int | None] | None = None
    unseen: Callable[[Command, S, Context], bool] = lambda command, state, context: False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Generic[State, Command, Event]):
    """A command that needs no earlier event of its stream.

    stream_of: the stream of the command's natural key; None if each command starts a new stream.
    numbered_by: the stream that assigns its reference number, if it has one. permits, allows, checks: refused as
    NotPermitted, NotPermitted and InvalidInput; permits see the actor alone.
    """

    command: type[Command]
    stream_of: Callable[[Command], UUID] | None = None
    permits: tuple[Callable[[Context], Verdict], ...]
    allows: tuple[Callable[[Command, State | None, Context], Verdict], ...] = ()
    checks: tuple[Callable[[Command, State | None, Context], Iterable[FieldProblem]], ...] = ()
    record: Callable[[Command, State | None, Context], tuple[Event, ...]]
    numbered_by: Callable[[Context], UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One action of the current status. possible: to anybody. available: to the actor. verdicts: of each rule."""

    action: str
    possible: bool
    available: bool
    verdicts: tuple[Verdict, ...]


def decide(
    step: Step[S, Command, Event],
    steps: tuple[Step[S, Any, Any], ...],
    command: Command,
    state: S,
    context: Context,
    expected_version: int | None = None,
) -> tuple[Event, ...] | Refusal:
    """The events of the command, or its refusal. Order: permission, expected version, state, input."""
    for verdict in (*step.by.judge(state, context), *(permit(command, state, context) for permit in step.permits)):
        if not verdict.met:
            return NotPermitted(message=verdict.description)
    if expected_version is not None and expected_version != state.version:
        return VersionConflict(
            message=f"Version {expected_version} was expected, but it is at {state.version}: read it again.",
            expected=expected_version,
            actual=state.version,
        )
    if (reason := _not_allowed(step, command, state, context)) is not None:
        return TransitionRefused(message=reason, status=str(state.status), available=available(steps, state, context))
    problems = tuple(problem for check in step.checks for problem in check(command, state, context))
    return InvalidInput.of(*problems) if problems else step.record(command, state, context)


def open_with(
    opening: Opening[State, Command, Event],
    command: Command,
    state: State | None,
    context: Context,
) -> tuple[Event, ...] | Refusal:
    """The events of a command that needs no earlier event, or its refusal. Order: permission, input."""
    for verdict in (
        *(permit(context) for permit in opening.permits),
        *(allow(command, state, context) for allow in opening.allows),
    ):
        if not verdict.met:
            return NotPermitted(message=verdict.description)
    problems = tuple(problem for check in opening.checks for problem in check(command, state, context))
    return InvalidInput.of(*problems) if problems else opening.record(command, state, context)


def available(steps: tuple[Step[S, Any, Any], ...], state: S, context: Context) -> tuple[str, ...]:
    """The actions that the actor can take now."""
    return tuple(step.action for step in steps if step.offered and is_open(step, state, context))


def explain(steps: tuple[Step[S, Any, Any], ...], state: S, context: Context) -> tuple[Outlook, ...]:
    """Each action of the current status, with the results of its rules."""
    return tuple(
        Outlook(
            action=step.action,
            possible=is_open(step, state, context.as_actor(step.by.somebody(state, context))),
            available=is_open(step, state, context),
            verdicts=(*step.by.judge(state, context), *_conditions(step, state, context)),
        )
        for step in steps
        if step.offered and state.status in step.states
    )


def is_open(step: Step[S, Any, Any], state: S, context: Context) -> bool:
    """Whether the actor may take this step now, before looking at the command's input."""
    return (
        state.status in step.states
        and all(verdict.met for verdict in step.by.judge(state, context))
        and all(verdict.met or not verdict.binding for verdict in _conditions(step, state, context))
    )


def step_of(steps: tuple[Step[S, Any, Any], ...], command: type) -> Step[S, Any, Any]:
    """The row of a command."""
    return next(step for step in steps if step.command is command)


def _conditions(step: Step[S, Any, Any], state: S, context: Context) -> tuple[Verdict, ...]:
    return tuple(verdict for condition in step.conditions for verdict in condition(state, context))


def _not_allowed(step: Step[S, Command, Any], command: Command, state: S, context: Context) -> str | None:
    if state.status not in step.states:
        needed = joined([in_words(status).lower() for status in type(state.status) if status in step.states])
        return f"This cannot be done while it is {in_words(state.status).lower()}: it would have to be {needed}."
    unmet = [
        verdict.description
        for verdict in (
            *_conditions(step, state, context),
            *(demand(command, state, context) for demand in step.demands),
        )
        if verdict.binding and not verdict.met
    ]
    return " ".join(unmet) or None
