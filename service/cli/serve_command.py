"""`serve`: the API, and the worker beside it."""

import gc
import ipaddress
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from service.cli.log_output import log_to_stderr
from service.database.startup import open_migrated_database, token_key
from service.errors import Misconfigured
from service.processes.api import create_app
from service.processes.http_server import DrainingServer, configured
from service.processes.supervisor import supervised
from service.settings import Settings


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0 takes a free one.")] = None,
    allow_embedded_key: Annotated[
        bool,
        typer.Option(
            "--allow-embedded-key", help="Listen beyond this machine though tokens are signed by the embedded key."
        ),
    ] = False,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Run the worker beside the API.")] = True,
) -> None:
    """Serves the API, and runs the worker beside it, on an embedded PostgreSQL unless MANDATE_DATABASE_URL is set."""
    log_to_stderr()
    settings = Settings.from_environment()
    where = host or settings.host
    if settings.token_key_file is None and not (allow_embedded_key or settings.allow_embedded_key):
        _check_loopback(where)
    key = token_key(settings)
    with ExitStack() as stack:
        urls = stack.enter_context(open_migrated_database(settings))
        if with_worker:
            stack.enter_context(supervised("worker", "--while-parent-lives"))
        app = create_app(settings, urls, key)
        listening = stack.enter_context(_listening(where, settings.port if port is None else port))
        gc.collect()
        gc.freeze()  # what is there from the beginning on stays: to look through it again holds everybody up
        _Server(configured(app), app).run(sockets=[listening])


def _check_loopback(host: str) -> None:
    """Raises Misconfigured where other machines reach the address. One that is no address is told of later."""
    try:
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return
    if not all(ipaddress.ip_address(address).is_loopback for address in found):
        raise Misconfigured(
            f"{host} can be reached from other machines, and the embedded key signs tokens for this machine alone: "
            "name a key by MANDATE_TOKEN_KEY_FILE, listen on 127.0.0.1, or say --allow-embedded-key "
            "(MANDATE_ALLOW_EMBEDDED_KEY)"
        )


def _listening(host: str, port: int) -> socket.socket:
    """Raises Misconfigured where nothing can listen there."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Misconfigured(f"{host}:{port} cannot be listened on: {error.strerror} (--host, --port)") from None


class _Server(DrainingServer):
    """Ends by itself when asked to, where uvicorn's would die of the signal once it has drained."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self.handle_exit)
        yield
