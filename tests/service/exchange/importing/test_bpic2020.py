"""The travel permits of the BPI Challenge 2020, where the log lies beside the repository: its own counts."""

import gzip
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.deployment_request.events import RequestSubmitted
from domain.vocabulary import SYSTEM
from service.exchange.exports.chosen_export import chosen
from service.exchange.exports.formats import carry_out
from service.exchange.importing import xes_reader
from service.exchange.importing.column_map import read_mapping
from service.exchange.importing.import_run import ImportTotals
from service.exchange.visible_log.scope import scope_of
from service.exchange.visible_log.visibility import Visibility
from service.exchange.visible_log.visible_events import VisibleLog
from service.processes.composition import now
from tests.databases import Databases
from tests.reading import whole_log
from tests.service.exchange.exports import readers
from tests.service.exchange.importing.bpic2020 import ADDED, CARRIED, CASES, EVENTS, FOUNDED, LOG, REFUSED, ROOT
from tests.service.exchange.importing.histories import Importer, opened

PART = 60
"""Cases that are also imported from the log itself."""
RECORDED = EVENTS - CARRIED + ADDED - REFUSED

pytestmark = pytest.mark.skipif(not LOG.exists(), reason="the log is not there")
every_format = pytest.mark.skipif("TEST_EXPORTS" not in os.environ, reason="make test-long reads every format back")


@pytest.fixture(scope="module")
def converted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The file of histories, and what the conversion said."""
    file = tmp_path_factory.mktemp("bpic2020") / "histories.jsonl"
    command = [sys.executable, str(ROOT / "examples" / "bpic2020" / "convert.py"), str(LOG), str(file)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return file, said


def test_every_event_of_the_log_has_its_place(converted: tuple[Path, str]) -> None:
    file, said = converted
    xml = gzip.decompress(LOG.read_bytes())
    assert (xml.count(b"<trace>"), xml.count(b"<event>")) == (CASES, EVENTS)
    assert said.startswith(f"{CASES:,} cases, {EVENTS:,} events\n")
    commands = Counter(json.loads(line)["command"] for line in file.read_text().splitlines())
    assert commands["submitDeploymentRequest"] == CASES
    assert commands["beginReview"] == ADDED
    assert commands.total() == EVENTS - CARRIED + ADDED + FOUNDED


@dataclass(frozen=True)
class Imported:
    """register: with the log in it, once. totals: what came of it."""

    register: Importer
    totals: ImportTotals
    file: bytes
    folder: Path

    def export(self, form: str, ending: str, events: bool = False) -> Path:
        path = self.folder / f"export.{ending}"
        at, store = now(), self.register.store
        scope = scope_of(store, SYSTEM, at)
        visibility = Visibility(store, SYSTEM, at, scope.present)
        carry_out(chosen(form, str(path), events), VisibleLog(store, scope, visibility))
        return path


@pytest.fixture(scope="module")
def imported(
    converted: tuple[Path, str], databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Imported]:
    file = converted[0].read_bytes()
    with databases.fresh() as urls, opened(urls.api) as register:
        yield Imported(register, register.reads(file), file, tmp_path_factory.mktemp("bpic2020-exports"))


def test_the_log_is_imported_and_refused_lines_are_listed(imported: Imported) -> None:
    totals, store = imported.totals, imported.register.store
    assert (totals.histories, totals.refused) == (CASES + FOUNDED, REFUSED)
    assert totals.recorded == RECORDED + FOUNDED
    assert sum("refusal" in entry for entry in imported.register.reported) == REFUSED
    log = whole_log(store)
    assert sum(isinstance(recorded.event, RequestSubmitted) for recorded in log) == CASES
    assert sum(recorded.occurred_at is not None for recorded in log) == totals.recorded + CASES, "and their numbers"


def test_a_second_run_adds_nothing(imported: Imported) -> None:
    before = imported.register.store.head()
    again = imported.register.reads(imported.file)
    assert (again.recorded, again.repeated_lines, again.refused_before) == (0, imported.totals.lines, REFUSED)
    assert imported.register.store.head() == before


def test_the_export_is_read_back_as_cases(imported: Imported) -> None:
    log = readers.xes(imported.export("xes", "xes"))
    traces = log["traces"]
    assert len(traces) == CASES
    assert sum(len(trace["events"]) for trace in traces) == RECORDED
    lengths = Counter(len(trace["events"]) for trace in traces)
    assert max(lengths) > 80
    first = [readers.at(readers.attributes(trace["events"][0])["time:timestamp"]).year for trace in traces]
    assert {*first} <= {2016, 2017, 2018, 2019, 2020}
    assert times(log, without="ReviewBegun") <= times(readers.xes(LOG)), "each happened when the source says"


def test_the_log_itself_is_imported_by_a_mapping_of_forty_lines(
    converted: tuple[Path, str], databases: Databases
) -> None:
    mapping = ROOT / "examples" / "bpic2020" / "permits.toml"
    assert len(mapping.read_text().splitlines()) <= 40
    founded = b"".join(converted[0].read_bytes().splitlines(keepends=True)[:FOUNDED])
    head = gzip.decompress(LOG.read_bytes()).split(b"</trace>", PART)[:PART]
    log = b"</trace>".join([*head, b"</log>"])
    with databases.fresh() as urls, opened(urls.api) as register:
        register.reads(founded)
        totals = register.reads(gzip.compress(log), xes_reader.reader(read_mapping(mapping)))
        submitted = log.count(b"Permit SUBMITTED by EMPLOYEE")
        assert totals.lines == log.count(b"<event>") + totals.histories, "each has a review that the log does not begin"
        assert totals.recorded + totals.refused == totals.lines
        assert totals.histories <= submitted
        assert {*totals.reasons} == {
            "approveDeploymentRequest: TransitionRefused",
            "endorseDeploymentRequest: TransitionRefused",
            "remarkOnDeploymentRequest: NotFound",
        }


def times(log: dict[str, Any], without: str = "") -> Counter[datetime]:
    """When the events happened."""
    events = (readers.attributes(event) for trace in log["traces"] for event in trace["events"])
    return Counter(readers.at(each["time:timestamp"]) for each in events if each["concept:name"] != without)


@every_format
@pytest.mark.parametrize("ending", ["json", "sqlite"])
def test_the_export_is_read_back_as_objects(imported: Imported, ending: str) -> None:
    read = readers.ocel(imported.export("ocel2", ending))
    assert Counter(each["type"] for each in read["objects"])["DeploymentRequest"] == CASES
    assert len(read["events"]) == RECORDED + FOUNDED


@every_format
def test_the_export_is_read_back_as_rows_and_lines(imported: Imported) -> None:
    assert len(readers.table(imported.export("csv", "csv"))) == CASES
    assert len(readers.table(imported.export("csv", "csv", events=True))) == RECORDED + FOUNDED
    assert len(imported.export("jsonl", "jsonl").read_bytes().splitlines()) == RECORDED + FOUNDED
    assert len(readers.cloudevents(imported.export("cloudevents", "jsonl"))) == RECORDED + FOUNDED
