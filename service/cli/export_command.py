"""`export`: the register as files."""

from typing import Annotated

import typer

from service.cli.reading_options import AsOfOption, TokenOption, UrlOption, in_one_line
from service.cli.remote import file_download as remote_files
from service.cli.remote.server import Server
from service.cli.sources import Source, open_source
from service.exchange.exports.chosen_export import FORMAT_NAMES, Export, chosen, opened


def add_to(app: typer.Typer) -> None:
    app.command()(export)


def export(
    form: Annotated[str, typer.Option("--format", help=f"One of {', '.join(FORMAT_NAMES)}.")],
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
            end = _written(source, chosen_export, request)
        if chosen_export.target is not None:
            typer.echo(f"{chosen_export.target}: up to position {end}", err=True)


def _written(source: Source, chosen_export: Export, request: str | None) -> int:
    """The position up to which it is."""
    if isinstance(source, Server):
        with opened(chosen_export) as file:
            return remote_files.export(source, chosen_export, file, request)
    from service.cli.local import local_files

    return local_files.export(source, chosen_export, request)
