"""Cost of an idle worker, compared with an idle stock ProjectionRunner that follows one view."""

import time
from collections.abc import Callable
from contextlib import closing
from threading import Event, Thread
from typing import Final

import psycopg
from eventsourcing.projection import ProjectionRunner

from benchmarks.generated_history import fill
from benchmarks.isolated_process import alone
from benchmarks.server import durable_server, migrated
from benchmarks.stock_projection import StockLog, StockProjection, StockView, as_if_new, stock_environment
from benchmarks.tables import aligned, middle, times
from projections.following.replay import count, head
from projections.reading.view_status import statuses
from service.cli.database_commands import answers
from service.processes.view_problems import FOLLOWED
from service.processes.worker import Worker
from service.settings import DatabaseUrls, Settings

TRANSACTIONS: Final = "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"

Cost = tuple[float, float]
"""CPU milliseconds per second, and database transactions per second."""


def measure(*, quick: bool = False) -> str:
    events, seconds, rounds = (100, 0.5, 1) if quick else (1_000, 30.0, 3)
    with durable_server() as server:
        urls = migrated(server, "idle")
        fill(urls.owner, events)
        ours, stock = [], []
        for _ in range(rounds):
            ours.append(alone(run_worker, urls, seconds)[0])
            stock.append(alone(run_stock, urls, seconds)[0])
    return table(ours, stock)


def table(ours: list[Cost], stock: list[Cost]) -> str:
    columns = ("idle", "CPU ms per second", "vs stock", "transactions per second", "vs stock")

    def row(name: str, costs: list[Cost]) -> tuple[str, ...]:
        cells = [name]
        for part in (0, 1):
            ratios = (cost[part] / max(peer[part], 0.001) for cost, peer in zip(costs, stock, strict=True))
            cells += [f"{middle(cost[part] for cost in costs):.1f}", times(middle(ratios))]
        return tuple(cells)

    rows = [
        row(f"worker: {len(FOLLOWED) - 1} views, policies, rebuilds, timers", ours),
        row("stock ProjectionRunner: one view", stock),
    ]
    return aligned(columns, rows)


def run_worker(urls: DatabaseUrls, seconds: float) -> Cost:
    settings = Settings(database_url=urls.api)
    stop = Event()
    worker = Thread(target=Worker(settings, urls).run, args=(stop,))
    worker.start()
    try:
        _wait(lambda: all(each.led and each.lag == 0 for each in answers(settings, urls.api, statuses(FOLLOWED))))
        return _cost(urls, seconds)
    finally:
        stop.set()
        worker.join()


def run_stock(urls: DatabaseUrls, seconds: float) -> Cost:
    as_if_new(urls.owner)
    with ProjectionRunner(
        application_class=StockLog,
        projection_class=StockProjection,
        view_class=StockView,
        env=stock_environment(urls.owner),
    ) as runner:
        with closing(psycopg.connect(urls.owner, autocommit=True)) as connection:
            wanted = count(connection, StockProjection.topics, head(connection))
        _wait(lambda: runner.view.done == wanted)
        cost = _cost(urls, seconds)
    as_if_new(urls.owner)
    return cost


def _cost(urls: DatabaseUrls, seconds: float) -> Cost:
    with closing(psycopg.connect(urls.api, autocommit=True)) as connection:
        used, done = time.process_time(), _transactions(connection)
        time.sleep(seconds)
        return (time.process_time() - used) * 1000 / seconds, (_transactions(connection) - done) / seconds


def _transactions(connection: psycopg.Connection[tuple[int]]) -> int:
    row = connection.execute(TRANSACTIONS).fetchone()
    assert row is not None
    return row[0]


def _wait(holds: Callable[[], bool]) -> None:
    while not holds():
        time.sleep(0.1)
