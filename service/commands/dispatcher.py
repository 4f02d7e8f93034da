"""The one way in which anything is recorded: judge, fold, decide, append, for people, policies and imports alike."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain import wellformed
from domain.claim import Claim
from domain.deciding import Unread
from domain.refusals import IdempotencyConflict, InvalidInput, Refusal
from service.commands.attempt import Attempt, rests_on, unrecorded
from service.commands.envelope import Order, Outcome
from service.commands.idempotency import claim_stream, claimed, is_same, key_problem
from service.commands.state_cache import States, version_of
from service.commands.stream_locks import Turns
from service.errors import OutcomeUnknown, Unavailable
from service.event_store.records import Appended, Item, Lost
from service.event_store.store import EventStore

TRIES: Final = 500
"""How often a command is decided anew after others were faster: for a second or two. A process whose states are fresh
wins time and again from another that has to read them first, and fifty tries were not enough for two in a thousand."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """claim: the stream of its key. streams: those at which it takes its turn, each once."""

    attempt: Attempt
    claim: UUID | None
    streams: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Begun:
    """An order that was judged, and is to be recorded. release: gives up its turn."""

    attempt: Attempt
    item: Item
    lineage: int
    release: Callable[[], None]


class Dispatcher:
    """Carries out orders, from any thread.

    What happens now is judged by the database's clock, as it is once the turn at the streams is held and all that is
    consulted was read; and again on every try.
    """

    def __init__(
        self,
        store: EventStore,
        states: States,
        turns: Turns,
        clock: Callable[[], datetime] | None = None,
        *,
        two_administrators: bool = False,
    ) -> None:
        """clock: in the place of the database's. two_administrators: see `Context`."""
        self._two_administrators = two_administrators
        self._store = store
        self._states = states
        self._turns = turns
        self._clock = clock or store.clock.now

    def dispatch(self, order: Order) -> Outcome | Refusal:
        """What was recorded for the order, or why nothing was. Raises Unavailable where the store cannot answer now."""
        if (refusal := malformed(order)) is not None:
            return refusal
        prepared = self.prepare(order)
        with self._turns.at(prepared.streams):
            return self._carry_out(prepared.attempt, prepared.claim)

    def prepare(self, order: Order) -> Prepared:
        """What an order that is not malformed begins with."""
        attempt = Attempt.begin(order, self._time_of(order), two_administrators=self._two_administrators)
        claim = claim_stream(order)
        wanted = {stream: None for stream in (attempt.subject, claim, attempt.number) if stream is not None}
        return Prepared(attempt, claim, tuple(wanted))

    def begin(self, prepared: Prepared) -> Begun | None:
        """Judges an order at once, on states at hand; its turn is held until `end`.

        None where anything would have to be waited for, and where it is not to be recorded as it is: to refuse it, or
        to answer that it was recorded before, takes states that were read. `dispatch` does all that.
        """
        release = self._turns.take_at_once(prepared.streams)
        if release is None:
            return None
        lineage, judged = self._store.lineage.number, None
        try:
            if self._store.clock.is_fresh:
                judged = self._judge_at_once(prepared.attempt, prepared.claim, lineage)
        finally:
            if judged is None:
                release()
        return None if judged is None else Begun(*judged, lineage, release)

    def end(self, begun: Begun, appended: Appended | Lost | Exception) -> Outcome | None:
        """As `dispatch` answers or raises; None where others were faster: it is to be dispatched then."""
        try:
            if isinstance(appended, Exception):
                raise _told(begun.attempt, appended)
            return None if isinstance(appended, Lost) else self._recorded(begun.attempt, appended, begun.lineage)
        finally:
            begun.release()

    def _time_of(self, order: Order) -> datetime:
        return order.occurred_at or self._clock()

    def _judge_at_once(self, attempt: Attempt, claim: UUID | None, lineage: int) -> tuple[Attempt, Item] | None:
        """A key of which nothing is at hand is taken for unused: the append finds out whether it is."""
        needed: Iterable[UUID] = [stream for stream in attempt.surely_needed if stream not in attempt.states]
        if claim is not None:
            attempt.states.update(self._states.at_hand([claim]) or {claim: None})
        while (known := self._states.at_hand(needed)) is not None:
            attempt.states.update(known)
            attempt = attempt.at(self._time_of(attempt.order))
            try:
                if attempt.unseen() is not None or (claim and attempt.context.read(Claim, claim)):
                    return None
                events = attempt.decide()
                return (attempt, _item(attempt, claim, events, lineage)) if isinstance(events, tuple) else None
            except Unread as unread:
                needed = unread.streams
        return None

    def _carry_out(self, attempt: Attempt, claim: UUID | None) -> Outcome | Refusal:
        self._store.set_clock()
        lineage = self._store.lineage.number
        needed = attempt.surely_needed if claim is None else (claim, *attempt.surely_needed)
        was_at_hand = self._states.at_hand(needed) is not None
        attempt.states.update(self._states.load([stream for stream in needed if stream not in attempt.states]))
        for _ in range(TRIES):
            attempt, answer = self._judge(attempt, claim, was_at_hand)
            if isinstance(answer, tuple):
                result = self._record(attempt, claim, answer, lineage)
                if result is not None:
                    return result
            elif isinstance(answer, Outcome):
                return answer
            else:
                moved = self._states.refresh(attempt.states, lineage)
                if not moved and lineage == self._store.lineage.number:
                    return answer
                attempt.states.update(moved)
            if lineage != self._store.lineage.number:
                lineage = self._store.lineage.number
                attempt.states.update(self._states.load(tuple(attempt.states)))
        raise Unavailable("others were faster every time")

    def _judge(
        self, attempt: Attempt, claim: UUID | None, was_at_hand: bool
    ) -> tuple[Attempt, tuple[Any, ...] | Outcome | Refusal]:
        """The attempt at the time of its judgement; the events that it records, what was recorded under its key, or why
        nothing is.

        Whether a subject that was read may be seen can take a second reading. Where there is no such subject, or
        nothing more to read for it, there is one too: the time of the answer does not tell which it was.
        """
        has_read_twice = was_at_hand
        while True:
            attempt = attempt.at(self._time_of(attempt.order))
            try:
                if (refusal := attempt.unseen()) is not None:
                    if not has_read_twice:
                        self._store.streams([(attempt.subject, version_of(attempt.state))])
                    return attempt, refusal
                used = attempt.context.read(Claim, claim) if claim else None
                return attempt, attempt.decide() if used is None else self._again(attempt, used)
            except Unread as unread:
                has_read_twice = has_read_twice or self._states.at_hand(unread.streams) is None
                attempt.states.update(self._states.load(unread.streams))

    def _again(self, attempt: Attempt, claim: Claim) -> Outcome | Refusal:
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

    def _record(self, attempt: Attempt, claim: UUID | None, events: tuple[Any, ...], lineage: int) -> Outcome | None:
        """What was recorded; None where others were faster, with their states taken up."""
        try:
            appended = self._store.append(_item(attempt, claim, events, lineage))
        except Unavailable as error:
            raise _told(attempt, error) from error
        if isinstance(appended, Lost):
            attempt.states.update(self._states.renew(attempt.states, appended.streams, lineage))
            return None
        return self._recorded(attempt, appended, lineage)

    def _recorded(self, attempt: Attempt, appended: Appended, lineage: int) -> Outcome:
        before = attempt.state
        for event in appended.events:
            attempt.states[event.stream] = self._states.advance(attempt.states.get(event.stream), event, lineage)
        own = [event for event in appended.events if event.stream == attempt.subject]
        return Outcome(
            subject=attempt.subject,
            state=attempt.state,
            before=before,
            events=tuple(own),
            consulted=attempt.states,
        )


def _told(attempt: Attempt, error: Exception) -> Exception:
    """Where it is unknown whether the command was recorded, the error that says how to find out."""
    if not isinstance(error, Unavailable) or error.recorded is not None:
        return error
    has_key = attempt.order.idempotency_key is not None
    return OutcomeUnknown(str(error), subject=attempt.subject, version=version_of(attempt.state), has_key=has_key)


def malformed(order: Order) -> InvalidInput | None:
    """What is wrong with an order by itself."""
    problems = [*wellformed.problems(order.command)]
    if (key := key_problem(order.idempotency_key)) is not None:
        problems.append(key)
    return InvalidInput.of(*problems) if problems else None


def _item(attempt: Attempt, claim: UUID | None, events: tuple[Any, ...], lineage: int) -> Item:
    written = attempt.written(events)
    if claim is not None:
        last = version_of(attempt.state)
        written.append((claim, claimed(attempt.order, attempt.subject, last + 1, last + len(events))))
    placed = unrecorded(attempt.order, written, attempt.states)
    return Item(events=placed, reads=rests_on(attempt.states, placed), lineage=lineage)
