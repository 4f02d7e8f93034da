"""A command and the context in which it is decided: the events to record, or the first refusal."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Self
from uuid import UUID

from domain import authority, deputies
from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATES, Command, Event, State
from domain.decider import Context, Opening, Step, decide, open_with
from domain.number_series import NumberAssigned
from domain.refusals import InvalidInput, NotFound, Refusal
from domain.vocabulary import Actor

Route = Step[Any, Any, Any] | Opening[Any, Any, Any]
StreamEvent = tuple[UUID, Event]
"""A stream, and an event to record in it."""

ROUTES: Final[Mapping[type[Any], tuple[Aggregate, Route]]] = MappingProxyType(
    {
        **{opening.command: (aggregate, opening) for aggregate in AGGREGATES for opening in aggregate.openings},
        **{step.command: (aggregate, step) for aggregate in AGGREGATES for step in aggregate.steps},
    }
)
"""Command -> its aggregate, and its row of the lifecycle table or its opening."""


@dataclass(frozen=True, slots=True)
class DecisionAttempt:
    """states: the states consulted, also in the context. More are added when Unread asks for them."""

    command: Command
    expected_version: int | None
    aggregate: Aggregate
    route: Route
    context: Context
    states: dict[UUID, State | None]

    @classmethod
    def begin(
        cls,
        command: Command,
        subject: UUID | None,
        *,
        actor: Actor,
        now: datetime,
        new_id: Callable[[], UUID],
        expected_version: int | None = None,
        two_administrators: bool = False,
    ) -> Self:
        """subject: None for a command that names its stream itself or opens a new one.

        Raises ValueError if a command that needs a subject has none.
        """
        aggregate, route = ROUTES[type(command)]
        states: dict[UUID, State | None] = {}
        if isinstance(route, Opening) and route.stream_of is not None:
            subject = route.stream_of(command)
        elif isinstance(route, Opening):
            subject = subject or new_id()
            states[subject] = None
        elif subject is None:
            raise ValueError(f"{type(command).__name__} needs a subject")
        context = Context(
            actor=actor, now=now, subject=subject, consulted=states, two_administrators=two_administrators
        )
        return cls(command, expected_version, aggregate, route, context, states)

    def at(self, now: datetime) -> Self:
        """The same command, decided at another time on the same states."""
        return replace(self, context=replace(self.context, now=now))

    def with_states(self, states: dict[UUID, State | None]) -> Self:
        """The same command, decided on other states."""
        return replace(self, context=replace(self.context, consulted=states), states=states)

    @property
    def subject(self) -> UUID:
        return self.context.subject

    @property
    def state(self) -> State | None:
        return self.states[self.subject]

    @property
    def actor(self) -> Actor:
        """Who is recorded: a deputy in the roles of their appointment. Raises Unread."""
        acting = deputies.acting(self.context)
        return self.context.actor if isinstance(acting, InvalidInput) else acting

    @property
    def initial_streams(self) -> tuple[UUID, ...]:
        """The streams that every decision needs, to be read together."""
        actor = self.context.actor
        return (self.subject,) if actor.is_system else (self.subject, authority.stream_of(actor.authority))

    @property
    def numbering_stream(self) -> UUID | None:
        """The stream that assigns the number of an opened subject."""
        numbered_by = self.route.numbered_by if isinstance(self.route, Opening) else None
        return numbered_by(self.context) if numbered_by else None

    def visibility_problem(self) -> NotFound | None:
        """NotFound if the subject does not exist or the actor may not see it. Raises Unread."""
        context = self.context
        state = context.read(self.aggregate.state, self.subject)
        if isinstance(self.route, Step) and not self._is_for_the_actor(self.route, state, context):
            return NotFound(message="There is nothing with this id that you may see.")
        return None

    def _is_for_the_actor(self, step: Step[Any, Any, Any], state: State | None, context: Context) -> bool:
        if state is None:
            return False
        return self.aggregate.is_visible(state, context) or step.unseen(self.command, state, context)

    def decide(self) -> tuple[Event, ...] | Refusal:
        """The events to record in the subject's stream, or the first refusal. Raises Unread.

        The actor may see the subject: see `visibility_problem`.
        """
        acting = deputies.acting(self.context)
        if isinstance(acting, InvalidInput):
            return acting
        answer = self._decide(self.context.as_actor(acting))
        return answer if isinstance(answer, tuple) else deputies.with_appointment(answer, acting)

    def _decide(self, context: Context) -> tuple[Event, ...] | Refusal:
        state = context.read(self.aggregate.state, self.subject)
        if isinstance(self.route, Opening):
            return open_with(self.route, self.command, state, context)
        return decide(self.route, self.aggregate.steps, self.command, state, context, self.expected_version)

    @property
    def cause(self) -> int | None:
        """The position of the event that the events of a person's command follow from, if there is one."""
        cause = self.route.cause if isinstance(self.route, Step) else None
        return cause(self.command, self.state, self.context) if cause else None

    def stream_events(self, events: Iterable[Event]) -> list[StreamEvent]:
        """The events to record: the subject's own, and the number of what it opens."""
        stream_events: list[StreamEvent] = [(self.subject, event) for event in events]
        if (number := self.numbering_stream) is not None:
            stream_events.append((number, NumberAssigned(subject=self.subject)))
        return stream_events
