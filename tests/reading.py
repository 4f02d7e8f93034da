"""The whole log, read batch by batch."""

from typing import Any

from domain.recorded_event import Recorded
from service.event_store.store import EventStore


def whole_log(store: EventStore, after: int = 0) -> list[Recorded[Any]]:
    """Every event after a position."""
    found: list[Recorded[Any]] = []
    while events := store.feed(found[-1].position if found else after, 1000):
        found += events
    return found
