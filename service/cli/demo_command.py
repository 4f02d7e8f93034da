"""`demo`: a case played through the API, from the incident to the decision."""

import os
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

from service.access.own_tokens import token_key
from service.cli.demo.case import PEOPLE, DemoCase
from service.cli.demo.client import UnexpectedRefusal, people
from service.cli.demo.output import DemoOutput
from service.cli.error_output import print_error_line
from service.errors import Misconfigured
from service.settings import Settings, variable

NAMING: Final = frozenset({"database_url", "data_dir"})
"""Settings that select a register."""
PATIENCE: Final = 60.0
"""Timeout for the start and the end of the API, in seconds."""


def add_to(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    into_this_register: Annotated[
        bool, typer.Option("--into-this-register", help="Record the case in the register that the environment selects.")
    ] = False,
) -> None:
    """Serves the API, plays a case through it, and shows its history and its views before and after a rebuild.

    The case is recorded in .data, the register of this folder. If MANDATE_DATABASE_URL or MANDATE_DATA_DIR selects
    another register, --into-this-register is required, because records cannot be removed.
    """
    settings = Settings.from_environment()
    named = sorted(settings.model_fields_set & NAMING)
    if named and not into_this_register:
        raise Misconfigured(
            f"{variable(named[0])} selects a register, and records of the demonstration cannot be removed: "
            "unset it, or add --into-this-register"
        )
    console = Console()
    output = DemoOutput(console)
    try:
        is_same = _play(settings, console, output)
    except (UnexpectedRefusal, OSError, subprocess.SubprocessError) as error:
        print_error_line(f"the demonstration ended early: {error}")
        raise typer.Exit(1) from None
    _print_next_steps(console, local=not named)
    if not is_same:
        raise typer.Exit(1)


def _play(settings: Settings, console: Console, output: DemoOutput) -> bool:
    """Whether the views are the same after the rebuild."""
    output.heading("The API starts")
    with _served() as url:
        console.print(f"  {url}/graphql")
        clients = people(url, token_key(settings), PEOPLE)
        case = DemoCase(clients, output.say)
        output.heading("What happened")
        case.tell_what_happened()
        output.heading("How it could continue: an EXERCISE with invented parties")
        case.go_on_as_an_exercise()
        output.heading("Its history, as an auditor reads it")
        output.timeline(clients["auditor"], case.request, case.position)
        output.heading("The views")
        before = output.views(clients["auditor"], case.position)
        output.heading("The views are rebuilt from the events")
        subprocess.run([sys.executable, "-m", "service.cli", "rebuild"], check=True)
        after = output.views(clients["auditor"], case.position)
        console.print("  [bold green]They are the same.[/]" if after == before else "  [bold red]They differ.[/]")
    return bool(after == before)


def _print_next_steps(console: Console, *, local: bool) -> None:
    """local: whether `make serve` without settings serves the register of the case."""
    console.print(
        "\n[bold]Next steps:[/]\n"
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
    with tempfile.TemporaryFile() as stderr:
        server = subprocess.Popen(command, stderr=stderr, env={**os.environ, "MANDATE_DOCUMENTS": "any"})
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_ready(server, url, stderr)
            yield url
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE)


def _wait_until_ready(server: subprocess.Popen[bytes], url: str, stderr: IO[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if server.poll() is not None:
            stderr.seek(0)
            lines = stderr.read().decode(errors="replace").strip().splitlines()
            raise Misconfigured(lines[-1].removeprefix("mandate: ") if lines else "the API ended at once")
        try:
            with urllib.request.urlopen(f"{url}/health/ready", timeout=2):  # noqa: S310
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.1)
    raise Misconfigured(f"the API was not ready after {PATIENCE:.0f} s")
