"""Executes one command while its stream locks are held: load, decide, append, and again after a conflict."""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from datetime import datetime
from functools import partial
from typing import Final, ParamSpec, TypeVar
from uuid import UUID, uuid4

from opentelemetry import trace

from domain.attempt import DecisionAttempt
from domain.catalogue import Event, State, evolve, version_of
from domain.decider import resolve_async
from domain.idempotency_key import Claim
from domain.recorded_event import Recorded
from domain.refusals import IdempotencyConflict, NotFound, Refusal
from service.commands.append_item import consulted_versions, to_unrecorded
from service.commands.envelope import CommandEnvelope, CommandResult
from service.commands.idempotency import claim_key, claim_stream, command_fingerprint, matches
from service.commands.state_cache import StateCache
from service.errors import OutcomeUnknown, Stopping, Unavailable
from service.event_store.records import AppendConflict, AppendItem
from service.event_store.store import EventStore

_tracer = trace.get_tracer("mandate")

P = ParamSpec("P")
T = TypeVar("T")

MAX_ATTEMPTS: Final = 500
"""How often a command is decided again after conflicts; this takes a second or two.

A process with fresh states repeatedly wins against one that must read them first. With fifty attempts, two commands in
a thousand failed.
"""

NOT_FOUND_READS: Final = 2
"""Reads before NotFound: of the subject, and of what decides whether it may be seen."""


class Execution:
    """Decides in the event loop; what waits for the database or folds a stream runs in a thread.

    Decision time is the database's clock after everything consulted was read, again for each attempt.
    """

    def __init__(
        self,
        envelope: CommandEnvelope,
        store: EventStore,
        states: StateCache,
        threads: Executor | None,
        clock: Callable[[], datetime],
        *,
        two_administrators: bool,
    ) -> None:
        self._envelope = envelope
        self._store = store
        self._states = states
        self._threads = threads
        self._clock = clock
        self._claim = claim_stream(envelope)
        self._attempt = DecisionAttempt.begin(
            envelope.command,
            envelope.subject,
            actor=envelope.actor,
            now=self._decision_time(),
            new_id=uuid4,
            expected_version=envelope.expected_version,
            two_administrators=two_administrators,
        )
        self._lineage = store.lineage.number
        self._reads = 0

    @property
    def streams(self) -> list[UUID]:
        """The streams to lock."""
        wanted = (self._attempt.subject, self._claim, self._attempt.numbering_stream)
        return [stream for stream in wanted if stream is not None]

    async def run(self) -> CommandResult | Refusal:
        """What was recorded, or the refusal. Raises Unavailable."""
        if not self._store.clock.is_fresh:
            await self._in_thread(self._store.set_clock)
        self._lineage = self._store.lineage.number
        await self._load_initial()
        for _ in range(MAX_ATTEMPTS):
            decided = await resolve_async(self._decide, self._read)
            if isinstance(decided, Claim):
                return await self._in_thread(self._repeated_result, decided)
            if isinstance(decided, tuple):
                result = await self._append(decided)
                if result is not None:
                    return result
            elif await self._is_final(decided):
                return decided
            if self._lineage != self._store.lineage.number:
                self._lineage = self._store.lineage.number
                self._add(await self._in_thread(self._states.load, tuple(self._attempt.states)))
        raise Unavailable(f"conflicts with other commands in all {MAX_ATTEMPTS} attempts")

    def _decision_time(self) -> datetime:
        return self._envelope.occurred_at or self._clock()

    async def _load_initial(self) -> None:
        """A key that is not cached counts as unused if nothing must be read: the append detects if it is used."""
        needed = [stream for stream in self._attempt.initial_streams if stream not in self._attempt.states]
        claims = [] if self._claim is None else [self._claim]
        cached = self._states.cached(needed)
        if cached is None:
            self._reads += 1
            self._add(await self._in_thread(self._states.load, [*claims, *needed]))
        else:
            self._add(cached)
            self._add(self._states.cached(claims) or dict.fromkeys(claims))

    async def _read(self, streams: Sequence[UUID]) -> None:
        states = self._states.cached(streams)
        if states is None:
            self._reads += 1
            states = await self._in_thread(self._states.load, streams)
        self._add(states)

    def _decide(self) -> tuple[Event, ...] | Claim | Refusal:
        """The events to record, the earlier use of its key, or the refusal. Raises Unread."""
        self._attempt = attempt = self._attempt.at(self._decision_time())
        if (refusal := attempt.visibility_problem()) is not None:
            return refusal
        used = attempt.context.read(Claim, self._claim) if self._claim else None
        if used is None:
            return attempt.decide()
        if matches(command_fingerprint(self._envelope), used):
            return used
        return IdempotencyConflict(
            message="This idempotency key was used for another command or other input: send a new key."
        )

    async def _is_final(self, refusal: Refusal) -> bool:
        """Whether the refusal rests on the newest states. Otherwise they are loaded, and the command is decided again.

        NotFound takes as many reads whether or not the subject exists and is cached, so that the response time does
        not reveal which case it was.
        """
        while isinstance(refusal, NotFound) and self._reads < NOT_FOUND_READS:
            self._reads += 1
            subject = (self._attempt.subject, version_of(self._attempt.state))
            await self._in_thread(self._store.streams, [subject])
        moved = await self._in_thread(self._states.refresh, self._attempt.states, self._lineage)
        self._add(moved)
        return not moved and self._lineage == self._store.lineage.number

    def _repeated_result(self, claim: Claim) -> CommandResult:
        """The first result of a command that is repeated under its key."""
        use = claim.event
        state: State | None = None
        before: State | None = None
        events: list[Recorded[Event]] = []
        for recorded in self._store.stream(use.stream):
            if recorded.version > use.last_version:
                break
            if recorded.version == use.first_version:
                before = state
            if recorded.version >= use.first_version:
                events.append(recorded)
            state = evolve(state, recorded)
        assert state is not None
        return CommandResult(subject=use.stream, state=state, before=before, events=tuple(events), repeated=True)

    async def _append(self, events: tuple[Event, ...]) -> CommandResult | None:
        """The result; None after a conflict, with the changed states reloaded."""
        item, span = self._item(events), _tracer.start_span("append")
        if span.is_recording():
            correlation = str(item.events[0].correlation)
            span.set_attributes({"mandate.events": len(item.events), "mandate.correlation_id": correlation})
        try:
            appended = await self._store.append_async(item)
        except Unavailable as error:
            if error.recorded is not None:
                raise
            subject, version = self._attempt.subject, version_of(self._attempt.state)
            has_key = self._claim is not None
            raise OutcomeUnknown(str(error), subject=subject, version=version, has_key=has_key) from error
        finally:
            span.end()
        if isinstance(appended, AppendConflict):
            states, lost = self._attempt.states, appended.streams
            self._add(await self._in_thread(self._states.renew, states, lost, self._lineage))
            return None
        return self._result(appended)

    def _item(self, events: tuple[Event, ...]) -> AppendItem:
        attempt = self._attempt
        stream_events = attempt.stream_events(events)
        if self._claim is not None:
            last = version_of(attempt.state)
            fingerprint = command_fingerprint(self._envelope)
            key = claim_key(fingerprint, attempt.subject, last + 1, last + len(events))
            stream_events.append((self._claim, key))
        unrecorded = to_unrecorded(self._envelope, stream_events, attempt.states, attempt.actor, attempt.cause)
        reads = consulted_versions(attempt.states, unrecorded)
        return AppendItem(events=unrecorded, reads=reads, lineage=self._lineage)

    def _result(self, recorded: Sequence[Recorded[Event]]) -> CommandResult:
        attempt, before = self._attempt, self._attempt.state
        for event in recorded:
            attempt.states[event.stream] = self._states.advance(attempt.states.get(event.stream), event, self._lineage)
        state = attempt.state
        assert state is not None
        own = tuple([event for event in recorded if event.stream == attempt.subject])
        return CommandResult(subject=attempt.subject, state=state, before=before, events=own, consulted=attempt.states)

    def _add(self, states: dict[UUID, State | None]) -> None:
        self._attempt.states.update(states)

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        try:
            call = partial(copy_context().run, function, *args, **kwargs)
            answer = asyncio.get_running_loop().run_in_executor(self._threads, call)
        except RuntimeError:
            raise Stopping from None
        return await answer
