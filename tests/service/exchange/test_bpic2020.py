"""The travel permits of the BPI Challenge 2020, where the log lies beside the repository: its own counts."""

import gzip
import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from domain.deployment_request.events import RequestSubmitted
from service.database import DatabaseUrls
from tests.service.exchange.histories import opened

ROOT = Path(__file__).parents[3]
LOG = ROOT.parent / "shared" / "data" / "bpic2020_permits.xes.gz"
CASES, EVENTS = 1_478, 26_028
CARRIED = 331
"""Trips before their permit was submitted: the period asked for tells them."""
ADDED = 1_474
"""Beginnings of a review, which the log does not tell."""
REFUSED = 158
FOUNDED = 3
"""Lines that register the authorities and grant the mandate."""

pytestmark = pytest.mark.skipif(not LOG.exists(), reason="the log is not there")


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


def test_it_is_imported_with_what_is_refused_listed(converted: tuple[Path, str], database_urls: DatabaseUrls) -> None:
    file, _ = converted
    with opened(database_urls.api) as register:
        totals = register.reads(file.read_bytes())
        assert (totals.histories, totals.refused) == (CASES + FOUNDED, REFUSED)
        assert totals.recorded == EVENTS - CARRIED + ADDED + FOUNDED - REFUSED
        assert len(register.refused) == REFUSED
        position, _ = register.store.head()
        log = register.store.feed(0, position)
        assert sum(isinstance(recorded.event, RequestSubmitted) for recorded in log) == CASES
        assert sum(recorded.occurred_at is not None for recorded in log) == totals.recorded + CASES, "and their numbers"
        again = register.reads(file.read_bytes())
        assert (again.recorded, again.repeated_lines, again.refused_before) == (0, totals.lines, REFUSED)
        assert register.store.head()[0] == position
