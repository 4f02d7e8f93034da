"""What one viewer may see of each stream, by the domain's rules as they apply now."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, Final, TypeVar
from uuid import UUID

from domain import authority
from domain.aggregate import Aggregate
from domain.authority import Authority
from domain.catalogue import AGGREGATES, INCIDENT, UNBEGUN, evolve, own_audience, version_of
from domain.decider import Context, resolve
from domain.deployment_request.state import Deliberations, DeploymentRequest
from domain.deployment_request.visibility import disclosed, internal_parts
from domain.incident.events import OfEvidence
from domain.incident.state import Incident
from domain.incident.visibility import viewer_of
from domain.jurisdiction import Jurisdiction
from domain.recorded_event import Recorded
from domain.visibility import Viewer
from domain.vocabulary import Actor
from projections.bounded_cache import BoundedCache
from projections.rows.audit_entries import visible_to
from projections.rows.audit_entry import AuditEntry, VisibleEntry
from service.event_store.store import EventStore

MAX_BYTES: Final = 16 * 1024 * 1024
STREAM_BYTES: Final = 500
HIDDEN_BYTES: Final = 100
"""Estimated memory of a cached stream: the base, and for each hidden piece of evidence or internal reader."""
MAX_CONSULTED: Final = 8 * 1024 * 1024
STATE_BYTES: Final = 2000
EVENT_BYTES: Final = 400
"""Estimated memory of a consulted state, of an authority or a jurisdiction: the base, and for each of its events."""
NONE: Final[frozenset[UUID]] = frozenset()

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class VisibleStream:
    """Visibility of one stream.

    opened_at: position of its first event. name: its reference, an authority's code, or a region.
    hidden: ids of an incident's evidence that the viewer may not see.
    deliberations: of a request, if there is something internal in them that the viewer may not read.
    """

    aggregate: Aggregate
    name: str
    opened_at: int
    visible: bool = True
    hidden: frozenset[UUID] = NONE
    deliberations: Deliberations | None = None

    def shows(self, event: object, viewer: Viewer) -> bool:
        """Whether the viewer may see this event of the stream."""
        if (audience := own_audience(event)) is not None:
            return viewer.sees(audience)
        return self.visible and not (isinstance(event, OfEvidence) and event.evidence in self.hidden)

    def withheld(self, recorded: Recorded[Any]) -> tuple[str, ...]:
        """The parts of this event of the stream that the viewer may not read."""
        return internal_parts(self.deliberations, recorded.event, recorded.actor) if self.deliberations else ()

    def disclosed(self, state: Any) -> Any:
        """A state of this stream, as the viewer may see it."""
        return disclosed(state) if self.deliberations else state

    @property
    def discloses_deliberations(self) -> bool:
        return self.deliberations is None or not self.deliberations.internal


class Visibility:
    """Visibility and names of streams for one viewer, cached within bounds. Not thread-safe."""

    def __init__(
        self, store: EventStore, actor: Actor, now: datetime, present: int, most_bytes: int = MAX_BYTES
    ) -> None:
        """present: last position to read, so that one state of the register decides visibility for a whole file."""
        self.actor = actor
        self.present = present
        self._store = store
        self._now = now
        self._seen: BoundedCache[UUID, VisibleStream] = BoundedCache(most_bytes)
        self._consulted: dict[UUID, Any] = {}
        self._consulted_bytes = 0
        self.viewer = self._ask(authority.stream_of(actor.authority), lambda context: authority.viewer(context, actor))

    def of(self, streams: Iterable[UUID]) -> Mapping[UUID, VisibleStream]:
        """Visibility by stream. Ids that are not streams are omitted."""
        wanted = dict.fromkeys(streams)
        found = {stream: seen for stream in wanted if (seen := self._seen.get(stream)) is not None}
        if missing := [stream for stream in wanted if stream not in found]:
            fresh = self._read(missing)
            self._keep(fresh)
            found |= fresh
        return found

    def part(
        self, entry: AuditEntry, subject: VisibleStream, streams: Mapping[UUID, VisibleStream]
    ) -> tuple[VisibleEntry, dict[UUID, str]]:
        """The visible part of an entry, and the references of the visible incidents that it names.

        streams: the visibility of the streams among its mentions.
        """
        seen = {each for each in entry.mentions if each not in subject.hidden and may_be_seen(each, streams)}
        named = (each for each in entry.mentions if each in seen and each in streams)
        incidents = {each: streams[each].name for each in named if streams[each].aggregate is INCIDENT}
        return visible_to(entry, seen), incidents

    def note(self, recorded: Recorded[Any]) -> None:
        """Caches a stream from its first event; only for the operator, who needs no visibility check."""
        if self.actor.is_system and recorded.version == 1:
            state = evolve(None, recorded)
            self._keep({recorded.stream: self._judged(state, recorded.position)})

    def _read(self, streams: Iterable[UUID]) -> dict[UUID, VisibleStream]:
        opened: dict[UUID, int] = {}
        found = states(self._store, streams, self.present, texts=False, opened=opened)
        return {stream: self._judged(state, opened[stream]) for stream, state in found.items() if state is not None}

    def _judged(self, state: Any, opened_at: int) -> VisibleStream:
        stream = VisibleStream(aggregate=_AGGREGATE_OF_STATE[type(state)], name=_name_of(state), opened_at=opened_at)
        if self.actor.is_system:
            return stream
        if isinstance(state, DeploymentRequest):
            return self._request(stream, state)
        return self._incident(stream, state) if isinstance(state, Incident) else stream

    def _request(self, stream: VisibleStream, request: DeploymentRequest) -> VisibleStream:
        return replace(
            stream,
            visible=self._ask(request.id, lambda context: stream.aggregate.is_visible(request, context)),
            deliberations=None if self.viewer.sees(request.deliberations.readers) else request.deliberations,
        )

    def _incident(self, stream: VisibleStream, incident: Incident) -> VisibleStream:
        viewer = self._ask(incident.id, lambda context: viewer_of(context, incident))
        hidden = (piece.id for piece in incident.evidence if not viewer.sees(incident.audience_of(piece)))
        return replace(stream, visible=viewer.sees(incident.audience), hidden=frozenset(hidden))

    def _ask(self, subject: UUID, question: Callable[[Context], T]) -> T:
        """Evaluates a rule, reading the streams that it asks for."""
        if self._consulted_bytes > MAX_CONSULTED:
            self._consulted.clear()
            self._consulted_bytes = 0
        context = Context(actor=self.actor, now=self._now, subject=subject, consulted=self._consulted)
        return resolve(lambda: question(context), self._consult)

    def _consult(self, streams: Collection[UUID]) -> None:
        found = states(self._store, streams, self.present, texts=False)
        self._consulted.update(found)
        self._consulted_bytes += sum(STATE_BYTES + EVENT_BYTES * version_of(state) for state in found.values())

    def _keep(self, fresh: Mapping[UUID, VisibleStream]) -> None:
        for stream, seen in fresh.items():
            size = STREAM_BYTES + HIDDEN_BYTES * (len(seen.hidden) + (seen.deliberations is not None))
            self._seen.put(stream, seen, size)


def states(
    store: EventStore,
    streams: Iterable[UUID],
    end: int,
    *,
    texts: bool = True,
    opened: dict[UUID, int] | None = None,
) -> dict[UUID, Any]:
    """The state of each stream up to a position; None if it has no events by then.

    opened: filled with the position of each stream's first event.
    """
    found: dict[UUID, Any] = dict.fromkeys(streams)
    for recorded in chain.from_iterable(store.pages([(stream, 0) for stream in found], texts=texts)):
        if recorded.position <= end:
            found[recorded.stream] = evolve(found[recorded.stream], recorded)
            if opened is not None:
                opened.setdefault(recorded.stream, recorded.position)
    return found


def may_be_seen(stream: UUID, streams: Mapping[UUID, VisibleStream]) -> bool:
    """Whether a stream is visible, or the id is not one of a stream."""
    return stream not in streams or streams[stream].visible


_AGGREGATE_OF_STATE: Final = {aggregate.state: aggregate for aggregate in (*AGGREGATES, UNBEGUN)}


def _name_of(state: Any) -> str:
    match state:
        case DeploymentRequest() | Incident():
            return state.reference
        case Authority():
            return state.code
        case Jurisdiction():
            return state.region
        case _:
            return ""
