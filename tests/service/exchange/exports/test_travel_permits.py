"""A real log, imported and exported again, where it lies beside the repository: nothing is lost on the way."""

import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from service.settings import DatabaseUrls
from tests.projections.world import World
from tests.service.exchange.exports import readers
from tests.service.exchange.exports.exporter import EVERY_FORM, Exporter
from tests.service.exchange.importing.bpic2020 import ADDED, CARRIED, CASES, EVENTS, FOUNDED, LOG, REFUSED, ROOT
from tests.service.exchange.importing.histories import opened

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.skipif(not LOG.exists(), reason="the log is not there"),
]

RECORDED = EVENTS - CARRIED + ADDED - REFUSED
"""Events of requests: those of the log that have their place and are not refused, and the beginnings of reviews."""


def test_every_format_has_the_cases_and_events_of_the_log(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    histories = tmp_path / "histories.jsonl"
    convert = [sys.executable, str(ROOT / "examples" / "bpic2020" / "convert.py"), str(LOG), str(histories)]
    subprocess.run(convert, check=True, capture_output=True)
    with opened(database_urls.api) as imported:
        imported.reads(histories.read_bytes())
        register = Exporter(World(database_urls, imported.store), tmp_path)
        requests, events, whole, clouds, objects, database, traces = (
            register.export(*form).rename(tmp_path / f"{'-'.join(map(str, form))}.{form[1]}") for form in EVERY_FORM
        )
    assert len(readers.table(requests)) == CASES
    assert len(readers.table(events)) == RECORDED + FOUNDED
    assert whole.read_bytes().count(b"\n") == RECORDED + FOUNDED
    assert len(readers.cloudevents(clouds)) == RECORDED + FOUNDED
    for path in (objects, database):
        log = readers.ocel(path)
        assert len(log["events"]) == RECORDED + FOUNDED
        assert Counter(each["type"] for each in log["objects"])["DeploymentRequest"] == CASES
    log = readers.xes(traces)
    assert len(log["traces"]) == CASES
    assert sum(len(trace["events"]) for trace in log["traces"]) == RECORDED
    assert times(log, without="ReviewBegun") <= times(readers.xes(LOG)), "each happened when the source says"


def times(log: dict[str, Any], without: str = "") -> Counter[datetime]:
    """When the events happened."""
    events = (readers.attributes(event) for trace in log["traces"] for event in trace["events"])
    return Counter(readers.at(each["time:timestamp"]) for each in events if each["concept:name"] != without)
