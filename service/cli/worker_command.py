"""`worker`: the process that runs followers, policies and rebuilds."""

import os
import signal
import sys
import threading
from typing import Annotated

import typer

from service.cli.log_output import log_to_stderr
from service.database.startup import open_database, refuse_unmigrated
from service.processes.tracing import tracing
from service.processes.worker import Worker
from service.settings import Settings


def add_to(app: typer.Typer) -> None:
    app.command()(worker)


def worker(
    while_parent_lives: Annotated[
        bool, typer.Option("--while-parent-lives", help="End when standard input closes.", hidden=True)
    ] = False,
) -> None:
    """Runs the followers that update the views. Several workers can run: each view has one leader."""
    settings = Settings.from_environment()
    log_to_stderr(settings.log_format)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if while_parent_lives:
        threading.Thread(target=_stop_with_parent, args=(stop,), name="parent", daemon=True).start()
    with tracing("worker"), open_database(settings) as urls:
        refuse_unmigrated(urls)
        Worker(settings, urls).run(stop)


def _stop_with_parent(stop: threading.Event) -> None:
    while os.read(sys.stdin.fileno(), 1024):
        pass
    stop.set()
