"""One drill: load, a backup meanwhile, the disaster; then two restores, one to an instant, and the verdict."""

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from domain.recorded_event import Recorded
from service.database.embedded import embedded_postgres
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.e2e.serving import Served, serve
from tests.faults.processes import prepare
from tests.service.graphql.api_client import KEY, ApiClient
from tests.soak.clients import Client
from tests.soak.ledger import Ledger

CLIENTS = 16
BACKUP_AT = 0.25
"""Share of the time of load."""
INSTANT_AT = 0.9
"""Share of the archived events that were recorded up to the instant."""


@dataclass
class Report:
    """lines: what happened. problems: what is wrong; they are among the lines too."""

    lines: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        self.lines.append(line)

    def check(self, holds: bool, problem: str) -> None:
        if not holds:
            self.problems.append(problem)
            self.lines.append(f"PROBLEM: {problem}")


@dataclass(frozen=True)
class Restored:
    """position: of the newest event."""

    folder: Path
    position: int
    seconds: float


def drill(folder: Path, seconds: float) -> Report:
    """folder: for data, backups and logs, empty. seconds: of load."""
    report, ledger = Report(), Ledger()
    key = folder / "key"
    key.write_bytes(KEY)
    pause = threading.Event()
    with serve(folder, MANDATE_TOKEN_KEY_FILE=str(key)) as served, _load(served, folder / "data", ledger):
        pause.wait(BACKUP_AT * seconds)
        before = len(ledger.acknowledged())
        report.add(f"recorded before the backup: {before / (BACKUP_AT * seconds):.0f} commands/s")
        _back_up(served, folder, ledger, report)
        pause.wait((1 - BACKUP_AT) * seconds)
        destroyed = _destroy(served, folder / "data")
    acknowledged = ledger.acknowledged()
    report.add(f"acknowledged until everything was killed and its folder removed: {len(acknowledged)} commands")
    everything = _restore(served, folder, "everything", report)
    _report_loss(ledger, everything, destroyed, report)
    log = _log(everything.folder)
    instant = log[int(INSTANT_AT * len(log))].recorded_at
    past = _restore(served, folder, "instant", report, "--at", instant.isoformat())
    _judge_instant(log, past, instant, report)
    with serve(past.folder, MANDATE_TOKEN_KEY_FILE=str(key)) as again:
        said = f"failed over after position {past.position}"
        report.check(said in again.log.read_text(), "the restored register does not say so at its start")
    return report


@contextmanager
def _load(served: Served, data: Path, ledger: Ledger) -> Iterator[None]:
    stop = threading.Event()
    with embedded_postgres(data) as urls:
        prepare(urls.api)
        with httpx.Client(base_url=served.url) as http:
            register = ApiClient(http, urls)
            clients = [Client(number, [served.url], register, ledger, stop) for number in range(CLIENTS)]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join(200)


def _back_up(served: Served, folder: Path, ledger: Ledger, report: Report) -> None:
    began, before = time.monotonic(), len(ledger.acknowledged())
    done = json.loads(served.run("backup", str(folder / "backups"), "--json").stdout)
    rate = (len(ledger.acknowledged()) - before) / (time.monotonic() - began)
    report.add(f"base backup: {done['bytes'] / 1e6:.0f} MB in {done['seconds']:.1f} s; meanwhile {rate:.0f} commands/s")


def _destroy(served: Served, data: Path) -> datetime:
    """Kills every process of the register at once, and removes its folder."""
    postmaster = int((data / "postgres/cluster/postmaster.pid").read_text().split()[0])
    children = Path(f"/proc/{served.process.pid}/task").glob("*/children")
    workers = [int(child) for thread in children for child in thread.read_text().split()]
    for process in (postmaster, served.process.pid, *workers):
        os.kill(process, signal.SIGKILL)
    destroyed = datetime.now(UTC)
    served.process.wait(10)
    shutil.rmtree(data)
    return destroyed


def _restore(served: Served, folder: Path, name: str, report: Report, *options: str) -> Restored:
    """Restores into a folder of its own, and lets the register check itself."""
    place = folder / name
    place.mkdir()
    served.environment["MANDATE_DATA_DIR"] = str(place / "data")
    done = json.loads(served.run("restore", str(folder / "backups"), *options, "--json").stdout)
    report.add(f"restored ({name}) to position {done['position']} in {done['seconds']:.1f} s")
    for command in (("replay", "--check"), ("verify",)):
        began = time.monotonic()
        ran = served.run(*command, check=False)
        report.add(f"mandate {' '.join(command)}: exit status {ran.returncode}, {time.monotonic() - began:.1f} s")
        report.check(ran.returncode == 0, f"mandate {' '.join(command)}: {ran.stdout}{ran.stderr}")
    return Restored(place, done["position"], done["seconds"])


def _report_loss(ledger: Ledger, restored: Restored, destroyed: datetime, report: Report) -> None:
    """What had been acknowledged and is not in what was archived."""
    lost = [sent for sent in ledger.acknowledged() if (sent.position or 0) > restored.position]
    kept = [sent for sent in ledger.acknowledged() if (sent.position or 0) <= restored.position]
    report.add(f"lost with the disk: {len(lost)} acknowledged commands of {len(lost) + len(kept)}")
    if lost:
        oldest = (destroyed - min(sent.at for sent in lost)).total_seconds()
        report.add(f"the oldest of them was acknowledged {oldest:.1f} s before the end")
    events = _log(restored.folder)
    present = {sent.mark for sent in kept} - {line.split(" was ")[0] for line in ledger.discrepancies(events)}
    report.check(len(present) == len(kept), "an acknowledged command up to the restored position is missing")


def _judge_instant(log: list[Recorded[Any]], restored: Restored, instant: datetime, report: Report) -> None:
    """The restored log is the beginning of the other one, up to the instant."""
    found = _log(restored.folder)
    report.check(found == log[: len(found)], "the restored events are not those that were recorded")
    recorded = sum(event.recorded_at <= instant for event in log)
    report.add(f"events: {recorded} up to the instant, {len(found)} restored, {len(log) - recorded} after it")
    report.check(recorded - CLIENTS <= len(found) <= recorded, "the restored log does not end at the instant")


def _log(folder: Path) -> list[Recorded[Any]]:
    events: list[Recorded[Any]] = []
    with embedded_postgres(folder / "data") as urls, _store(urls) as store:
        while found := store.feed(events[-1].position if events else 0, 1000):
            events += found
    return events


def _store(urls: DatabaseUrls) -> closing[EventStore]:
    return closing(EventStore(urls.api))
