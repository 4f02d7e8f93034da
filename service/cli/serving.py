"""`serve` and `worker`: the processes that run for long."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer
import uvicorn

from service.app import create_app
from service.draining import DrainingServer
from service.graphql.live.bounds import LONGEST_MESSAGE
from service.opening import open_database, open_migrated_database, token_key
from service.settings import Settings
from service.supervision import supervised
from service.worker import Worker

DRAIN: int = 10
"""Seconds that requests under way have to end."""


def add_to(app: typer.Typer) -> None:
    app.command()(serve)
    app.command()(worker)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on; 0 takes a free one.")] = None,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Run the worker beside the API.")] = True,
) -> None:
    """Serves the API, and runs the worker beside it, on an embedded PostgreSQL unless MANDATE_DATABASE_URL is set."""
    _log_to_stderr()
    settings = Settings.from_environment()
    key = token_key(settings)
    with ExitStack() as stack:
        urls = stack.enter_context(open_migrated_database(settings))
        if with_worker:
            stack.enter_context(supervised("worker", "--while-parent-lives"))
        app = create_app(settings, urls, key)
        config = uvicorn.Config(
            app,
            host=host or settings.host,
            port=settings.port if port is None else port,
            timeout_graceful_shutdown=DRAIN,
            ws_max_size=LONGEST_MESSAGE,
            log_config=None,
            access_log=False,
        )
        _Server(config, app).run()


class _Server(DrainingServer):
    """Ends by itself when asked to, where uvicorn's would die of the signal once it has drained."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self.handle_exit)
        yield


def worker(
    while_parent_lives: Annotated[
        bool, typer.Option("--while-parent-lives", help="End when standard input closes.", hidden=True)
    ] = False,
) -> None:
    """Runs the followers that keep the views up to date. Several workers may run: each view has one leader."""
    _log_to_stderr()
    settings = Settings.from_environment()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if while_parent_lives:
        threading.Thread(target=_stop_with_parent, args=(stop,), name="parent", daemon=True).start()
    with open_database(settings) as urls:
        Worker(settings, urls).run(stop)


def _stop_with_parent(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()


def _log_to_stderr() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
