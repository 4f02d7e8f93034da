"""Exporting takes the same memory however much there is."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.catalogue import Event
from domain.deployment_request.events import RequestRemarked, RequestSubmitted
from domain.incident.events import EvidenceRecorded, IncidentReported
from domain.recorded_event import CommandRef
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    EvidenceId,
    InformationCredibility,
    Label,
    Marking,
    Period,
    Quorum,
    Region,
    Role,
    SourceReliability,
    Strength,
    Subject,
    Text,
)
from service.event_store.store import AppendConflict, AppendItem, EventStore, UnrecordedEvent
from service.settings import DatabaseUrls
from tests.databases import NewDatabase
from tests.projections.chance import START

FEW, MANY = 1_000, 10_000
EVENTS_A_REQUEST = 10
SMALL, LARGE = 50, 400
"""Pieces of evidence on one incident: 4 MB and 32 MB of text."""
A_PAGE = 24 * 1024
"""KiB: what a page of large events takes, as bytes, decoded, and as it is written."""
MORE_ALLOWED = 3 * 1024
"""KiB: what the subjects take that are remembered, and what an allocator keeps."""


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_ten_times_the_events_take_no_more_memory(new_database: NewDatabase, tmp_path: Path) -> None:
    taken = {}
    for events in (FEW, MANY):
        urls = new_database()
        fill(urls, events)
        command = [sys.executable, "-m", "tests.service.exchange.exports.export_process", urls.api, str(tmp_path)]
        taken[events] = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert taken[MANY] < taken[FEW] + MORE_ALLOWED, taken


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_one_large_subject_takes_no_more_memory(new_database: NewDatabase, tmp_path: Path) -> None:
    taken = {}
    for pieces in (SMALL, LARGE):
        urls = new_database()
        with closing(EventStore(urls.api)) as store:
            stream = uuid4()
            for first in range(1, pieces + 2, 20):
                numbers = range(first, min(first + 20, pieces + 2))
                item = AppendItem(events=tuple(of_incident(stream, version) for version in numbers))
                assert not isinstance(store.append(item), AppendConflict)
        command = [sys.executable, "-m", "tests.service.exchange.exports.export_process", urls.api, str(tmp_path)]
        taken[pieces] = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert taken[LARGE] < taken[SMALL] + A_PAGE, taken


def of_incident(stream: UUID, version: int) -> UnrecordedEvent:
    """Its report, and after it evidence of 80 kB each."""
    reported = IncidentReported(
        reference="pristina-i-2024-0001",
        kind=Label("flood"),
        description=Text("EXERCISE"),
        region=Region("xk"),
        occurred_at=START,
        marking=Marking.CLEAR,
    )
    evidence = EvidenceRecorded(
        evidence=EvidenceId(uuid4()),
        summary=Text(f"{version:08}" * 10_000),
        source_reliability=SourceReliability.B,
        information_credibility=InformationCredibility.TWO,
        marking=Marking.CLEAR,
    )
    author = Actor(issuer="mandate", subject=Subject("a"), authority=AuthorityCode("kfor"), roles=(Role.INVESTIGATOR,))
    return UnrecordedEvent(
        stream=stream,
        version=version,
        event=reported if version == 1 else evidence,
        actor=author,
        command=CommandRef(name="Fill", id=uuid4(), n=1, of=1),
        correlation=stream,
    )


def fill(urls: DatabaseUrls, events: int) -> None:
    with closing(EventStore(urls.api)) as store:
        for first in range(0, events, 20 * EVENTS_A_REQUEST):
            requests = range(first, first + 20 * EVENTS_A_REQUEST, EVENTS_A_REQUEST)
            item = AppendItem(events=tuple(each for number in requests for each in request(number, uuid4())))
            assert not isinstance(store.append(item), AppendConflict)


def request(number: int, stream: UUID) -> list[UnrecordedEvent]:
    submitted = RequestSubmitted(
        reference=f"pristina-2024-{number:04}",
        requesting_authority=AuthorityCode("pristina"),
        deciding_authority=AuthorityCode("kfor"),
        endorsements_required=Quorum(1),
        force=Label("EXERCISE"),
        strength=Strength(12),
        region=Region("xk"),
        purpose=Text("EXERCISE " * 20),
        period=Period(start=START, end=START.replace(year=2030)),
        marking=Marking.AMBER,
    )
    events: list[Event] = [submitted]
    events += [RequestRemarked(reason=Text(f"EXERCISE {number} " * 20)) for _ in range(EVENTS_A_REQUEST - 1)]
    author = Subject(f"person-{number % 997}")
    return [
        UnrecordedEvent(
            stream=stream,
            version=version,
            event=event,
            actor=Actor(issuer="mandate", subject=author, authority=AuthorityCode("pristina"), roles=(Role.REQUESTER,)),
            command=CommandRef(name="Fill", id=stream, n=version, of=EVENTS_A_REQUEST),
            correlation=stream,
        )
        for version, event in enumerate(events, start=1)
    ]
