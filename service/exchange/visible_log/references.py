"""From a reference, as people say it, to its stream, and back: numbers are a stream too, whose versions they are."""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain import catalogue
from domain.numbering import NumberAssigned, place_of
from service.event_store.mapper import Mapper
from service.event_store.records import EventRow
from service.event_store.store import EventStore

UNTOLD: Final = datetime.min.replace(tzinfo=UTC)

_MAPPER: Final = Mapper(catalogue.EVENTS, catalogue.SCHEMAS, catalogue.UPCASTERS)


def find(store: EventStore, reference: str) -> UUID | None:
    """The stream of the request or incident with this reference, whoever may see it; None where there is none."""
    place = place_of(reference)
    assigned = None if place is None else _event(store, *place)
    return assigned.subject if isinstance(assigned, NumberAssigned) else None


def reference_of(store: EventStore, stream: UUID) -> str | None:
    """Of a request or incident, as its first event says it; None where the stream is no such. Raises CorruptEvent."""
    return getattr(_event(store, stream, 1), "reference", None)


def _event(store: EventStore, stream: UUID, version: int) -> object:
    """None where there is no such event."""
    for stored in store.recorder.select_events(stream, gt=version - 1, limit=1):
        return _MAPPER.decode(EventRow(0, stream, version, stored.topic, stored.state, UNTOLD, None)).event
    return None
