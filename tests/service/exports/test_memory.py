"""Exporting takes the same memory however much there is."""

import subprocess
import sys
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from domain.deployment_request.events import RequestRemarked, RequestSubmitted
from domain.recorded import CommandRef
from domain.vocabulary import (
    Actor,
    AuthorityCode,
    Label,
    Marking,
    Period,
    Quorum,
    Region,
    Role,
    Strength,
    Subject,
    Text,
)
from service.database import DatabaseUrls
from service.event_store import Appended, EventStore, Item, Unrecorded
from tests.databases import NewDatabase
from tests.projections.chance import START

FEW, MANY = 2_000, 20_000
EVENTS_A_REQUEST = 10
MORE_ALLOWED = 6 * 1024
"""KiB: what the subjects take that are remembered, and what an allocator keeps."""


@pytest.mark.slow
def test_ten_times_the_events_take_no_more_memory(new_database: NewDatabase, tmp_path: Path) -> None:
    taken = {}
    for events in (FEW, MANY):
        urls = new_database()
        fill(urls, events)
        command = [sys.executable, "-m", "tests.service.exports.exporting_process", urls.api, str(tmp_path)]
        taken[events] = int(subprocess.run(command, check=True, capture_output=True).stdout)
    assert taken[MANY] < taken[FEW] + MORE_ALLOWED, taken


def fill(urls: DatabaseUrls, events: int) -> None:
    with closing(EventStore(urls.api)) as store:
        for first in range(0, events, 20 * EVENTS_A_REQUEST):
            requests = range(first, first + 20 * EVENTS_A_REQUEST, EVENTS_A_REQUEST)
            item = Item(events=tuple(each for number in requests for each in request(number, uuid4())))
            assert isinstance(store.append(item), Appended)


def request(number: int, stream: UUID) -> list[Unrecorded]:
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
    remarks = [RequestRemarked(reason=Text(f"EXERCISE {number} " * 20)) for _ in range(EVENTS_A_REQUEST - 1)]
    author = Subject(f"person-{number % 997}")
    return [
        Unrecorded(
            stream=stream,
            version=version,
            event=event,
            actor=Actor(issuer="mandate", subject=author, authority=AuthorityCode("pristina"), roles=(Role.REQUESTER,)),
            command=CommandRef(name="Fill", id=stream, n=version, of=EVENTS_A_REQUEST),
            correlation=stream,
        )
        for version, event in enumerate([submitted, *remarks], start=1)
    ]
