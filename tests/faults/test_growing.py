"""What one subject gathers costs a process no more than what many subjects hold together."""

import json
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest

from domain.catalogue import Event
from domain.incident.events import IncidentReported
from domain.recorded_event import CommandRef
from domain.vocabulary import SYSTEM, Label, Marking, Region, Text
from projections.catalogue import VIEWS
from service.event_store.records import AppendItem, UnrecordedEvent
from service.event_store.store import AppendConflict, EventStore
from service.settings import DatabaseUrls
from tests.databases import NewDatabase
from tests.faults import memory_steps
from tests.faults.workers import worker
from tests.projections.large_events import piece
from tests.waiting import until

ITEMS: Final = 1_000
ORDINARY: Final = 400
LARGE: Final = 20_000
"""Characters of a text, as many as one may have."""


@pytest.mark.slow
@pytest.mark.timeout(400)
def test_a_thousand_large_items_of_one_subject_take_the_memory_of_an_ordinary_register(
    new_database: NewDatabase,
) -> None:
    """Of a worker, a rebuild, `verify` and `replay --check`."""
    ordinary, large = new_database(), new_database()
    fill(ordinary, subjects=ITEMS // 10, pieces=10, length=ORDINARY)
    fill(large, subjects=1, pieces=ITEMS, length=LARGE)
    usual, found = peaks(ordinary), peaks(large)
    assert {name: peak / usual[name] for name, peak in found.items() if peak >= 1.2 * usual[name]} == {}
    half, whole = row_bytes(large, ITEMS // 2), row_bytes(large, ITEMS)
    assert half > ITEMS // 2 * LARGE
    assert whole < 2.2 * half, "the second half takes as much as the first"


def peaks(urls: DatabaseUrls) -> dict[str, int]:
    """Kilobytes that each kind of process takes at most. The first is a worker, until its views have caught up."""
    with psycopg.connect(urls.owner, autocommit=True) as owner, worker(urls) as process:
        until(lambda: has_caught_up(owner), seconds=120)
        status = Path(f"/proc/{process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
    command = [sys.executable, "-m", "tests.faults.memory_steps"]
    output = subprocess.run(command, input=memory_steps.of(urls), stdout=subprocess.PIPE, text=True, check=True).stdout
    return {"worker": peak, **json.loads(output)}


def has_caught_up(owner: psycopg.Connection[Any]) -> bool:
    asked = """SELECT count(*) >= 6 AND min(position) = (SELECT max(notification_id) FROM event_store.events)
               FROM projections.checkpoints"""
    row = owner.execute(asked).fetchone()
    return bool(row and row[0])


def row_bytes(urls: DatabaseUrls, items: int) -> int:
    """Of the rows of all views that the report of a subject and its first items make."""
    tables = [table for view in VIEWS for table in view.tables if "version" in table.c]
    with psycopg.connect(urls.owner) as owner:
        total = 0
        for table in tables:
            asked = f"SELECT sum(octet_length(t::text)) FROM {table} t WHERE version <= %s"
            row = owner.execute(asked.encode(), [items + 1]).fetchone()
            total += int(row[0] or 0) if row else 0
        return total


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
            events: list[Event] = [reported, *(piece(length) for _ in range(pieces))]
            command = CommandRef(name="Filled", id=uuid4(), n=1, of=1)
            made = [
                UnrecordedEvent(
                    stream=stream, version=version, event=event, actor=SYSTEM, command=command, correlation=uuid4()
                )
                for version, event in enumerate(events, start=1)
            ]
            for at in range(0, len(made), 25):
                assert not isinstance(store.append(AppendItem(events=tuple(made[at : at + 25]))), AppendConflict)
