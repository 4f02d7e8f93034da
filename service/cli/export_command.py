"""`export`: the register as files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from service.cli.register_access import AsOfOption, TokenOption, in_one_line, open_register
from service.exchange.exports.formats import FORMATS, carry_out, chosen
from service.exchange.visible_log.visible_events import ReportPosition, VisibleLog


def add_to(app: typer.Typer) -> None:
    app.command()(export)


def export(
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")],
    output: Annotated[str, typer.Option(help="Output file; '-' is standard output.")],
    request: Annotated[str | None, typer.Option(help="Only the request with this reference.")] = None,
    as_of: AsOfOption = None,
    token: TokenOption = None,
    events: Annotated[
        bool, typer.Option("--events", help="csv: one row per event instead of one per request.")
    ] = False,
) -> None:
    """Writes the register, or one request, to a file, which is replaced atomically. See docs/exports.md."""
    with in_one_line():
        chosen_export = chosen(form, output, events)
        with open_register(token, as_of) as register:
            exported = register if request is None else register.about(request)
            exported.record_access("export")
            with _progress(exported.scope.end) as reached:
                carry_out(chosen_export, VisibleLog(exported.store, exported.scope, exported.visibility, reached))
        if chosen_export.target is not None:
            typer.echo(f"{chosen_export.target}: up to position {exported.scope.end}", err=True)


@contextmanager
def _progress(end: int) -> Iterator[ReportPosition]:
    """A progress bar on a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("export", total=max(end, 1))
        yield lambda position: progress.update(bar, completed=position)
