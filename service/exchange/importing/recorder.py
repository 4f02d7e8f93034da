"""Records histories: each decided line by line, as of the times at which it happened, and appended as one item.

So no policy comes between the lines of a history, and its idempotency key keeps it from being judged a second time. A
line that is refused records nothing: the lines after it are judged on the state without it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid5

from domain import wellformed
from domain.catalogue import AGGREGATE_OF, AUTHORITY, INCIDENT, JURISDICTION, NUMBERING, fold
from domain.claim import Claim
from domain.deciding import Unread
from domain.incident.events import EvidenceRecorded
from domain.incident.state import Incident
from domain.recorded import CommandRef, Recorded
from domain.refusals import IdempotencyConflict, InvalidInput, Refusal
from domain.vocabulary import SYSTEM
from service.commands.attempt import DecisionAttempt, StreamEvent, consulted_versions, to_unrecorded
from service.commands.envelope import CommandEnvelope
from service.commands.idempotency import claim_history_key, matches_history
from service.commands.state_cache import StateCache
from service.errors import Unavailable
from service.event_store.records import AppendConflict, AppendItem, UnrecordedEvent
from service.event_store.stream_store import Streams
from service.exchange.importing.imported_history import CommandLine, HistoryResult, ImportedHistory, LineContext

MAX_ATTEMPTS: Final = 50
"""How often a history is decided anew after others were faster."""
SHARED: Final = (AUTHORITY, JURISDICTION, NUMBERING)
"""What other histories rest on: kept at hand."""


@dataclass(slots=True)
class _Batch:
    """Histories that are appended together. read: as the store has it. made: with what they add, not yet recorded.

    lineage: the store's before the first of it was read.
    """

    lineage: int
    read: dict[UUID, Any] = field(default_factory=dict)
    made: dict[UUID, Any] = field(default_factory=dict)
    items: list[AppendItem] = field(default_factory=list)
    told: list[HistoryResult] = field(default_factory=list)


@dataclass(slots=True)
class _HistoryAttempt:
    """A history on its way. states: of the streams that it reads or writes. pasts: events of the incidents it reads."""

    history: ImportedHistory
    states: dict[UUID, Any] = field(default_factory=dict)
    pasts: dict[UUID, list[Recorded[Any]]] = field(default_factory=dict)
    names: dict[str, UUID] = field(default_factory=dict)
    events: list[UnrecordedEvent] = field(default_factory=list)
    refused: list[tuple[CommandLine, Refusal]] = field(default_factory=list)


class HistoryRecorder:
    """For one thread. Histories that are given together may rest on each other, in their order."""

    def __init__(self, store: Streams, states: StateCache, *, two_administrators: bool = False) -> None:
        """two_administrators: see `Context`."""
        self._two_administrators = two_administrators
        self._store = store
        self._states = states

    def record(self, histories: Sequence[ImportedHistory]) -> list[HistoryResult]:
        """What came of each, in their order. Raises Unavailable, where it may be that nothing of them was recorded."""
        told = self._try(histories)
        return told if told is not None else [self._alone(history) for history in histories]

    def _alone(self, history: ImportedHistory) -> HistoryResult:
        for _ in range(MAX_ATTEMPTS):
            if told := self._try([history]):
                return told[0]
        raise Unavailable("others were faster every time")

    def _try(self, histories: Sequence[ImportedHistory]) -> list[HistoryResult] | None:
        """None where others were faster, and nothing was recorded."""
        together = _Batch(self._store.lineage.number)
        together.read |= self._states.load(history.claim for history in histories)
        for history in histories:
            together.told.append(self._told_before(history, together) or self._judge(history, together))
        if together.items and not self._append(together):
            return None
        nothing_recorded = any(not told.recorded and not told.repeated for told in together.told)
        if nothing_recorded and self._states.refresh(together.read, together.lineage):
            return None if not together.items else self._again(together)
        return together.told

    def _again(self, together: _Batch) -> list[HistoryResult]:
        """Those of which nothing was recorded are judged on the newest states."""
        return [
            self._alone(told.history) if not told.recorded and not told.repeated else told for told in together.told
        ]

    def _told_before(self, history: ImportedHistory, together: _Batch) -> HistoryResult | None:
        claim = together.made.get(history.claim) or together.read[history.claim]
        if not isinstance(claim, Claim):
            return None
        if matches_history(history.digest, claim):
            use = claim.event
            recorded = use.last_version - use.first_version + 1 if use.stream == history.subject else None
            return HistoryResult(history=history, recorded=recorded, repeated=True)
        conflict = IdempotencyConflict(
            message=f"The history '{history.name}' was recorded before, from other lines: its lines stand together in "
            "a file, and what is to be corrected is corrected by commands of today."
        )
        return HistoryResult(history=history, recorded=0, refused=tuple((line, conflict) for line in history.lines))

    def _judge(self, history: ImportedHistory, together: _Batch) -> HistoryResult:
        judging = _HistoryAttempt(history)
        is_there = partial(self._is_there, together)
        for line in history.lines:
            envelope = line.order(LineContext(judging.states.get(history.subject), judging.names, is_there))
            answer = envelope if isinstance(envelope, InvalidInput) else self._decide(envelope, line, judging, together)
            if answer is not None:
                judging.refused.append((line, answer))
        if judging.events:
            together.made |= judging.states
            together.items.append(_item(judging, together))
        recorded = len(history.lines) - len(judging.refused)
        return HistoryResult(history=history, recorded=recorded, refused=tuple(judging.refused))

    def _decide(
        self, envelope: CommandEnvelope, line: CommandLine, judging: _HistoryAttempt, together: _Batch
    ) -> Refusal | None:
        """None where it is granted: what it records is taken up."""
        if problems := tuple(wellformed.problems(envelope.command)):
            return InvalidInput.of(*problems)
        attempt = DecisionAttempt.begin(envelope, _time_of(envelope), two_administrators=self._two_administrators)
        opens = attempt.subject in attempt.states
        if opens and judging.states.get(attempt.subject) is not None:
            return InvalidInput.at("command", "This history has begun already: another subject has one of its own.")
        if opens:
            judging.states[attempt.subject] = None
        while True:
            attempt = attempt.with_states(_as_of(attempt.context.now, judging))
            try:
                answer = attempt.visibility_problem() or attempt.decide()
            except Unread as unread:
                self._read(unread.streams, judging, together)
                continue
            if not isinstance(answer, tuple):
                return answer
            _take_up(envelope, line, attempt.stream_events(answer), judging)
            return None

    def _is_there(self, together: _Batch, stream: UUID) -> bool:
        if stream not in together.made and stream not in together.read:
            together.read |= self._states.load([stream])
        return (together.made.get(stream) or together.read.get(stream)) is not None

    def _read(self, streams: Iterable[UUID], judging: _HistoryAttempt, together: _Batch) -> None:
        wanted = tuple(streams)
        missing = [stream for stream in wanted if stream not in together.made and stream not in together.read]
        together.read |= self._states.load(missing)
        for stream in wanted:
            state = together.made[stream] if stream in together.made else together.read[stream]
            if isinstance(state, Incident):
                judging.pasts[stream] = events = self._store.stream(stream)
                state = fold(INCIDENT, events)
            judging.states[stream] = state

    def _append(self, together: _Batch) -> bool:
        """Whether they are recorded; where others were faster, their states are at hand from now on."""
        answer = self._store.append_together(together.items)
        if isinstance(answer, AppendConflict):
            self._states.renew(self._states.load(answer.streams), answer.streams, together.lineage)
            return False
        for appended in answer:
            for event in appended.events:
                if AGGREGATE_OF[type(event.event)] in SHARED:
                    state = self._states.advance(together.read.get(event.stream), event, together.lineage)
                    together.read[event.stream] = state
        return True


def _time_of(envelope: CommandEnvelope) -> datetime:
    if envelope.occurred_at is None:
        raise ValueError("a line of a history needs the time at which it happened")
    return envelope.occurred_at


def _as_of(now: datetime, judging: _HistoryAttempt) -> dict[UUID, Any]:
    """The states, with each incident of another history as it stood when this happened."""
    if not judging.pasts:
        return judging.states
    then = {
        stream: fold(INCIDENT, [recorded for recorded in events if recorded.happened_at <= now])
        for stream, events in judging.pasts.items()
    }
    return {**judging.states, **then}


def _take_up(
    envelope: CommandEnvelope, line: CommandLine, written: list[StreamEvent], judging: _HistoryAttempt
) -> None:
    """The states with what the line records."""
    placed = to_unrecorded(envelope, written, judging.states)
    judging.events.extend(placed)
    for event in placed:
        _evolve(event, _time_of(envelope), judging.states)
        if line.name is not None and isinstance(event.event, EvidenceRecorded):
            judging.names[line.name] = event.event.evidence


def _evolve(event: UnrecordedEvent, at: datetime, states: dict[UUID, Any]) -> None:
    """As it will be, but for its position and the time at which it is recorded, which no decision rests on."""
    evolve = AGGREGATE_OF[type(event.event)].evolve
    states[event.stream] = evolve(states.get(event.stream), event.at(0, at, ()))


def _item(judging: _HistoryAttempt, together: _Batch) -> AppendItem:
    history, first = judging.history, judging.events[0]
    own = sum(1 for event in judging.events if event.stream == first.stream)
    claim = UnrecordedEvent(
        stream=history.claim,
        version=1,
        event=claim_history_key(history.digest, first.stream, first.version, first.version + own - 1),
        actor=SYSTEM,
        command=CommandRef(name="ImportHistory", id=uuid5(history.correlation, history.name), n=1, of=1),
        correlation=history.correlation,
    )
    together.made[claim.stream] = Claim(version=claim.version, event=claim.event)
    events = (*judging.events, claim)
    return AppendItem(events=events, reads=consulted_versions(judging.states, events), lineage=together.lineage)
