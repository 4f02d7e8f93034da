"""The only path to a recorded event: validate, load, decide, append. People, policies and imports all use it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain import validation
from domain.claim import Claim
from domain.decider import Unread
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
"""How often a command is decided again after conflicts; this takes a second or two.

A process with fresh states repeatedly wins against one that must read them first. With fifty attempts, two commands in
a thousand failed.
"""


@dataclass(frozen=True, slots=True)
class PreparedCommand:
    """claim: the stream of its idempotency key. streams: those to lock, each once."""

    attempt: DecisionAttempt
    claim: UUID | None
    streams: tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class PendingAppend:
    """A decided command that is being appended. release: releases its stream locks."""

    attempt: DecisionAttempt
    item: AppendItem
    lineage: int
    release: Callable[[], None]


class Dispatcher:
    """Dispatches commands, from any thread.

    Decision time is the database's clock after the locks are held and everything consulted was read, again for each
    attempt.
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
        """clock: replaces the database's. two_administrators: see `Context`."""
        self._two_administrators = two_administrators
        self._store = store
        self._states = states
        self._locks = locks
        self._clock = clock or store.clock.now

    def dispatch(self, envelope: CommandEnvelope) -> CommandResult | Refusal:
        """What was recorded, or the refusal. Raises Unavailable if the store cannot answer now."""
        if (refusal := envelope_problems(envelope)) is not None:
            return refusal
        prepared = self.prepare(envelope)
        with self._locks.held(prepared.streams):
            return self._execute(prepared.attempt, prepared.claim)

    def prepare(self, envelope: CommandEnvelope) -> PreparedCommand:
        """Starts the attempt of a well-formed command."""
        attempt = DecisionAttempt.begin(
            envelope, self._decision_time(envelope), two_administrators=self._two_administrators
        )
        claim = claim_stream(envelope)
        wanted = {stream: None for stream in (attempt.subject, claim, attempt.numbering_stream) if stream is not None}
        return PreparedCommand(attempt, claim, tuple(wanted))

    def decide_from_cache(self, prepared: PreparedCommand) -> PendingAppend | None:
        """Decides a command at once on cached states. Its locks are held until `complete`.

        None if it would have to wait, and if it would be refused or is a repetition: both need fresh states. Use
        `dispatch` then.
        """
        release = self._locks.try_acquire(prepared.streams)
        if release is None:
            return None
        lineage, decided = self._store.lineage.number, None
        try:
            if self._store.clock.is_fresh:
                decided = self._decide_cached(prepared.attempt, prepared.claim, lineage)
        finally:
            if decided is None:
                release()
        return None if decided is None else PendingAppend(*decided, lineage, release)

    def complete(self, pending: PendingAppend, appended: Appended | AppendConflict | Exception) -> CommandResult | None:
        """Returns or raises what `dispatch` does. None after a conflict: dispatch it then."""
        try:
            if isinstance(appended, Exception):
                raise _with_advice(pending.attempt, appended)
            return (
                None
                if isinstance(appended, AppendConflict)
                else self._result(pending.attempt, appended, pending.lineage)
            )
        finally:
            pending.release()

    def _decision_time(self, envelope: CommandEnvelope) -> datetime:
        return envelope.occurred_at or self._clock()

    def _decide_cached(
        self, attempt: DecisionAttempt, claim: UUID | None, lineage: int
    ) -> tuple[DecisionAttempt, AppendItem] | None:
        """A key that is not cached counts as unused: the append detects if it is used."""
        needed: Iterable[UUID] = [stream for stream in attempt.initial_streams if stream not in attempt.states]
        if claim is not None:
            attempt.states.update(self._states.cached([claim]) or {claim: None})
        while (cached := self._states.cached(needed)) is not None:
            attempt.states.update(cached)
            attempt = attempt.at(self._decision_time(attempt.envelope))
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
        was_cached = self._states.cached(needed) is not None
        attempt.states.update(self._states.load([stream for stream in needed if stream not in attempt.states]))
        for _ in range(MAX_ATTEMPTS):
            attempt, answer = self._decide(attempt, claim, was_cached)
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
        raise Unavailable(f"conflicts with other commands in all {MAX_ATTEMPTS} attempts")

    def _decide(
        self, attempt: DecisionAttempt, claim: UUID | None, was_cached: bool
    ) -> tuple[DecisionAttempt, tuple[Any, ...] | CommandResult | Refusal]:
        """The attempt at its decision time, with the events to record, the result under its key, or the refusal.

        Checking whether a subject may be seen can take a second read. If there is no such subject, or nothing more to
        read for it, a second read is made too, so that the response time does not reveal which case it was.
        """
        has_read_twice = was_cached
        while True:
            attempt = attempt.at(self._decision_time(attempt.envelope))
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
        """The first result of a command that is repeated under its key."""
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
        """The result; None after a conflict, with the conflicting states reloaded."""
        try:
            appended = self._store.append(_item(attempt, claim, events, lineage))
        except Unavailable as error:
            raise _with_advice(attempt, error) from error
        if isinstance(appended, AppendConflict):
            attempt.states.update(self._states.renew(attempt.states, appended.streams, lineage))
            return None
        return self._result(attempt, appended, lineage)

    def _result(self, attempt: DecisionAttempt, appended: Appended, lineage: int) -> CommandResult:
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


def _with_advice(attempt: DecisionAttempt, error: Exception) -> Exception:
    """Adds how to find out, if it is unknown whether the command was recorded."""
    if not isinstance(error, Unavailable) or error.recorded is not None:
        return error
    has_key = attempt.envelope.idempotency_key is not None
    return OutcomeUnknown(str(error), subject=attempt.subject, version=version_of(attempt.state), has_key=has_key)


def envelope_problems(envelope: CommandEnvelope) -> InvalidInput | None:
    """Problems that need no state."""
    problems = [*validation.problems(envelope.command)]
    if (key := key_problem(envelope.idempotency_key)) is not None:
        problems.append(key)
    return InvalidInput.of(*problems) if problems else None


def _item(attempt: DecisionAttempt, claim: UUID | None, events: tuple[Any, ...], lineage: int) -> AppendItem:
    stream_events = attempt.stream_events(events)
    if claim is not None:
        last = version_of(attempt.state)
        stream_events.append((claim, claim_key(attempt.envelope, attempt.subject, last + 1, last + len(events))))
    unrecorded = to_unrecorded(attempt.envelope, stream_events, attempt.states)
    return AppendItem(events=unrecorded, reads=consulted_versions(attempt.states, unrecorded), lineage=lineage)
