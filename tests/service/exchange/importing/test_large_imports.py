"""An import of much: bounded in memory, and killed half-way."""

import json
import os
import signal
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.settings import DatabaseUrls
from tests.reading import whole_log
from tests.service.exchange.importing.histories import FOUNDED, Importer, asked, file_of, opened
from tests.waiting import until

HISTORIES = 1_500


@pytest.fixture
def register(database_urls: DatabaseUrls) -> Iterator[Importer]:
    with opened(database_urls.api) as register:
        yield register


def peak(register: Importer, histories: int) -> int:
    """The most bytes that were held at once."""
    file = file_of(*(asked(f"{histories}-{n}") for n in range(histories)))
    tracemalloc.start()
    try:
        assert register.reads(file).recorded == histories
        return tracemalloc.get_traced_memory()[1] - len(file)
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_file(register: Importer) -> None:
    """The state cache grows by some 300 bytes per history until it is full."""
    register.takes(*FOUNDED)
    peak(register, 800)
    few, many = peak(register, 1_000), peak(register, 2_500)
    assert many - few < 600 * 1024, f"{few:,} bytes, {many:,} bytes"


@pytest.mark.faults
def test_a_killed_import_is_resumed(register: Importer, database_urls: DatabaseUrls, tmp_path: Path) -> None:
    file, report = tmp_path / "histories.jsonl", tmp_path / "report.jsonl"
    file.write_bytes(file_of(*FOUNDED, *(asked(f"{n}") for n in range(HISTORIES)), {"history": "none"}))
    environment = {**os.environ, "MANDATE_DATABASE_URL": database_urls.owner}
    command = [sys.executable, "-m", "service.cli", "import", str(file), "--report", str(report)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until(lambda: register.store.head()[0] > 600 or process.poll() is not None, seconds=60)
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    before = register.store.head()[0]
    assert 600 < before < 3 * HISTORIES, "it was killed before its end"
    again = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=True)
    assert "1 refused" in again.stdout
    names = [type(recorded.event).__name__ for recorded in whole_log(register.store)]
    assert names.count("RequestSubmitted") == names.count("NumberAssigned") == HISTORIES
    runs = [json.loads(entry) for entry in report.read_bytes().splitlines()]
    assert sum("run" in entry for entry in runs) == 2
    assert runs[-1]["totals"]["recorded"] + runs[-1]["totals"]["repeated_lines"] == HISTORIES + len(FOUNDED)
