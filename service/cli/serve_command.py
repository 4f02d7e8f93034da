"""`serve`: the API, with a worker as a child process."""

import gc
import ipaddress
import logging
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Annotated

import typer

from service.access.issuers import read_issuers
from service.access.own_tokens import Tokens, accepted_tokens
from service.cli.log_output import log_to_stderr
from service.database.startup import open_migrated_database, warn_of_lost_events
from service.errors import Misconfigured
from service.processes.api import create_app
from service.processes.http_server import DrainingServer, configured
from service.processes.supervisor import supervised
from service.processes.tracing import tracing
from service.settings import Settings

log = logging.getLogger(__name__)


def add_to(app: typer.Typer) -> None:
    app.command()(serve)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="Port to listen on; 0 selects a free one.")
    ] = None,
    allow_embedded_key: Annotated[
        bool,
        typer.Option(
            "--allow-embedded-key",
            help="Listen on addresses beyond this machine although tokens are signed with the embedded key.",
        ),
    ] = False,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also run the worker.")] = True,
) -> None:
    """Serves the API and runs the worker, on an embedded PostgreSQL unless MANDATE_DATABASE_URL is set."""
    settings = Settings.from_environment()
    log_to_stderr(settings.log_format)
    where = host or settings.host
    issuers = read_issuers(settings.issuers)
    own = _own_tokens(settings, where, is_allowed=allow_embedded_key or settings.allow_embedded_key)
    with ExitStack() as stack:
        stack.enter_context(tracing("api"))
        urls = stack.enter_context(open_migrated_database(settings))
        warn_of_lost_events(urls.api)
        if with_worker:
            stack.enter_context(supervised("worker", "--while-parent-lives"))
        app = create_app(settings, urls, own, issuers)
        listening = stack.enter_context(_listening(where, settings.port if port is None else port))
        address, listening_port, *_ = listening.getsockname()
        log.info("listening on http://%s:%d", f"[{address}]" if ":" in address else address, listening_port)
        gc.collect()
        gc.freeze()  # excludes start-up objects from collections, which pause all requests
        _Server(configured(app), app).run(sockets=[listening])


def _own_tokens(settings: Settings, host: str, *, is_allowed: bool) -> Tokens | None:
    """The register's own tokens. None with external issuers, where the embedded key may not be used.

    Raises Misconfigured.
    """
    is_local = is_allowed or _is_loopback(host)
    if not is_local and settings.token_key_file is None and settings.issuers is None:
        raise Misconfigured(
            f"{host} can be reached from other machines, and the embedded key signs tokens for this machine alone: "
            "set MANDATE_ISSUERS or MANDATE_TOKEN_KEY_FILE, listen on 127.0.0.1, or add --allow-embedded-key "
            "(MANDATE_ALLOW_EMBEDDED_KEY)"
        )
    return accepted_tokens(settings, is_local=is_local)


def _is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address. Invalid addresses fail later."""
    try:
        found = {str(each[4][0]).partition("%")[0] for each in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)}
    except (OSError, UnicodeError):
        return True
    return all(ipaddress.ip_address(address).is_loopback for address in found)


def _listening(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Misconfigured if the address cannot be bound."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise Misconfigured(f"{host}:{port} cannot be listened on: {error.strerror} (--host, --port)") from None


class _Server(DrainingServer):
    """Returns after draining; uvicorn's server re-raises the signal."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, self.handle_exit)
        yield
