"""`dossier`: a request as one printable document."""

import getpass
from typing import Annotated

import typer

from service.cli.audit_commands import names_of
from service.cli.register_access import AsOfOption, TokenOption, in_one_line, open_register
from service.cli.terminal_text import clean
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
    token: TokenOption = None,
) -> None:
    """Prints a request: its terms, events, decisions with their grounds, evidence, and what was left out."""
    with in_one_line():
        target = checked(output)
        if target.suffix.lower() not in (".html", ".pdf"):
            raise ExportRefused(f"{target.name}: a dossier is a file that ends in .html or .pdf")
        with open_register(token, as_of) as register:
            subject_access = register.about(reference)
            subject_access.record_access("dossier")
            reader = MaterialReader(subject_access.store, subject_access.scope, subject_access.visibility)
            material = reader.material(lambda persons: names_of(subject_access, persons), getpass.getuser())
        made = document(material)
        printed = Pdf(html(made)) if target.suffix.lower() == ".html" else pdf(made, material.printed.at)
        with replacing(target) as file:
            file.write(printed.content)
        if printed.unshown is not None:
            typer.echo(
                f"{target}: no installed font has '{clean(printed.unshown)}': install one, or print it as HTML",
                err=True,
            )
        typer.echo(f"{target}: {made.marking}, {made.printed[0].lower()}{made.printed[1:]}", err=True)
