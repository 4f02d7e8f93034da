"""Records histories: each is decided line by line, as of the time of each line, and appended as one item.

So no policy runs between the lines of a history, and its idempotency key prevents that it is judged twice. A refused
line records nothing; the lines after it are judged on the state without it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Final
from uuid import UUID, uuid4, uuid5

from domain import validation
from domain.attempt import DecisionAttempt, StreamEvent
from domain.catalogue import (
    AGGREGATE_OF,
    AUTHORITY,
    DEPUTIES,
    INCIDENT,
    JURISDICTION,
    NUMBERING,
    REGION_PARTS,
    Event,
    State,
    evolve,
    fold,
)
from domain.decider import resolve
from domain.idempotency_key import Claim
from domain.incident.events import CorrectionProposed, EvidenceRecorded
from domain.incident.state import Incident
from domain.recorded_event import CommandRef, Recorded
from domain.refusals import IdempotencyConflict, InvalidInput, Refusal
from domain.vocabulary import SYSTEM, Actor
from service.commands.append_item import consulted_versions, to_unrecorded
from service.commands.envelope import CommandEnvelope
from service.commands.idempotency import claim_key, history_fingerprint, matches
from service.commands.state_cache import StateCache
from service.errors import Unavailable
from service.event_store.records import AppendConflict, AppendItem, UnrecordedEvent
from service.event_store.stream_store import Streams
from service.exchange.importing.imported_history import CommandLine, HistoryResult, ImportedHistory, LineContext

MAX_ATTEMPTS: Final = 50
"""Maximum number of attempts after append conflicts."""
CACHED_AGGREGATES: Final = (AUTHORITY, DEPUTIES, JURISDICTION, REGION_PARTS, NUMBERING)
"""Aggregates that other histories depend on; their states stay in the state cache."""


@dataclass(slots=True)
class _Batch:
    """Histories that are appended together.

    read: states in the store. made: states including the events of this batch, not yet appended.
    lineage: the store's lineage before the first read.
    """

    lineage: int
    read: dict[UUID, State | None] = field(default_factory=dict)
    made: dict[UUID, State | None] = field(default_factory=dict)
    items: list[AppendItem] = field(default_factory=list)
    results: list[HistoryResult] = field(default_factory=list)


@dataclass(slots=True)
class _HistoryAttempt:
    """The decision of one history.

    states: of the streams that it reads or writes. pasts: events of the incidents that it reads.
    """

    history: ImportedHistory
    states: dict[UUID, State | None] = field(default_factory=dict)
    pasts: dict[UUID, list[Recorded[Event]]] = field(default_factory=dict)
    names: dict[str, UUID] = field(default_factory=dict)
    events: list[UnrecordedEvent] = field(default_factory=list)
    refused: list[tuple[CommandLine, Refusal]] = field(default_factory=list)


class HistoryRecorder:
    """Records histories. Not thread-safe. Histories in one call may depend on earlier ones of the call."""

    def __init__(self, store: Streams, states: StateCache, *, two_administrators: bool = False) -> None:
        """two_administrators: see `Context`."""
        self._two_administrators = two_administrators
        self._store = store
        self._states = states

    def record(self, histories: Sequence[ImportedHistory]) -> list[HistoryResult]:
        """The result of each history, in order. Raises Unavailable; then it is possible that nothing was recorded."""
        results = self._try(histories)
        return results if results is not None else [self._record_alone(history) for history in histories]

    def _record_alone(self, history: ImportedHistory) -> HistoryResult:
        for _ in range(MAX_ATTEMPTS):
            if results := self._try([history]):
                return results[0]
        raise Unavailable("others were faster every time")

    def _try(self, histories: Sequence[ImportedHistory]) -> list[HistoryResult] | None:
        """The results, or None if the append conflicted and nothing was recorded."""
        batch = _Batch(self._store.lineage.number)
        batch.read |= self._states.load(history.claim for history in histories)
        for history in histories:
            batch.results.append(self._earlier_result(history, batch) or self._judge(history, batch))
        if batch.items and not self._append(batch):
            return None
        nothing_recorded = any(not result.recorded and not result.repeated for result in batch.results)
        if nothing_recorded and self._states.refresh(batch.read, batch.lineage):
            return None if not batch.items else self._retry(batch)
        return batch.results

    def _retry(self, batch: _Batch) -> list[HistoryResult]:
        """Judges the histories of which nothing was recorded again, on fresh states."""
        return [
            self._record_alone(result.history) if not result.recorded and not result.repeated else result
            for result in batch.results
        ]

    def _earlier_result(self, history: ImportedHistory, batch: _Batch) -> HistoryResult | None:
        claim = batch.made.get(history.claim) or batch.read[history.claim]
        if not isinstance(claim, Claim):
            return None
        if matches(history_fingerprint(history.digest), claim):
            use = claim.event
            recorded = use.last_version - use.first_version + 1 if use.stream == history.subject else None
            return HistoryResult(history=history, recorded=recorded, repeated=True)
        conflict = IdempotencyConflict(
            message=f"The history '{history.name}' was recorded before, from other lines: its lines must be "
            "consecutive in a file, and corrections are made by current commands."
        )
        return HistoryResult(history=history, recorded=0, refused=tuple((line, conflict) for line in history.lines))

    def _judge(self, history: ImportedHistory, batch: _Batch) -> HistoryResult:
        history_attempt = _HistoryAttempt(history)
        is_there = partial(self._is_there, batch)
        for line in history.lines:
            envelope = line.order(
                LineContext(history_attempt.states.get(history.subject), history_attempt.names, is_there)
            )
            answer = (
                envelope if isinstance(envelope, InvalidInput) else self._decide(envelope, line, history_attempt, batch)
            )
            if answer is not None:
                history_attempt.refused.append((line, answer))
        if history_attempt.events:
            batch.made |= history_attempt.states
            batch.items.append(_item(history_attempt, batch))
        recorded = len(history.lines) - len(history_attempt.refused)
        return HistoryResult(history=history, recorded=recorded, refused=tuple(history_attempt.refused))

    def _decide(
        self, envelope: CommandEnvelope, line: CommandLine, history_attempt: _HistoryAttempt, batch: _Batch
    ) -> Refusal | None:
        """Decides one line and applies its events. Returns the refusal, or None if it was accepted."""
        if problems := tuple(validation.problems(envelope.command)):
            return InvalidInput.of(*problems)
        attempt = DecisionAttempt.begin(
            envelope.command,
            envelope.subject,
            actor=envelope.actor,
            now=_time_of(envelope),
            new_id=uuid4,
            expected_version=envelope.expected_version,
            two_administrators=self._two_administrators,
        )
        opens = attempt.subject in attempt.states
        if opens and history_attempt.states.get(attempt.subject) is not None:
            return InvalidInput.at(
                "command", "This history is already open: another subject belongs in its own history."
            )
        if opens:
            history_attempt.states[attempt.subject] = None

        def decide() -> tuple[Actor, list[StreamEvent]] | Refusal:
            now = attempt.with_states(_as_of(attempt.context.now, history_attempt))
            answer = now.visibility_problem() or now.decide()
            return (now.actor, now.stream_events(answer)) if isinstance(answer, tuple) else answer

        answer = resolve(decide, lambda streams: self._read(streams, history_attempt, batch))
        if not isinstance(answer, tuple):
            return answer
        _add_events(envelope, line, *answer, history_attempt)
        return None

    def _is_there(self, batch: _Batch, stream: UUID) -> bool:
        if stream not in batch.made and stream not in batch.read:
            batch.read |= self._states.load([stream])
        return (batch.made.get(stream) or batch.read.get(stream)) is not None

    def _read(self, streams: Iterable[UUID], history_attempt: _HistoryAttempt, batch: _Batch) -> None:
        wanted = tuple(streams)
        missing = [stream for stream in wanted if stream not in batch.made and stream not in batch.read]
        batch.read |= self._states.load(missing)
        for stream in wanted:
            state = batch.made[stream] if stream in batch.made else batch.read[stream]
            if isinstance(state, Incident):
                history_attempt.pasts[stream] = events = self._store.stream(stream)
                state = fold(INCIDENT, events)
            history_attempt.states[stream] = state

    def _append(self, batch: _Batch) -> bool:
        """Whether the append succeeded. On a conflict, the states of the conflicting streams are reloaded."""
        answer = self._store.append_together(batch.items)
        if isinstance(answer, AppendConflict):
            self._states.renew(self._states.load(answer.streams), answer.streams, batch.lineage)
            return False
        for event in answer:
            if AGGREGATE_OF[type(event.event)] in CACHED_AGGREGATES:
                batch.read[event.stream] = self._states.advance(batch.read.get(event.stream), event, batch.lineage)
        return True


def _time_of(envelope: CommandEnvelope) -> datetime:
    if envelope.occurred_at is None:
        raise ValueError("a line of a history needs the time at which it happened")
    return envelope.occurred_at


def _as_of(now: datetime, history_attempt: _HistoryAttempt) -> dict[UUID, State | None]:
    """The states, with each incident of another history as of `now`."""
    if not history_attempt.pasts:
        return history_attempt.states
    then = {
        stream: fold(INCIDENT, [recorded for recorded in events if recorded.happened_at <= now])
        for stream, events in history_attempt.pasts.items()
    }
    return {**history_attempt.states, **then}


def _add_events(
    envelope: CommandEnvelope,
    line: CommandLine,
    actor: Actor,
    written: list[StreamEvent],
    history_attempt: _HistoryAttempt,
) -> None:
    """Adds the events of a line to the attempt."""
    placed = to_unrecorded(envelope, written, history_attempt.states, actor)
    history_attempt.events.extend(placed)
    for event in placed:
        _apply(event, _time_of(envelope), history_attempt.states)
        if line.name is not None and isinstance(event.event, EvidenceRecorded):
            history_attempt.names[line.name] = event.event.evidence
        if line.name is not None and isinstance(event.event, CorrectionProposed):
            history_attempt.names[line.name] = event.event.correction


def _apply(event: UnrecordedEvent, at: datetime, states: dict[UUID, State | None]) -> None:
    """Applies an event without its position and recorded time, which no decision uses."""
    states[event.stream] = evolve(states.get(event.stream), event.at(0, at, ()))


def _item(history_attempt: _HistoryAttempt, batch: _Batch) -> AppendItem:
    history, first = history_attempt.history, history_attempt.events[0]
    own = sum(1 for event in history_attempt.events if event.stream == first.stream)
    fingerprint = history_fingerprint(history.digest)
    key = claim_key(fingerprint, first.stream, first.version, first.version + own - 1)
    claim = UnrecordedEvent(
        stream=history.claim,
        version=1,
        event=key,
        actor=SYSTEM,
        command=CommandRef(name="ImportHistory", id=uuid5(history.correlation, history.name), n=1, of=1),
        correlation=history.correlation,
    )
    batch.made[claim.stream] = Claim(version=claim.version, event=key)
    events = (*history_attempt.events, claim)
    return AppendItem(events=events, reads=consulted_versions(history_attempt.states, events), lineage=batch.lineage)
