"""Rebuild of a view, compared with the stock ProjectionRunner on the same table, and with only reading the events."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import psycopg

from benchmarks import stock_projection
from benchmarks.generated_history import fill
from benchmarks.isolated_process import alone, peak_of_children
from benchmarks.server import durable_server, migrated
from benchmarks.tables import aligned, middle, times
from projections.following.replay import LogReplay, head, topics
from projections.rebuilding.parallel_load import infrequent_gc
from projections.rebuilding.rebuild import rebuild
from projections.views import deployment_requests
from service.cli.rebuild_commands import JOBS
from service.event_store.mapper import decode
from service.settings import DatabaseUrls

VIEW: Final = deployment_requests.VIEW


@dataclass(frozen=True, slots=True)
class Scale:
    few: int
    many: int
    rounds: int
    stock_seconds: float


FULL: Final = Scale(few=100_000, many=1_000_000, rounds=3, stock_seconds=20.0)
QUICK: Final = Scale(few=100, many=400, rounds=1, stock_seconds=0.5)


@dataclass(frozen=True, slots=True)
class Figure:
    """Number of events of the view, and the cost of processing them."""

    events: int
    seconds: float
    peak: float = 0.0

    @property
    def rate(self) -> float:
        return self.events / self.seconds


def measure(*, quick: bool = False) -> str:
    scale = QUICK if quick else FULL
    with durable_server() as server:
        few = _filled(server, "replay_few", scale.few)
        many = _filled(server, "replay_many", scale.many)
        small = _rebuilt(few)
        built, single, compared, read, stock = [], [], [], [], []
        for _ in range(scale.rounds):
            stock.append(alone(stock_projection.run, many.owner, scale.stock_seconds)[0])
            read.append(_read(many))
            built.append(_rebuilt(many))
            single.append(_rebuilt(many, jobs=1))
            compared.append(_rebuilt(many))
    return table(scale, small, built, single, compared, read, stock)


def table(
    scale: Scale,
    small: Figure,
    built: Sequence[Figure],
    single: Sequence[Figure],
    compared: Sequence[Figure],
    read: Sequence[Figure],
    stock: Sequence[float],
) -> str:
    head = ("deployment_requests, durable", "events", "per second", "vs stock", "vs reading", "peak MB")

    def row(name: str, figures: Sequence[Figure]) -> tuple[str, ...]:
        return (
            name,
            f"{figures[0].events:,}",
            f"{middle(each.rate for each in figures):,.0f}",
            f"{times(middle(a.rate / b for a, b in zip(figures, stock, strict=True)))} the rate",
            f"{times(middle(a.seconds / b.seconds for a, b in zip(figures, read, strict=True)))} the time",
            f"{middle(each.peak for each in figures):.0f}",
        )

    slow = [Figure(round(rate * scale.stock_seconds), scale.stock_seconds) for rate in stock]
    rows = [
        row(f"rebuild of {scale.many:,} events, {JOBS} processes", built),
        row("1 process, compared with the served view", single),
        row(f"{JOBS} processes, compared with the served view", compared),
        row("reading and decoding only", read),
        (*row(f"stock ProjectionRunner, first {scale.stock_seconds:.0f} s", slow)[:4], "", ""),
        (
            f"rebuild of {scale.few:,} events, {JOBS} processes",
            f"{small.events:,}",
            f"{small.rate:,.0f}",
            "",
            "",
            f"{small.peak:.0f}",
        ),
    ]
    return aligned(head, rows)


def _filled(server: DatabaseUrls, name: str, events: int) -> DatabaseUrls:
    urls = migrated(server, name)
    fill(urls.owner, events)
    return urls


def _rebuilt(urls: DatabaseUrls, jobs: int = JOBS) -> Figure:
    (events, seconds, others), peak = alone(run_rebuild, urls.worker, jobs)
    return Figure(events, seconds, peak + others)


def _read(urls: DatabaseUrls) -> Figure:
    (events, seconds), peak = alone(run_reading, urls.worker)
    return Figure(events, seconds, peak)


def run_rebuild(url: str, jobs: int) -> tuple[int, float, float]:
    """Events, seconds (including indexes and swap) and peak MB of child processes of a complete rebuild."""
    done = rebuild(VIEW, url, decode, jobs=jobs)
    return done.processed, done.seconds, jobs * peak_of_children() if jobs > 1 else 0.0


def run_reading(url: str) -> tuple[int, float]:
    """Reads and decodes the same events, stream by stream, and discards them."""
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection, infrequent_gc():
        source = LogReplay(connection, decode, head(connection)).by_stream(topics(VIEW.by_stream))
        events = sum(len(own or ()) for _, own, _ in source)
    return events, time.perf_counter() - began
