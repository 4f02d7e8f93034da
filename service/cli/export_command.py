"""`export`: the register as files."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from service.cli.register_access import AsOfOption, RegisterAccess, TokenOption, in_one_line
from service.cli.remote import file_download
from service.cli.remote.server import Server
from service.cli.sources import UrlOption, open_source
from service.exchange.exports.formats import FORMATS, Export, carry_out, chosen, opened
from service.exchange.visible_log.visible_events import ReportPosition, VisibleLog


def add_to(app: typer.Typer) -> None:
    app.command()(export)


def export(
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMATS)}.")],
    output: Annotated[str, typer.Option(help="Output file; '-' is standard output.")],
    request: Annotated[str | None, typer.Option(help="Only the request with this reference.")] = None,
    as_of: AsOfOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
    events: Annotated[
        bool, typer.Option("--events", help="csv: one row per event instead of one per request.")
    ] = False,
) -> None:
    """Writes the register, or one request, to a file, which is replaced atomically. See docs/exports.md."""
    with in_one_line():
        chosen_export = chosen(form, output, events)
        with open_source(url, token, as_of) as source:
            if isinstance(source, Server):
                with opened(chosen_export) as file:
                    end = file_download.export(source, chosen_export, file, request)
            else:
                end = _export(source if request is None else source.about(request), chosen_export)
        if chosen_export.target is not None:
            typer.echo(f"{chosen_export.target}: up to position {end}", err=True)


def _export(exported: RegisterAccess, export: Export) -> int:
    """Of this machine's register. Recorded in the access log. Returns the last position."""
    exported.record_access("export")
    with _progress(exported.scope.end) as reached:
        carry_out(export, VisibleLog(exported.store, exported.scope, exported.visibility, reached))
    return exported.scope.end


@contextmanager
def _progress(end: int) -> Iterator[ReportPosition]:
    """A progress bar on a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("export", total=max(end, 1))
        yield lambda position: progress.update(bar, completed=position)
