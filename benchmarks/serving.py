"""The two servers of the comparison, each in its own process, with a profile on request."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager, suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any
from uuid import UUID

import uvicorn

from benchmarks import stock_api
from benchmarks.stock import StockRegister, environment
from benchmarks.where import Sampler
from service.processes.api import create_app
from service.processes.worker import Worker
from service.settings import DatabaseUrls, Settings

KEY = b"a key for the benchmarks alone, of 32 bytes or more"


class Served:
    """A server. port: where it listens."""

    def __init__(self, port: int, pipe: Connection) -> None:
        self.port = port
        self._pipe = pipe

    def begin_sampling(self) -> None:
        self._pipe.send("start")
        self._pipe.recv()

    def sampled(self) -> Mapping[str, float]:
        """CPU seconds by layer since sampling began."""
        self._pipe.send("stop")
        found: Mapping[str, float] = self._pipe.recv()
        return found


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
def stock(url: str, ids: list[UUID]) -> Iterator[Served]:
    with _process(_serve_stock, url, ids) as served:
        yield served


@contextmanager
def _process(target: Any, *arguments: Any) -> Iterator[Served]:
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=target, args=(theirs, *arguments), daemon=True)
    process.start()
    try:
        yield Served(ours.recv(), ours)
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
    Worker(Settings(), urls).run(threading.Event())


def _serve_mandate(pipe: Connection, urls: DatabaseUrls) -> None:
    _serve(create_app(Settings(), urls, KEY), pipe)


def _serve_stock(pipe: Connection, url: str, ids: list[UUID]) -> None:
    with ExitStack() as stack:
        register = stack.enter_context(closing(StockRegister(environment(url, CREATE_TABLE="no"))))
        _serve(stock_api.create(register, ids), pipe)


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

    threading.Thread(target=answer, daemon=True, name="benchmark").start()
    server.run([socket])
