"""Import of histories, compared with the stock library's Application saving the same events one at a time."""

import io
import json
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.server import created, dropped, durable_server, migrated
from benchmarks.stock_application import StockRegister, StockRequest, environment
from benchmarks.tables import aligned, middle, times
from service.commands.state_cache import StateCache
from service.event_store.store import EventStore
from service.exchange.importing import jsonl_reader
from service.exchange.importing.import_run import ImportRun
from service.exchange.importing.recorder import HistoryRecorder
from service.exchange.importing.report import Report
from service.processes.composition import now
from service.settings import DatabaseUrls


@dataclass(frozen=True, slots=True)
class Load:
    """lines: per history; many as in the log of real travel permits, or few as in a spreadsheet."""

    name: str
    lines: int


@dataclass(frozen=True, slots=True)
class Scale:
    """lines: imported per round. saved: events that the stock library saves per round."""

    lines: int
    saved: int
    rounds: int


LOADS: Final = (Load("18 lines per history", 18), Load("3 lines per history", 3))
FULL: Final = Scale(lines=18_000, saved=3_000, rounds=5)
QUICK: Final = Scale(lines=180, saved=60, rounds=1)
CLERK: Final = {"subject": "clerk", "authority": "lowland", "roles": ["ADMINISTRATOR"]}
ASKS: Final = {"subject": "ana", "authority": "lowland", "roles": ["REQUESTER"]}
REVIEWS: Final = {"subject": "rea", "authority": "upland", "roles": ["REVIEWER"]}
TERMS: Final = {
    "force": "river guard",
    "strength": 40,
    "region": "valley",
    "purpose": "EXERCISE: to guard the dam and the road that leads to it, until the river falls.",
    "period": {"start": "2018-01-01T00:00:00Z", "end": "2018-02-01T00:00:00Z"},
}
REASON: Final = {"reason": "EXERCISE: what was said of it on that day, in a sentence of some length."}


def measure(*, quick: bool = False) -> str:
    """One table: every load on both sides, in interleaved rounds."""
    scale = QUICK if quick else FULL
    imported: dict[str, list[float]] = {load.name: [] for load in LOADS}
    saved: dict[str, list[float]] = {load.name: [] for load in LOADS}
    with durable_server() as server:
        for round_ in range(scale.rounds):
            for load in LOADS:
                imported[load.name].append(_import_side(server, scale, load, round_))
                saved[load.name].append(_stock_side(server, scale, load, round_))
    rows = []
    for load in LOADS:
        ours, stock = middle(imported[load.name]), middle(saved[load.name])
        rows.append((load.name, f"{ours:,.0f}", f"{stock:,.0f}", times(ours / stock)))
    return aligned(("events/s", "import", "stock, one at a time", "ratio"), rows)


def _import_side(server: DatabaseUrls, scale: Scale, load: Load, round_: int) -> float:
    """Recorded lines per second: parsed, decided, appended."""
    file = b"".join(_file(scale.lines // load.lines, load.lines))
    name = f"import_{load.lines}_{round_}"
    urls = migrated(server, name)
    with closing(EventStore(urls.api)) as store:
        importing = ImportRun(HistoryRecorder(store, StateCache(store)), Report(io.BytesIO()), source=None, clock=now)
        began = time.perf_counter()
        totals = importing.run(io.BytesIO(file), jsonl_reader.read, lambda lines, so_far: None)
        took = time.perf_counter() - began
    dropped(server, name)
    if totals.refused:
        raise AssertionError(f"{totals.refused} lines were refused: {totals.reasons}")
    return totals.recorded / took


def _stock_side(server: DatabaseUrls, scale: Scale, load: Load, round_: int) -> float:
    """Saved events per second; the aggregate stays in memory, so that nothing is read."""
    name = f"stock_{load.lines}_{round_}"
    with closing(StockRegister(environment(created(server, name).owner))) as register:
        began = time.perf_counter()
        for _ in range(scale.saved // load.lines):
            request = StockRequest("lowland", "ana", TERMS["force"], 40, TERMS["region"], TERMS["purpose"])  # type: ignore[arg-type]
            register.save(request)
            for _ in range(load.lines - 1):
                request.remark("upland", "rea", REASON["reason"])
                register.save(request)
        took = time.perf_counter() - began
    dropped(server, name)
    return scale.saved // load.lines * load.lines / took


def _file(histories: int, lines: int) -> Iterator[bytes]:
    yield _line("lowland", "registerAuthority", CLERK, {"code": "lowland", "name": "Lowland"})
    yield _line("upland", "registerAuthority", CLERK, {"code": "upland", "name": "Upland"})
    yield _line("upland", "grantMandate", CLERK, {"authority": "upland", "region": "valley", "legalBasis": "EXERCISE"})
    for number in range(histories):
        history = f"case {number}"
        yield _line(history, "submitDeploymentRequest", ASKS, TERMS)
        yield _line(history, "beginReview", REVIEWS, REASON)
        for _ in range(lines - 2):
            yield _line(history, "remarkOnDeploymentRequest", REVIEWS, REASON)


def _line(history: str, command: str, actor: Any, input_: Any) -> bytes:
    at = datetime(2017, 3, 1, tzinfo=UTC).isoformat()
    fields = {"history": history, "command": command, "at": at, "actor": actor, "input": input_}
    return json.dumps(fields).encode() + b"\n"
