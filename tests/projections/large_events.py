"""Items with large texts."""

from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID, uuid4

from domain.incident.events import EvidenceRecorded, IncidentReported
from domain.recorded_event import CommandRef
from domain.vocabulary import (
    SYSTEM,
    EvidenceId,
    InformationCredibility,
    Label,
    Marking,
    Region,
    SourceReliability,
    Text,
)
from service.event_store.records import AppendItem, UnrecordedEvent
from tests.projections.world import World

LARGE: Final = 80_000
"""Bytes of the text of one event."""


def item(stream: UUID, version: int, event: Any) -> AppendItem:
    command = CommandRef(name="x", id=uuid4(), n=1, of=1)
    return AppendItem(
        events=(
            UnrecordedEvent(
                stream=stream, version=version, event=event, actor=SYSTEM, command=command, correlation=uuid4()
            ),
        )
    )


def incident(world: World, evidence: int, size: int = LARGE) -> UUID:
    """One with so many pieces of evidence, each of so many bytes."""
    stream = uuid4()
    reported = IncidentReported(
        reference="kfor-2024-0001",
        kind=Label("explosion"),
        description=Text("EXERCISE"),
        region=Region("xk"),
        occurred_at=datetime(2024, 11, 29, tzinfo=UTC),
        marking=Marking.CLEAR,
    )
    events = [reported, *(piece(size) for _ in range(evidence))]
    world.append(item(stream, version, event) for version, event in enumerate(events, start=1))
    return stream


def piece(size: int) -> EvidenceRecorded:
    return EvidenceRecorded(
        evidence=EvidenceId(uuid4()),
        summary=Text("x" * size),
        marking=Marking.CLEAR,
        source_reliability=SourceReliability.A,
        information_credibility=InformationCredibility.ONE,
    )
