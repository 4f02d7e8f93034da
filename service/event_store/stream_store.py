"""The part of the store that the import of histories needs: reading streams, and appending items together."""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.catalogue import Event
from domain.recorded_event import Recorded
from service.event_store.lineage import Lineage
from service.event_store.records import AppendConflict, AppendItem, StreamVersion


class Streams(Protocol):
    """Implemented by `EventStore`; see its methods."""

    @property
    def lineage(self) -> Lineage: ...

    def stream(self, stream: UUID, /) -> list[Recorded[Event]]: ...

    def streams(self, places: Sequence[StreamVersion], /) -> list[Recorded[Event]]: ...

    def append_together(self, items: Sequence[AppendItem], /) -> tuple[Recorded[Event], ...] | AppendConflict: ...
