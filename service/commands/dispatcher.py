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
from service.commands.attempt import DecisionAttempt, consulted_versions, to_unrecorded
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.idempotency import claim_key, claim_stream, key_problem, matches
from service.commands.state_cache import StateCache, version_of
from service.commands.stream_locks import StreamLocks
from service.errors import OutcomeUnknown, Unavailable
from service.event_store.records import AppendConflict, Appended, AppendItem
from service.event_store.store import EventStore

MAX_ATTEMPTS: Final = 500
"""How often a command is decided anew after others were faster: for a second or two. A process whose states are fresh
wins time and again from another that has to read them first, and fifty tries were not enough for two in a thousand."""


@dataclass(frozen=True, slots=True)
class PreparedCommand:
    """claim: the stream of its key. streams: those at which it takes its turn, each once."""

    attempt: DecisionAttempt
    claim: UUID | None
    streams: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PendingAppend:
    """An order that was judged, and is to be recorded. release: gives up its turn."""

    attempt: DecisionAttempt
    item: AppendItem
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
        states: StateCache,
        locks: StreamLocks,
        clock: Callable[[], datetime] | None = None,
        *,
        two_administrators: bool = False,
    ) -> None:
        """clock: in the place of the database's. two_administrators: see `Context`."""
        self._two_administrators = two_administrators
        self._store = store
        self._states = states
        self._turns = locks
        self._clock = clock or store.clock.now

    def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        """What was recorded for the order, or why nothing was. Raises Unavailable where the store cannot answer now."""
        if (refusal := envelope_problems(envelope)) is not None:
            return refusal
        prepared = self.prepare(envelope)
        with self._turns.held(prepared.streams):
            return self._execute(prepared.attempt, prepared.claim)

    def prepare(self, envelope: CommandEnvelope) -> PreparedCommand:
        """What an order that is not malformed begins with."""
        attempt = DecisionAttempt.begin(envelope, self._time_of(envelope), two_administrators=self._two_administrators)
        claim = claim_stream(envelope)
        wanted = {stream: None for stream in (attempt.subject, claim, attempt.numbering_stream) if stream is not None}
        return PreparedCommand(attempt, claim, tuple(wanted))

    def decide_from_cache(self, prepared: PreparedCommand) -> PendingAppend | None:
        """Judges an order at once, on states at hand; its turn is held until `end`.

        None where anything would have to be waited for, and where it is not to be recorded as it is: to refuse it, or
        to answer that it was recorded before, takes states that were read. `dispatch` does all that.
        """
        release = self._turns.try_acquire(prepared.streams)
        if release is None:
            return None
        lineage, judged = self._store.lineage.number, None
        try:
            if self._store.clock.is_fresh:
                judged = self._decide_cached(prepared.attempt, prepared.claim, lineage)
        finally:
            if judged is None:
                release()
        return None if judged is None else PendingAppend(*judged, lineage, release)

    def complete(self, begun: PendingAppend, appended: Appended | AppendConflict | Exception) -> CommandResult | None:
        """As `dispatch` answers or raises; None where others were faster: it is to be dispatched then."""
        try:
            if isinstance(appended, Exception):
                raise _told(begun.attempt, appended)
            return (
                None if isinstance(appended, AppendConflict) else self._recorded(begun.attempt, appended, begun.lineage)
            )
        finally:
            begun.release()

    def _time_of(self, envelope: CommandEnvelope) -> datetime:
        return envelope.occurred_at or self._clock()

    def _decide_cached(
        self, attempt: DecisionAttempt, claim: UUID | None, lineage: int
    ) -> tuple[DecisionAttempt, AppendItem] | None:
        """A key of which nothing is at hand is taken for unused: the append finds out whether it is."""
        needed: Iterable[UUID] = [stream for stream in attempt.initial_streams if stream not in attempt.states]
        if claim is not None:
            attempt.states.update(self._states.cached([claim]) or {claim: None})
        while (known := self._states.cached(needed)) is not None:
            attempt.states.update(known)
            attempt = attempt.at(self._time_of(attempt.envelope))
            try:
                if attempt.visibility_problem() is not None or (claim and attempt.context.read(Claim, claim)):
                    return None
                events = attempt.decide()
                return (attempt, _item(attempt, claim, events, lineage)) if isinstance(events, tuple) else None
            except Unread as unread:
                needed = unread.streams
        return None

    def _execute(self, attempt: DecisionAttempt, claim: UUID | None) -> CommandResult | Refusal:
        self._store.set_clock()
        lineage = self._store.lineage.number
        needed = attempt.initial_streams if claim is None else (claim, *attempt.initial_streams)
        was_at_hand = self._states.cached(needed) is not None
        attempt.states.update(self._states.load([stream for stream in needed if stream not in attempt.states]))
        for _ in range(MAX_ATTEMPTS):
            attempt, answer = self._decide(attempt, claim, was_at_hand)
            if isinstance(answer, tuple):
                result = self._record(attempt, claim, answer, lineage)
                if result is not None:
                    return result
            elif isinstance(answer, CommandResult):
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

    def _decide(
        self, attempt: DecisionAttempt, claim: UUID | None, was_at_hand: bool
    ) -> tuple[DecisionAttempt, tuple[Any, ...] | CommandResult | Refusal]:
        """The attempt at the time of its judgement; the events that it records, what was recorded under its key, or why
        nothing is.

        Whether a subject that was read may be seen can take a second reading. Where there is no such subject, or
        nothing more to read for it, there is one too: the time of the answer does not tell which it was.
        """
        has_read_twice = was_at_hand
        while True:
            attempt = attempt.at(self._time_of(attempt.envelope))
            try:
                if (refusal := attempt.visibility_problem()) is not None:
                    if not has_read_twice:
                        self._store.streams([(attempt.subject, version_of(attempt.state))])
                    return attempt, refusal
                used = attempt.context.read(Claim, claim) if claim else None
                return attempt, attempt.decide() if used is None else self._repeated_result(attempt, used)
            except Unread as unread:
                has_read_twice = has_read_twice or self._states.cached(unread.streams) is None
                attempt.states.update(self._states.load(unread.streams))

    def _repeated_result(self, attempt: DecisionAttempt, claim: Claim) -> CommandResult | Refusal:
        """The first outcome of a command that comes again under its key."""
        if not matches(attempt.envelope, claim):
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
        return CommandResult(subject=use.stream, state=state, before=before, events=tuple(events), repeated=True)

    def _record(
        self, attempt: DecisionAttempt, claim: UUID | None, events: tuple[Any, ...], lineage: int
    ) -> CommandResult | None:
        """What was recorded; None where others were faster, with their states taken up."""
        try:
            appended = self._store.append(_item(attempt, claim, events, lineage))
        except Unavailable as error:
            raise _told(attempt, error) from error
        if isinstance(appended, AppendConflict):
            attempt.states.update(self._states.renew(attempt.states, appended.streams, lineage))
            return None
        return self._recorded(attempt, appended, lineage)

    def _recorded(self, attempt: DecisionAttempt, appended: Appended, lineage: int) -> CommandResult:
        before = attempt.state
        for event in appended.events:
            attempt.states[event.stream] = self._states.advance(attempt.states.get(event.stream), event, lineage)
        own = [event for event in appended.events if event.stream == attempt.subject]
        return CommandResult(
            subject=attempt.subject,
            state=attempt.state,
            before=before,
            events=tuple(own),
            consulted=attempt.states,
        )


def _told(attempt: DecisionAttempt, error: Exception) -> Exception:
    """Where it is unknown whether the command was recorded, the error that says how to find out."""
    if not isinstance(error, Unavailable) or error.recorded is not None:
        return error
    has_key = attempt.envelope.idempotency_key is not None
    return OutcomeUnknown(str(error), subject=attempt.subject, version=version_of(attempt.state), has_key=has_key)


def envelope_problems(envelope: CommandEnvelope) -> InvalidInput | None:
    """What is wrong with an order by itself."""
    problems = [*wellformed.problems(envelope.command)]
    if (key := key_problem(envelope.idempotency_key)) is not None:
        problems.append(key)
    return InvalidInput.of(*problems) if problems else None


def _item(attempt: DecisionAttempt, claim: UUID | None, events: tuple[Any, ...], lineage: int) -> AppendItem:
    written = attempt.stream_events(events)
    if claim is not None:
        last = version_of(attempt.state)
        written.append((claim, claim_key(attempt.envelope, attempt.subject, last + 1, last + len(events))))
    placed = to_unrecorded(attempt.envelope, written, attempt.states)
    return AppendItem(events=placed, reads=consulted_versions(attempt.states, placed), lineage=lineage)
