"""Lookup between references and streams.

A numbering stream has one event per number: the number in a reference is the version in that stream.
"""

from uuid import UUID

from domain.number_series import NumberAssigned, place_of
from service.event_store.store import EventStore


def find(store: EventStore, reference: str) -> UUID | None:
    """The stream of the request or incident with this reference, without a visibility check; None if there is none."""
    place = place_of(reference)
    assigned = None if place is None else _event(store, *place)
    return assigned.subject if isinstance(assigned, NumberAssigned) else None


def reference_of(store: EventStore, stream: UUID) -> str | None:
    """The reference in the first event of a request or incident; None for other streams. Raises CorruptEvent."""
    return getattr(_event(store, stream, 1), "reference", None)


def _event(store: EventStore, stream: UUID, version: int) -> object:
    found = store.event(stream, version)
    return None if found is None else found.event
