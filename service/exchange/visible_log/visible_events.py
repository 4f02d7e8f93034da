"""Events for export: in the terms of the API, reduced to what the viewer may see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from domain.access import Viewer
from domain.catalogue import AGGREGATE_OF, CLAIM, INCIDENT, NUMBERING, UNBEGUN
from domain.deployment_request.events import RequestRemarked
from domain.incident.events import EvidenceRecorded
from domain.jurisdiction import MandateEnded, MandateGranted
from domain.recorded_event import CommandRef, Recorded
from domain.vocabulary import Actor
from projections.api_terms import payload, spelled_path
from projections.audit_entries import AuditEntry, kind_of, subject_of, visible_to
from service.event_store.records import StreamVersion
from service.event_store.store import EventStore
from service.exchange.visible_log.scope import Scope
from service.exchange.visible_log.visibility import Visibility, VisibleStream

ReportPosition = Callable[[int], None]
BLOCK: Final = 500
"""Events per read."""
INTERNAL_AGGREGATES: Final = (NUMBERING, CLAIM, UNBEGUN)
"""Aggregates of internal bookkeeping: in the log, but not in the audit trail."""
NOBODY: Final = Viewer(frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleEvent:
    """The visible part of one event.

    subject: id of the request, incident or authority. name: its reference or code.
    incidents: id -> reference of the visible incidents that the event names.
    reason, payload: without hidden parts. redactions: paths of hidden parts and of erased texts.
    consulted: streams that the decision read, each with its version. unseen: paths of the hidden ones.
    """

    position: int
    subject: UUID
    kind: str
    name: str
    version: int
    type: str
    recorded_at: datetime
    occurred_at: datetime | None
    actor: Actor
    command: CommandRef
    correlation: UUID
    causation: int | None
    consulted: tuple[StreamVersion, ...]
    unseen: tuple[str, ...]
    incidents: Mapping[UUID, str]
    reason: str | None
    payload: Mapping[str, Any]
    redactions: tuple[str, ...]

    @property
    def happened_at(self) -> datetime:
        """Time of occurrence; the recorded time if the event was not imported."""
        return self.occurred_at or self.recorded_at


class VisibleLog:
    """Reads the visible events of a scope in blocks. reached: callback with the position read so far."""

    def __init__(
        self, store: EventStore, scope: Scope, visibility: Visibility, reached: ReportPosition = lambda position: None
    ) -> None:
        self.store = store
        self.scope = scope
        self.visibility = visibility
        self.reached = reached

    def events(self, reached: ReportPosition | None = None) -> Iterator[VisibleEvent]:
        """Visible events in log order. reached: callback that replaces the default one."""
        reached = reached or self.reached
        for block in self._blocks():
            yield from self.visible(block)
            if block:
                reached(block[-1].position)

    def visible(self, block: Sequence[Recorded[Any]]) -> Iterator[VisibleEvent]:
        """The visible part of these events, in the same order."""
        chosen = [recorded for recorded in block if AGGREGATE_OF[type(recorded.event)] not in INTERNAL_AGGREGATES]
        for recorded in chosen:
            self.visibility.note(recorded)
        named = [tuple(_ids_of(recorded.event)) for recorded in chosen]
        streams = {recorded.stream for recorded in chosen}
        consulted = {stream for recorded in chosen for stream, _ in recorded.consulted}
        visible_streams = self.visibility.of(streams.union(consulted, *named))
        for recorded, ids in zip(chosen, named, strict=True):
            if _is_visible(recorded, visible_streams[recorded.stream]):
                yield _visible_event(recorded, ids, visible_streams)

    def _blocks(self) -> Iterator[Sequence[Recorded[Any]]]:
        if self.scope.subject is not None:
            for page in self.store.pages([(self.scope.subject, 0)]):
                yield [each for each in page if each.position <= self.scope.end]
            return
        after = 0
        while after < self.scope.end and (block := self.store.feed(after, BLOCK)):
            after = block[-1].position
            yield [recorded for recorded in block if recorded.position <= self.scope.end]


def _is_visible(recorded: Recorded[Any], subject: VisibleStream) -> bool:
    if isinstance(recorded.event, EvidenceRecorded) and recorded.event.evidence in subject.hidden:
        return False
    return subject.visible


def _visible_event(
    recorded: Recorded[Any], ids: tuple[UUID, ...], visible_streams: Mapping[UUID, VisibleStream]
) -> VisibleEvent:
    subject = visible_streams[recorded.stream]
    hidden = {each for each in ids if each in subject.hidden or not _may_be_seen(each, visible_streams)}
    shown = visible_to(NOBODY, _entry(recorded, ids, subject), frozenset(ids) - hidden)
    consulted = recorded.consulted
    unseen = tuple(f"consulted.{n}" for n, place in enumerate(consulted) if not _may_be_seen(place[0], visible_streams))
    return VisibleEvent(
        position=recorded.position,
        subject=subject_of(recorded),
        kind=kind_of(recorded),
        name=_name_of(recorded, subject),
        version=recorded.version,
        type=type(recorded.event).__name__,
        recorded_at=recorded.recorded_at,
        occurred_at=recorded.occurred_at,
        actor=recorded.actor,
        command=recorded.command,
        correlation=recorded.correlation,
        causation=recorded.causation,
        consulted=tuple(place for place in consulted if _may_be_seen(place[0], visible_streams))
        if unseen
        else consulted,
        unseen=unseen,
        incidents={
            each: visible_streams[each].name
            for each in ids
            if each not in hidden and _is_incident(each, visible_streams)
        },
        reason=shown.reason,
        payload=shown.payload,
        redactions=shown.redactions,
    )


def _entry(recorded: Recorded[Any], ids: tuple[UUID, ...], subject: VisibleStream) -> AuditEntry:
    """The event as an audit entry, so that the audit trail's redaction rules apply."""
    internal = isinstance(recorded.event, RequestRemarked) and recorded.event.internal
    return AuditEntry(
        position=recorded.position,
        subject=subject_of(recorded),
        kind=kind_of(recorded),
        version=recorded.version,
        type=type(recorded.event).__name__,
        recorded_at=recorded.recorded_at,
        occurred_at=recorded.occurred_at,
        actor=recorded.actor,
        correlation=recorded.correlation,
        causation=recorded.causation,
        mentions=ids,
        payload=payload(recorded.event),
        changes=(),
        erased=tuple(spelled_path(path) for path in recorded.erased),
        reason_for=() if internal and not subject.reads_internal else None,
    )


def _name_of(recorded: Recorded[Any], subject: VisibleStream) -> str:
    """Name of the subject; for events about mandates, the authority's code."""
    is_of_mandate = isinstance(recorded.event, MandateGranted | MandateEnded)
    return str(recorded.event.authority) if is_of_mandate else subject.name


def _may_be_seen(stream: UUID, visible_streams: Mapping[UUID, VisibleStream]) -> bool:
    return stream not in visible_streams or visible_streams[stream].visible


def _is_incident(stream: UUID, visible_streams: Mapping[UUID, VisibleStream]) -> bool:
    return stream in visible_streams and visible_streams[stream].aggregate is INCIDENT


def _ids_of(value: Any) -> Iterator[UUID]:
    """Every id in an event: of incidents, evidence and conditions."""
    if isinstance(value, UUID):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _ids_of(each)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _ids_of(getattr(value, field.name))
