"""A dry run tells what an import would record and refuse, by the same rules, and records nothing."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from service.commands.state_cache import StateCache
from service.exchange.importing import jsonl_reader
from service.exchange.importing.dry_run import Rehearsal
from service.exchange.importing.import_run import ImportRun, ImportTotals
from service.exchange.importing.recorder import HistoryRecorder
from service.exchange.importing.report import Report
from service.settings import DatabaseUrls
from tests.service.exchange.importing.histories import (
    ASKS,
    CLERK,
    EXAMPLE,
    FOUNDED,
    NOW,
    REVIEWS,
    WHY,
    Importer,
    asked,
    file_of,
    line,
    opened,
)

FLOOD = {"kind": "flood", "description": "EXERCISE", "region": "valley", "occurredAt": "2017-02-01T00:00:00Z"}
FINDING = {"responsibleParty": "EXERCISE", "likelihood": "LIKELY", "confidence": "HIGH", "basis": "EXERCISE"}
INVESTIGATES = {**REVIEWS, "roles": ["INVESTIGATOR"]}
HOLD = {"awaiting": ["flood"], **WHY}
FILES = {
    "the example": EXAMPLE,
    "what rests on earlier histories of the file": file_of(
        *FOUNDED,
        line("flood", "reportIncident", "2017-02-02", ASKS, FLOOD),
        line("flood", "attributeIncident", "2017-02-20", INVESTIGATES, FINDING),
        asked("a", incidents=["flood"]),
        line("a", "beginReview", "2017-03-02", REVIEWS, WHY),
        line("a", "withholdDeploymentRequest", "2017-03-03", REVIEWS, HOLD),
        asked("b", incidents=["none"]),
    ),
    "names that come twice": file_of(*FOUNDED, asked("a"), asked("b"), asked("a"), asked("b", "2017-04-01")),
    "an authority that comes twice": file_of(
        *FOUNDED, line("again", "registerAuthority", "2017-01-02", CLERK, {"code": "upland", "name": "Upland"})
    ),
    "more than is appended together": file_of(*FOUNDED, *(asked(f"{n}") for n in range(1_200))),
    "what is no history": file_of("[]", "{", '{"history": "x"}', '{"history": "x", "history": "y"}'),
}


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        yield register


def dry_run(register: Importer, file: bytes) -> tuple[ImportTotals, list[Any]]:
    report = io.BytesIO()
    store = Rehearsal(register.store, NOW)
    importing = ImportRun(
        HistoryRecorder(store, StateCache(store)), Report(report, dry_run=True), source=None, clock=lambda: NOW
    )
    totals = importing.run(io.BytesIO(file), jsonl_reader.read, lambda lines, totals: None)
    return totals, [json.loads(each) for each in report.getvalue().splitlines()]


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_a_dry_run_shows_what_the_import_does(register: Importer, file: bytes) -> None:
    before = register.store.head()
    totals, reported = dry_run(register, file)
    assert register.store.head() == before
    assert reported[0]["run"].pop("dryRun") is True
    assert (register.reads(file), register.reported) == (totals, reported)


def test_recorded_lines_are_reported_as_repeated(register: Importer) -> None:
    register.reads(EXAMPLE)
    totals, _ = dry_run(register, EXAMPLE)
    assert (totals.recorded, totals.repeated_lines, totals.refused_before) == (0, 14, 1)
    assert register.reads(EXAMPLE) == totals


def test_a_dry_run_decides_on_the_recorded_states(register: Importer) -> None:
    register.takes(*FOUNDED)
    totals, _ = dry_run(register, file_of(asked("a"), asked("b")))
    assert (totals.recorded, totals.refused) == (2, 0)
