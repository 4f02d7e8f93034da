"""The one way in which anything is recorded: judge, fold, decide, append, for people, policies and imports alike."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from domain import authority, wellformed
from domain.catalogue import AGGREGATES, Aggregate
from domain.claim import Claim
from domain.deciding import Context, Opening, Step, Unread, decide, open_with
from domain.numbering import NumberAssigned
from domain.recorded import CommandRef
from domain.refusals import IdempotencyConflict, InvalidInput, NotFound, Refusal
from service.claims import claim_stream, claimed, is_same, key_problem
from service.errors import Unavailable
from service.event_store import EventStore
from service.items import Item, Lost, Place, Unrecorded
from service.orders import Order, Outcome
from service.states import States, version_of
from service.turns import Turns

TRIES: Final = 50
"""How often a command is decided anew after others were faster."""

Route = Step[Any, Any, Any] | Opening[Any, Any, Any]

_ROUTES: Final[dict[type[Any], tuple[Aggregate, Route]]] = {
    **{step.command: (aggregate, step) for aggregate in AGGREGATES for step in aggregate.steps},
    **{opening.command: (aggregate, opening) for aggregate in AGGREGATES for opening in aggregate.openings},
}


@dataclass(slots=True)
class _Attempt:
    """An order on its way: its subject, and the states that the decision rests on."""

    order: Order
    aggregate: Aggregate
    route: Route
    subject: UUID
    claim: UUID | None
    now: datetime
    states: dict[UUID, Any] = field(default_factory=dict)

    @property
    def state(self) -> Any:
        return self.states[self.subject]

    @property
    def context(self) -> Context:
        return Context(actor=self.order.actor, now=self.now, subject=self.subject, consulted=self.states)

    @property
    def number(self) -> UUID | None:
        """The stream that numbers what is opened."""
        numbered_by = self.route.numbered_by if isinstance(self.route, Opening) else None
        return numbered_by(self.context) if numbered_by else None


@dataclass(frozen=True, slots=True)
class _Granted:
    events: tuple[Any, ...]


class Dispatcher:
    """Carries out orders, from any thread."""

    def __init__(self, store: EventStore, states: States, turns: Turns, clock: Callable[[], datetime]) -> None:
        self._store = store
        self._states = states
        self._turns = turns
        self._clock = clock

    def dispatch(self, order: Order) -> Outcome | Refusal:
        """What was recorded for the order, or why nothing was. Raises Unavailable where the store cannot answer now."""
        problems = [*wellformed.problems(order.command)]
        if (key := key_problem(order.idempotency_key)) is not None:
            problems.append(key)
        if problems:
            return InvalidInput.of(*problems)
        attempt = self._begin(order)
        streams = (attempt.subject, attempt.claim, attempt.number)
        with self._turns.at(stream for stream in streams if stream is not None):
            return self._carry_out(attempt)

    def _begin(self, order: Order) -> _Attempt:
        aggregate, route = _ROUTES[type(order.command)]
        if isinstance(route, Opening):
            subject = route.stream_of(order.command) if route.stream_of else uuid4()
        elif order.subject is None:
            raise ValueError(f"{type(order.command).__name__} needs a subject")
        else:
            subject = order.subject
        attempt = _Attempt(order, aggregate, route, subject, claim_stream(order), order.occurred_at or self._clock())
        if isinstance(route, Opening) and route.stream_of is None:
            attempt.states[subject] = None
        attempt.states |= self._states.load(_surely_needed(attempt) - attempt.states.keys())
        return attempt

    def _carry_out(self, attempt: _Attempt) -> Outcome | Refusal:
        for _ in range(TRIES):
            answer = self._judge(attempt)
            if isinstance(answer, _Granted):
                result = self._record(attempt, answer.events)
                if result is not None:
                    return result
            elif isinstance(answer, Outcome) or not (moved := self._states.refresh(attempt.states)):
                return answer
            else:
                attempt.states.update(moved)
        raise Unavailable("others were faster every time")

    def _judge(self, attempt: _Attempt) -> _Granted | Outcome | Refusal:
        while True:
            try:
                return self._judge_on_what_was_read(attempt)
            except Unread as unread:
                attempt.states |= self._states.load(unread.streams)

    def _judge_on_what_was_read(self, attempt: _Attempt) -> _Granted | Outcome | Refusal:
        order, route, context = attempt.order, attempt.route, attempt.context
        state = context.read(attempt.aggregate.state, attempt.subject)
        if isinstance(route, Step) and (state is None or not attempt.aggregate.is_visible(state, context)):
            return NotFound(message="There is nothing with this id that you may see.")
        claim = context.read(Claim, attempt.claim) if attempt.claim else None
        if claim is not None:
            return self._again(attempt, claim)
        if isinstance(route, Opening):
            answer = open_with(route, order.command, state, context)
        else:
            answer = decide(route, attempt.aggregate.steps, order.command, state, context, order.expected_version)
        return _Granted(answer) if isinstance(answer, tuple) else answer

    def _again(self, attempt: _Attempt, claim: Claim) -> Outcome | Refusal:
        """The first outcome of a command that comes again under its key."""
        if not is_same(attempt.order, claim):
            return IdempotencyConflict(
                message="This idempotency key was used for another command or other input: send a new key."
            )
        use = claim.event
        state, before = None, None
        events = []
        for recorded in self._store.stream(use.stream):
            if recorded.version > use.last_version:
                break
            if recorded.version == use.first_version:
                before = state
            if recorded.version >= use.first_version:
                events.append(recorded)
            state = attempt.aggregate.evolve(state, recorded)
        return Outcome(subject=use.stream, state=state, before=before, events=tuple(events), repeated=True)

    def _record(self, attempt: _Attempt, events: tuple[Any, ...]) -> Outcome | None:
        """What was recorded; None where others were faster, with their states taken up."""
        before = attempt.state
        appended = self._store.append(self._item(attempt, events))
        if isinstance(appended, Lost):
            attempt.states.update(self._states.refresh(attempt.states))
            return None
        for event in appended.events:
            attempt.states[event.stream] = self._states.advance(attempt.states.get(event.stream), event)
        own = tuple(event for event in appended.events if event.stream == attempt.subject)
        return Outcome(subject=attempt.subject, state=attempt.state, before=before, events=own)

    def _item(self, attempt: _Attempt, events: tuple[Any, ...]) -> Item:
        order, subject = attempt.order, attempt.subject
        written: list[tuple[UUID, Any]] = [(subject, event) for event in events]
        if (number := attempt.number) is not None:
            written.append((number, NumberAssigned(subject=subject)))
        if attempt.claim is not None:
            first = version_of(attempt.state) + 1
            last = version_of(attempt.state) + len(events)
            written.append((attempt.claim, claimed(order, subject, first, last)))
        places = _places(written, attempt.states)
        streams = {stream for stream, _ in places}
        command_id = order.command_id or uuid4()
        return Item(
            events=tuple(
                Unrecorded(
                    stream=stream,
                    version=version,
                    event=event,
                    actor=order.actor,
                    command=CommandRef(name=type(order.command).__name__, id=command_id, n=n, of=len(written)),
                    correlation=order.correlation or command_id,
                    causation=order.causation,
                    occurred_at=order.occurred_at,
                )
                for n, ((stream, version), (_, event)) in enumerate(zip(places, written, strict=True), start=1)
            ),
            reads=tuple(
                (stream, version_of(state)) for stream, state in attempt.states.items() if stream not in streams
            ),
        )


def _surely_needed(attempt: _Attempt) -> set[UUID]:
    """The streams that every judgement of this order begins with, read at once."""
    streams = {attempt.subject}
    if attempt.claim is not None:
        streams.add(attempt.claim)
    if isinstance(attempt.route, Step) and not attempt.order.actor.is_system:
        streams.add(authority.stream_of(attempt.order.actor.authority))
    return streams


def _places(written: Iterable[tuple[UUID, Any]], states: dict[UUID, Any]) -> list[Place]:
    """The place of each event: the versions that follow those of the states."""
    following: dict[UUID, int] = {}
    places = []
    for stream, _ in written:
        version = following.get(stream, version_of(states.get(stream)) + 1)
        following[stream] = version + 1
        places.append((stream, version))
    return places
