"""The servers of the comparisons, each in its own process, with a profile on request."""

import gc
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from unittest.mock import patch

import psycopg
import uvicorn

from benchmarks import stock_api, strawberry_peer
from benchmarks.cpu_profile import Sampler
from benchmarks.load_generator import Load, generate
from benchmarks.orphans import end_with_parent
from benchmarks.stock_application import StockRegister, environment
from projections.reading import read_connections, statements
from projections.tables.row_security import REGISTER, REQUIRED
from service.access.own_tokens import Tokens
from service.processes.api import create_app
from service.processes.worker import Worker
from service.settings import DatabaseUrls, Settings

KEY = b"a key for the benchmarks alone, of 32 bytes or more"


class Served:
    """A server in Python. port: where it listens. pid: its process."""

    def __init__(self, port: int, pid: int, pipe: Connection) -> None:
        self.port = port
        self.pid = pid
        self._pipe = pipe

    def profile(self, load: Load, connections: int, seconds: float) -> Mapping[str, float]:
        """CPU microseconds per request of a load, by layer."""
        self._pipe.send("start")
        self._pipe.recv()
        requests = len(generate(load, connections, seconds).latencies)
        self._pipe.send("stop")
        return {layer: 1e6 * spent / requests for layer, spent in self._pipe.recv().items()}


@contextmanager
def mandate(urls: DatabaseUrls) -> Iterator[Served]:
    """The API with its worker, as `mandate serve` runs them."""
    with api(urls) as served, _working(urls):
        yield served


@contextmanager
def api(urls: DatabaseUrls) -> Iterator[Served]:
    """The API without a worker, on views that are up to date; nothing is written."""
    with _process(_serve_mandate, urls) as served:
        yield served


@contextmanager
def api_without_row_security(urls: DatabaseUrls) -> Iterator[Served]:
    """As `api`, but the database shows each statement every row: the conditions of the statements remain."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute(f"GRANT EXECUTE ON FUNCTION projections.require_markings(text[]) TO {REGISTER}".encode())
    with _process(_serve_without_row_security, urls) as served:
        yield served


@contextmanager
def stock(url: str) -> Iterator[Served]:
    with _process(_serve_stock, url) as served:
        yield served


@contextmanager
def strawberry(url: str, *, cached: bool) -> Iterator[Served]:
    """cached: whether it keeps parsed and validated documents."""
    with _process(_serve_strawberry, url, cached) as served:
        yield served


@contextmanager
def _process(target: Any, *arguments: Any) -> Iterator[Served]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    try:
        yield Served(ours.recv(), process.pid or 0, ours)
    finally:
        process.terminate()
        process.join(30)


@contextmanager
def _working(urls: DatabaseUrls) -> Iterator[None]:
    context = get_context("spawn")
    process = context.Process(target=_work, args=(urls,), daemon=True)
    process.start()
    try:
        yield
    finally:
        process.terminate()
        process.join(30)


def _work(urls: DatabaseUrls) -> None:
    end_with_parent()
    Worker(Settings(), urls).run(threading.Event())


def _serve_mandate(pipe: Connection, urls: DatabaseUrls) -> None:
    _serve(create_app(Settings(cost_per_minute=0), urls, Tokens(KEY)), pipe)


def _serve_without_row_security(pipe: Connection, urls: DatabaseUrls) -> None:
    def without_viewer(statement: str) -> str:
        return f"SELECT s.* FROM ({statement}) AS s WHERE {REQUIRED}"

    with patch.object(read_connections, "READER", None), patch.object(statements, "as_viewer", without_viewer):
        _serve_mandate(pipe, urls)


def _serve_stock(pipe: Connection, url: str) -> None:
    with closing(StockRegister(environment(url, CREATE_TABLE="no"))) as register:
        _serve(stock_api.create(register), pipe)


def _serve_strawberry(pipe: Connection, url: str, cached: bool) -> None:
    _serve(strawberry_peer.Application(url, cached=cached), pipe)


def _serve(app: Any, pipe: Connection) -> None:
    sampler = Sampler()
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False)
    server = uvicorn.Server(config)
    socket = config.bind_socket()
    socket.listen()

    def answer() -> None:
        pipe.send(socket.getsockname()[1])
        with suppress(EOFError):
            while pipe.recv() == "start":
                sampler.start()
                pipe.send("started")
                pipe.recv()
                pipe.send(sampler.stop())

    end_with_parent()
    threading.Thread(target=answer, daemon=True, name="benchmark").start()
    gc.collect()
    gc.freeze()  # as `mandate serve` does, for all servers alike
    server.run([socket])
