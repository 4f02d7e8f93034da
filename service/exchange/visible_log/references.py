"""Lookup between references and streams.

A numbering stream has one event per number: the number in a reference is the version in that stream.
"""

from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from domain import catalogue
from domain.number_series import NumberAssigned, place_of
from service.event_store.mapper import Mapper
from service.event_store.records import EventRow
from service.event_store.store import EventStore

NO_TIME: Final = datetime.min.replace(tzinfo=UTC)

_MAPPER: Final = Mapper(catalogue.EVENTS, catalogue.SCHEMAS, catalogue.UPCASTERS)


def find(store: EventStore, reference: str) -> UUID | None:
    """The stream of the request or incident with this reference, without a visibility check; None if there is none."""
    place = place_of(reference)
    assigned = None if place is None else _event(store, *place)
    return assigned.subject if isinstance(assigned, NumberAssigned) else None


def reference_of(store: EventStore, stream: UUID) -> str | None:
    """The reference in the first event of a request or incident; None for other streams. Raises CorruptEvent."""
    return getattr(_event(store, stream, 1), "reference", None)


def _event(store: EventStore, stream: UUID, version: int) -> object:
    """The decoded event, or None if it does not exist."""
    for stored in store.recorder.select_events(stream, gt=version - 1, limit=1):
        return _MAPPER.decode(EventRow(0, stream, version, stored.topic, stored.state, NO_TIME, None)).event
    return None
