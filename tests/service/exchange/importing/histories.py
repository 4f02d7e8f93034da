"""Short files of histories, and an importer that records them."""

import io
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from domain.recorded_event import Recorded
from service.commands.state_cache import StateCache
from service.event_store.store import EventStore
from service.exchange.importing import jsonl_reader
from service.exchange.importing.import_run import ImportRun, ImportTotals
from service.exchange.importing.raw_line import LineReader
from service.exchange.importing.recorder import HistoryRecorder
from service.exchange.importing.report import Report
from tests.reading import whole_log

EXAMPLES = Path(__file__).parents[4] / "examples" / "import"
EXAMPLE = (EXAMPLES / "exercise.jsonl").read_bytes()
NOW = datetime(2026, 1, 1, tzinfo=UTC)

CLERK = {"subject": "clerk", "authority": "lowland", "roles": ["ADMINISTRATOR"]}
ASKS = {"subject": "ana", "authority": "lowland", "roles": ["REQUESTER"]}
REVIEWS = {"subject": "rea", "authority": "upland", "roles": ["REVIEWER"]}
APPROVES = {"subject": "abe", "authority": "upland", "roles": ["APPROVER"]}
WHY = {"reason": "EXERCISE"}
TERMS = {
    "force": "river guard",
    "strength": 40,
    "region": "valley",
    "purpose": "EXERCISE",
    "period": {"start": "2018-01-01T00:00:00Z", "end": "2018-02-01T00:00:00Z"},
}


def line(history: str, command: str, at: str, actor: Any, said: Any, **more: Any) -> dict[str, Any]:
    """at: a day, as '2017-03-01', or a whole instant."""
    at = f"{at}T12:00:00Z" if len(at) == 10 else at
    return {"history": history, "command": command, "at": at, "actor": actor, "input": said, **more}


FOUNDED = (
    line("lowland", "registerAuthority", "2017-01-01", CLERK, {"code": "lowland", "name": "Lowland"}),
    line("upland", "registerAuthority", "2017-01-01", CLERK, {"code": "upland", "name": "Upland"}),
    line(
        "upland", "grantMandate", "2017-01-01", CLERK,
        {"authority": "upland", "region": "valley", "legalBasis": "EXERCISE"},
    ),
)  # fmt: skip


def asked(history: str, at: str = "2017-03-01", **terms: Any) -> dict[str, Any]:
    return line(history, "submitDeploymentRequest", at, ASKS, {**TERMS, **terms})


def file_of(*lines: dict[str, Any] | str) -> bytes:
    return "".join(f"{each if isinstance(each, str) else json.dumps(each)}\n" for each in lines).encode()


@dataclass
class Importer:
    """Imports files into a register. reported: the report of the last import."""

    store: EventStore
    historian: HistoryRecorder
    reported: list[dict[str, Any]]

    def takes(self, *lines: dict[str, Any] | str, source: str | None = None) -> ImportTotals:
        return self.reads(file_of(*lines), source=source)

    def reads(self, file: bytes, read: LineReader = jsonl_reader.read, source: str | None = None) -> ImportTotals:
        report = io.BytesIO()
        try:
            importing = ImportRun(self.historian, Report(report), source=source, clock=lambda: NOW)
            return importing.run(io.BytesIO(file), read, lambda lines, totals: None)
        finally:
            self.reported = [json.loads(each) for each in report.getvalue().splitlines()]

    @property
    def refused(self) -> list[tuple[int, str, list[str]]]:
        """Line, kind of refusal and the fields that it names."""
        return [
            (entry["line"], entry["refusal"], [field["path"] for field in entry["fields"]])
            for entry in self.reported
            if "refusal" in entry
        ]

    @property
    def reasons(self) -> list[str]:
        return [entry["reason"] for entry in self.reported if "refusal" in entry]

    @property
    def log(self) -> list[Recorded[Any]]:
        return whole_log(self.store)

    def names(self) -> list[str]:
        return [type(recorded.event).__name__ for recorded in self.log]


@contextmanager
def opened(url: str) -> Iterator[Importer]:
    with closing(EventStore(url)) as store:
        yield Importer(store, HistoryRecorder(store, StateCache(store)), [])
