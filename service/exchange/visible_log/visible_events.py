"""Events for export: in the terms of the API, reduced to what the viewer may see."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from itertools import compress
from typing import Any, Final
from uuid import UUID

from domain.catalogue import AGGREGATE_OF, CLAIM, NUMBERING, UNBEGUN
from domain.jurisdiction import MandateEnded, MandateGranted
from domain.recorded_event import CommandRef, Recorded
from domain.vocabulary import Actor
from projections.rows.audit_entries import ByAuthority, entry_of, payload_without
from service.event_store.records import StreamVersion
from service.event_store.store import EventStore
from service.exchange.visible_log.scope import Scope
from service.exchange.visible_log.visibility import Visibility, VisibleStream, may_be_seen

ReportPosition = Callable[[int], None]
BLOCK: Final = 500
"""Events per read."""
INTERNAL_AGGREGATES: Final = (NUMBERING, CLAIM, UNBEGUN)
"""Aggregates of internal bookkeeping: in the log, but not in the audit trail."""


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
            if visible_streams[recorded.stream].shows(recorded.event, self.visibility.viewer):
                yield self._visible_event(recorded, ids, visible_streams)

    def _blocks(self) -> Iterator[Sequence[Recorded[Any]]]:
        if self.scope.subject is not None:
            for page in self.store.pages([(self.scope.subject, 0)]):
                yield [each for each in page if self.scope.after < each.position <= self.scope.end]
            return
        after = self.scope.after
        while after < self.scope.end and (block := self.store.feed(after, BLOCK)):
            after = block[-1].position
            yield [recorded for recorded in block if recorded.position <= self.scope.end]

    def _visible_event(
        self, recorded: Recorded[Any], ids: tuple[UUID, ...], streams: Mapping[UUID, VisibleStream]
    ) -> VisibleEvent:
        subject = streams[recorded.stream]
        withheld = subject.withheld(recorded)
        entry = entry_of(recorded, ids, payload_without(withheld, recorded.event), (), withheld)
        shown, incidents = self.visibility.part(entry, subject, streams)
        seen = [may_be_seen(stream, streams) for stream, _ in recorded.consulted]
        return VisibleEvent(
            position=entry.position,
            subject=entry.subject,
            kind=entry.kind,
            name=_name_of(recorded, subject),
            version=entry.version,
            type=entry.type,
            recorded_at=entry.recorded_at,
            occurred_at=entry.occurred_at,
            actor=entry.actor,
            command=recorded.command,
            correlation=entry.correlation,
            causation=entry.causation,
            consulted=tuple(compress(recorded.consulted, seen)),
            unseen=tuple(f"consulted.{n}" for n, is_seen in enumerate(seen) if not is_seen),
            incidents=incidents,
            reason=shown.reason,
            payload=shown.payload,
            redactions=shown.redactions,
        )


def _name_of(recorded: Recorded[Any], subject: VisibleStream) -> str:
    """Name of the subject; for events about mandates, blocked persons and regions, the authority's code."""
    names_authority = isinstance(recorded.event, MandateGranted | MandateEnded | ByAuthority)
    return str(recorded.event.authority) if names_authority else subject.name


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
