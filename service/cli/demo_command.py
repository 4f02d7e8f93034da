"""`demo`: the case, through the served API, from the first request to the decision."""

import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Annotated, Final

import typer
from rich.console import Console

from service.cli.demo.case import PEOPLE, DemoCase
from service.cli.demo.client import people
from service.cli.demo.output import DemoOutput
from service.database.startup import token_key
from service.errors import Misconfigured
from service.settings import Settings

NAMING: Final = frozenset({"database_url", "data_dir"})
"""Settings that name a register."""
PATIENCE: Final = 60.0
"""Seconds that the API has to become ready."""


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    into_this_register: Annotated[
        bool, typer.Option("--into-this-register", help="Record the case in the register that the environment names.")
    ] = False,
) -> None:
    """Serves the API, tells the case through it, and shows its history and its views before and after a rebuild.

    The case is recorded in .data, the register of this folder. Where MANDATE_DATABASE_URL or MANDATE_DATA_DIR names
    another one, nothing is recorded unless --into-this-register says so: what is recorded stays for ever.
    """
    settings = Settings.from_environment()
    named = sorted(settings.model_fields_set & NAMING)
    if named and not into_this_register:
        raise Misconfigured(
            f"MANDATE_{named[0].upper()} names a register, and what a demonstration records there stays for ever: "
            "unset it, or say --into-this-register"
        )
    console = Console()
    telling = DemoOutput(console)
    telling.heading("The API starts")
    with _served() as url:
        console.print(f"  {url}/graphql")
        clients = people(url, token_key(settings), PEOPLE)
        case = DemoCase(clients, telling.say)
        telling.heading("What happened")
        case.tell_what_happened()
        telling.heading("How it might go on: an EXERCISE with invented parties")
        case.go_on_as_an_exercise()
        telling.heading("Its history, as an auditor reads it")
        telling.timeline(clients["auditor"], case.request, case.position)
        telling.heading("The views")
        before = telling.views(clients["auditor"], case.position)
        telling.heading("The views are built again from the events")
        subprocess.run([sys.executable, "-m", "service.cli", "rebuild"], check=True)
        after = telling.views(clients["auditor"], case.position)
        console.print("  [bold green]They are the same.[/]" if after == before else "  [bold red]They differ.[/]")
    _say_how_to_go_on(console, local=not named)
    if after != before:
        raise typer.Exit(1)


def _say_how_to_go_on(console: Console, *, local: bool) -> None:
    """local: whether the case is in the register that `make serve` serves here without settings."""
    console.print(
        "\n[bold]Go on:[/]\n"
        f"  {'make serve' if local else '.venv/bin/mandate serve'}\n"
        "  .venv/bin/mandate token --subject reviewer --authority kfor --role reviewer\n"
        "  and open http://127.0.0.1:8000/graphql in a browser: GraphiQL takes the token.\n",
        highlight=False,
    )


@contextmanager
def _served() -> Iterator[str]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port)]
    with tempfile.TemporaryFile() as said:
        server = subprocess.Popen(command, stderr=said)
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(server, url, said)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE)


def _wait_until_ready(server: subprocess.Popen[bytes], url: str, said: IO[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            said.seek(0)
            lines = said.read().decode(errors="replace").strip().splitlines()
            raise Misconfigured(lines[-1].removeprefix("mandate: ") if lines else "the API ended at once")
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise Misconfigured(f"the API was not ready after {PATIENCE:.0f} s")
