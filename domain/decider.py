"""One small engine for every aggregate: what a command records or why it is refused, what is open to whom, and why.

An aggregate lists its steps once. `decide`, `available` and `explain` read that list, so that they cannot disagree.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, Protocol, TypeVar
from uuid import UUID

from domain.refusals import FieldProblem, InvalidInput, NotPermitted, Refusal, TransitionRefused, VersionConflict
from domain.vocabulary import Actor, joined

State = TypeVar("State")
Command = TypeVar("Command")
Event = TypeVar("Event")


class Unread(Exception):
    """A decision needs streams that were not read yet: read them, add them to what is consulted, and ask again."""

    def __init__(self, streams: tuple[UUID, ...]) -> None:
        super().__init__(streams)
        self.streams = streams

    def __str__(self) -> str:
        return f"not read yet: {joined([str(stream) for stream in self.streams], 'and')}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The circumstances of a decision: who acts, when, on which stream, and the states of the streams read for it.

    consulted: the folded state of a stream, None where nothing was recorded in it.
    seen: the incidents that may be told of, where that is judged as of another time than the rest; else None.
    two_administrators: whether one administrator registers an authority, and another grants it its mandates.
    """

    actor: Actor
    now: datetime
    subject: UUID
    consulted: Mapping[UUID, object] = field(default_factory=dict)
    seen: frozenset[UUID] | None = None
    two_administrators: bool = False

    def read(self, kind: type[State], stream: UUID) -> State | None:
        """The state of one stream. Raises Unread where it was not read yet."""
        if stream not in self.consulted:
            raise Unread((stream,))
        state = self.consulted[stream]
        return state if isinstance(state, kind) else None

    def read_all(self, kind: type[State], streams: Iterable[UUID]) -> tuple[State | None, ...]:
        """The states of several streams, in their order. Raises Unread, naming all that were not read yet."""
        wanted = tuple(streams)
        missing = tuple(stream for stream in wanted if stream not in self.consulted)
        if missing:
            raise Unread(missing)
        states = tuple(self.consulted[stream] for stream in wanted)
        return tuple(state if isinstance(state, kind) else None for state in states)

    def as_actor(self, actor: Actor) -> "Context":
        return replace(self, actor=actor)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether one rule is met, and why, in a sentence for an official.

    subject: the incident, condition or person that it is about. rests_on: positions of the events that it rests on.
    binding: False for what the register alone is held to, while a person may go ahead.
    """

    rule: str
    met: bool
    description: str
    subject: str | None = None
    rests_on: tuple[int, ...] = ()
    binding: bool = True


class Subject(Protocol):
    """What has a lifecycle."""

    @property
    def version(self) -> int: ...
    @property
    def status(self) -> StrEnum: ...


S = TypeVar("S", bound=Subject)


@dataclass(frozen=True, slots=True)
class By(Generic[S]):
    """Who may take a step. judge: the rules of permission. somebody: one who would have every permission now."""

    judge: Callable[[S, Context], tuple[Verdict, ...]]
    somebody: Callable[[S, Context], Actor]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(Generic[S, Command, Event]):
    """One row of a lifecycle table.

    leads_to: the statuses that may follow; none where it stays. conditions: of the state, offered and explained.
    permits, demands and checks look at the command too: who may, what the state allows, and what the record knows.
    offered: False for what the register alone does.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(Generic[State, Command, Event]):
    """A command that needs no earlier event of its stream.

    stream_of: the stream that the command's natural key names; None where it opens a new one.
    numbered_by: the stream that assigns its number, where it gets one.
    """

    command: type[Command]
    stream_of: Callable[[Command], UUID] | None = None
    permits: tuple[Callable[[Context], Verdict], ...]
    checks: tuple[Callable[[Command, State | None, Context], Iterable[FieldProblem]], ...] = ()
    record: Callable[[Command, State | None, Context], tuple[Event, ...]]
    numbered_by: Callable[[Context], UUID] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """One action that the status knows: whether somebody could take it, whether the actor could, and each rule."""

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
    """What the command records, or the first reason against it, in the order in which commands are judged."""
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
    """What a command that needs no earlier event records, or the first reason against it."""
    for permit in opening.permits:
        if not (verdict := permit(context)).met:
            return NotPermitted(message=verdict.description)
    problems = tuple(problem for check in opening.checks for problem in check(command, state, context))
    return InvalidInput.of(*problems) if problems else opening.record(command, state, context)


def available(steps: tuple[Step[S, Any, Any], ...], state: S, context: Context) -> tuple[str, ...]:
    """The actions that are open to the actor now."""
    return tuple(step.action for step in steps if step.offered and is_open(step, state, context))


def explain(steps: tuple[Step[S, Any, Any], ...], state: S, context: Context) -> tuple[Outlook, ...]:
    """Each action that the status knows, with the rules that it is held to."""
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
    """Whether the actor may take this step now, as far as it does not depend on what the command says."""
    return (
        state.status in step.states
        and all(verdict.met for verdict in step.by.judge(state, context))
        and all(verdict.met or not verdict.binding for verdict in _conditions(step, state, context))
    )


def step_of(steps: tuple[Step[S, Any, Any], ...], command: type) -> Step[S, Any, Any]:
    """The row of the table for a kind of command."""
    return next(step for step in steps if step.command is command)


def _spoken(status: StrEnum) -> str:
    """'under review' for UNDER_REVIEW."""
    return status.value.replace("_", " ").lower()


def _conditions(step: Step[S, Any, Any], state: S, context: Context) -> tuple[Verdict, ...]:
    return tuple(verdict for condition in step.conditions for verdict in condition(state, context))


def _not_allowed(step: Step[S, Command, Any], command: Command, state: S, context: Context) -> str | None:
    if state.status not in step.states:
        needed = joined([_spoken(status) for status in type(state.status) if status in step.states])
        return f"This cannot be done while it is {_spoken(state.status)}: it would have to be {needed}."
    unmet = [
        verdict.description
        for verdict in (
            *_conditions(step, state, context),
            *(demand(command, state, context) for demand in step.demands),
        )
        if verdict.binding and not verdict.met
    ]
    return " ".join(unmet) or None
