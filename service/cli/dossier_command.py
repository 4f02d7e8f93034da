"""`dossier`: a request as one printable document."""

import getpass
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from service.cli.register_access import AsOfOption, RegisterAccess, TokenOption, in_one_line
from service.cli.remote import file_download
from service.cli.remote.server import Server
from service.cli.sources import UrlOption, open_source
from service.cli.terminal_text import clean
from service.cli.view_queries import names_of
from service.exchange.dossier.builder import document
from service.exchange.dossier.html_renderer import html
from service.exchange.dossier.material_reader import MaterialReader
from service.exchange.dossier.pdf_renderer import Pdf, pdf
from service.exchange.exports.atomic_file import checked, replacing
from service.exchange.visible_log.refused import ExportRefused


def add_to(app: typer.Typer) -> None:
    app.command()(dossier)


def dossier(
    reference: Annotated[str, typer.Argument(help="Reference of a request, such as 'pristina-2024-0001'.")],
    output: Annotated[str, typer.Option(help="Output file: FILE.html or FILE.pdf.")],
    as_of: AsOfOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Prints a request: its terms, events, decisions with their grounds, evidence, and what was left out."""
    with in_one_line():
        target = checked(output)
        if target.suffix.lower() not in (".html", ".pdf"):
            raise ExportRefused(f"{target.name}: a dossier is a file that ends in .html or .pdf")
        with open_source(url, token, as_of) as source, replacing(target) as file:
            if isinstance(source, Server):
                said = file_download.dossier(source, reference, target.suffix.lower()[1:], file)
            else:
                said = _print(source.about(reference), target, file)
        typer.echo(f"{target}: {clean(said)}", err=True)


def _print(subject_access: RegisterAccess, target: Path, file: BinaryIO) -> str:
    """Of this machine's register. Recorded in the access log."""
    subject_access.record_access("dossier")
    reader = MaterialReader(subject_access.store, subject_access.scope, subject_access.visibility)
    material = reader.material(lambda persons: names_of(subject_access, persons), getpass.getuser())
    made = document(material)
    printed = Pdf(html(made)) if target.suffix.lower() == ".html" else pdf(made, material.printed.at)
    file.write(printed.content)
    if printed.unshown is not None:
        typer.echo(
            f"{target}: no installed font has '{clean(printed.unshown)}': install one, or print it as HTML", err=True
        )
    return f"{made.marking}, {made.printed[0].lower()}{made.printed[1:]}"
