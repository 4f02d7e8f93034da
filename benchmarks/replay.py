"""A view built anew, beside the stock ProjectionRunner filling the same table, and beside reading and doing nothing."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from benchmarks import stock_projection
from benchmarks.alone import alone
from benchmarks.history import fill
from benchmarks.server import durable_server, migrated
from benchmarks.tables import aligned, middle, times
from domain.catalogue import EVENTS, SCHEMAS, UPCASTERS
from domain.recorded import Recorded
from projections import deployment_requests
from projections.rebuild import rebuild
from projections.replaying import Replay, head, topics
from service.database import DatabaseUrls
from service.items import Row
from service.mapper import Mapper

VIEW: Final = deployment_requests.VIEW
MAPPER: Final = Mapper(EVENTS, SCHEMAS, UPCASTERS)


@dataclass(frozen=True, slots=True)
class Scale:
    few: int
    many: int
    rounds: int
    stock_seconds: float


FULL: Final = Scale(few=100_000, many=1_000_000, rounds=3, stock_seconds=20.0)
QUICK: Final = Scale(few=1_000, many=3_000, rounds=1, stock_seconds=2.0)


@dataclass(frozen=True, slots=True)
class Figure:
    """Events that the view is made of, and what they took."""

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
        rebuilt, read, stock = [], [], []
        for _ in range(scale.rounds):
            stock.append(alone(stock_projection.run, many.owner, scale.stock_seconds)[0])
            read.append(_read(many))
            rebuilt.append(_rebuilt(many))
    return told(scale, small, rebuilt, read, stock)


def told(scale: Scale, small: Figure, rebuilt: Sequence[Figure], read: Sequence[Figure], stock: Sequence[float]) -> str:
    rate = middle(each.rate for each in rebuilt)
    beside_stock = times(middle(ours.rate / theirs for ours, theirs in zip(rebuilt, stock, strict=True)))
    beside_reading = times(middle(ours.seconds / theirs.seconds for ours, theirs in zip(rebuilt, read, strict=True)))
    head = ("deployment_requests, durable", "events", "a second", "rebuild beside it", "peak MB")
    rows = [
        (
            f"rebuild of {scale.many:,} events",
            f"{rebuilt[0].events:,}",
            f"{rate:,.0f}",
            "",
            f"{middle(each.peak for each in rebuilt):.0f}",
        ),
        (
            f"stock ProjectionRunner, the first {scale.stock_seconds:.0f} s of them",
            f"{middle(stock) * scale.stock_seconds:,.0f}",
            f"{middle(stock):,.0f}",
            f"{beside_stock} the rate",
            "",
        ),
        (
            "reading and decoding them, nothing else",
            f"{read[0].events:,}",
            f"{middle(each.rate for each in read):,.0f}",
            f"{beside_reading} the time",
            f"{middle(each.peak for each in read):.0f}",
        ),
        (f"rebuild of {scale.few:,} events", f"{small.events:,}", f"{small.rate:,.0f}", "", f"{small.peak:.0f}"),
    ]
    return aligned(head, rows)


def _filled(server: DatabaseUrls, name: str, events: int) -> DatabaseUrls:
    urls = migrated(server, name)
    fill(urls.owner, events)
    return urls


def _rebuilt(urls: DatabaseUrls) -> Figure:
    (events, seconds), peak = alone(run_rebuild, urls.worker)
    return Figure(events, seconds, peak)


def _read(urls: DatabaseUrls) -> Figure:
    (events, seconds), peak = alone(run_reading, urls.worker)
    return Figure(events, seconds, peak)


def run_rebuild(url: str) -> tuple[int, float]:
    """Events and seconds of a whole rebuild, indexes and swap included."""
    done = rebuild(VIEW, url, decode)
    return done.processed, done.seconds


def run_reading(url: str) -> tuple[int, float]:
    """The same events, stream by stream, decoded and let go."""
    began = time.perf_counter()
    with psycopg.connect(url, autocommit=True, prepare_threshold=0) as connection:
        source = Replay(connection, decode, head(connection)).by_stream(topics(VIEW.by_stream))
        events = sum(len(own or ()) for _, own in source)
    return events, time.perf_counter() - began


def decode(row: Sequence[Any]) -> Recorded[Any]:
    return MAPPER.decode(Row._make(row))
