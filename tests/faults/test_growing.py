"""What one subject gathers costs a worker no more than what many subjects hold together."""

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.catalogue import Event
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
from service.event_store.store import AppendConflict, EventStore
from service.settings import DatabaseUrls
from tests.databases import NewDatabase
from tests.faults.workers import worker
from tests.waiting import until

ITEMS: Final = 1_000
ORDINARY: Final = 400
LARGE: Final = 20_000
"""Characters of a text, as many as one may have."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_thousand_large_items_of_one_subject_take_the_memory_of_an_ordinary_register(
    new_database: NewDatabase,
) -> None:
    ordinary, large = new_database(), new_database()
    fill(ordinary, subjects=ITEMS // 10, pieces=10, length=ORDINARY)
    fill(large, subjects=1, pieces=ITEMS, length=LARGE)
    assert peak(large) < 1.2 * peak(ordinary)


def peak(urls: DatabaseUrls) -> int:
    """Kilobytes that a worker takes at most until its views have caught up."""
    with psycopg.connect(urls.owner, autocommit=True) as owner, worker(urls) as process:
        until(lambda: has_caught_up(owner), seconds=120)
        status = Path(f"/proc/{process.pid}/status").read_text()
        return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))


def has_caught_up(owner: psycopg.Connection[Any]) -> bool:
    asked = """SELECT count(*) >= 6 AND min(position) = (SELECT max(notification_id) FROM event_store.events)
               FROM projections.checkpoints"""
    row = owner.execute(asked).fetchone()
    return bool(row and row[0])


def fill(urls: DatabaseUrls, subjects: int, pieces: int, length: int) -> None:
    with closing(EventStore(urls.api)) as store:
        for number in range(subjects):
            stream = uuid4()
            reported = IncidentReported(
                reference=f"kfor-i-2024-{number:04}",
                kind=Label("explosion"),
                description=Text("EXERCISE"),
                region=Region("xk"),
                occurred_at=datetime(2024, 11, 29, tzinfo=UTC),
                marking=Marking.CLEAR,
            )
            events: list[Event] = [reported]
            events += [piece(length) for _ in range(pieces)]
            for version, event in enumerate(events, start=1):
                assert not isinstance(store.append(item(stream, version, event)), AppendConflict)


def piece(length: int) -> EvidenceRecorded:
    return EvidenceRecorded(
        evidence=EvidenceId(uuid4()),
        summary=Text("x" * length),
        marking=Marking.CLEAR,
        source_reliability=SourceReliability.A,
        information_credibility=InformationCredibility.ONE,
    )


def item(stream: UUID, version: int, event: Event) -> AppendItem:
    command = CommandRef(name="Filled", id=uuid4(), n=1, of=1)
    made = UnrecordedEvent(
        stream=stream, version=version, event=event, actor=SYSTEM, command=command, correlation=uuid4()
    )
    return AppendItem(events=(made,))
