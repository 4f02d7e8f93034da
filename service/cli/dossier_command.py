"""`dossier`: a request as one printable document."""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from service.cli.reading_options import AsOfOption, TokenOption, UrlOption, in_one_line
from service.cli.remote import file_download as remote_files
from service.cli.remote.server import Server
from service.cli.sources import Source, open_source
from service.cli.terminal_text import clean
from service.exchange.exports.atomic_file import STDOUT, checked, replacing, standard_output
from service.exchange.visible_log.refused import ExportRefused

FORMS: Final = ("html", "pdf")


def add_to(app: typer.Typer) -> None:
    app.command()(dossier)


def dossier(
    reference: Annotated[str, typer.Argument(help="Reference of a request, such as 'pristina-2024-0001'.")],
    output: Annotated[str, typer.Option(help="Output file: FILE.html or FILE.pdf; '-' is standard output.")],
    form: Annotated[
        str | None,
        typer.Option("--format", help="html or pdf. Default: by the name of the file; pdf for standard output."),
    ] = None,
    as_of: AsOfOption = None,
    url: UrlOption = None,
    token: TokenOption = None,
) -> None:
    """Prints a request: its terms, events, decisions with their grounds, evidence, and what was left out.

    The SHA-256 of the file is printed with its marking.
    """
    with in_one_line():
        target = None if output == STDOUT else checked(output)
        chosen = _form(form, target)
        opened = standard_output() if target is None else replacing(target)
        with open_source(url, token, as_of) as source, opened as file:
            written = _Written(file)
            said = _printed(source, reference, chosen, written.write)
        typer.echo(f"{target or STDOUT}: {clean(said)}; SHA-256 {written.digest}", err=True)


class _Written:
    """A file that is written, and the digest of what was."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._digest = file, sha256()

    def write(self, content: bytes) -> None:
        self._digest.update(content)
        self._file.write(content)

    @property
    def digest(self) -> str:
        return self._digest.hexdigest()


def _form(form: str | None, target: Path | None) -> str:
    """Raises ExportRefused."""
    if form is not None:
        if form not in FORMS:
            raise ExportRefused(f"--format: there is no format '{form}': choose html or pdf")
        return form
    if target is None:
        return "pdf"
    if (ending := target.suffix.lower()[1:]) not in FORMS:
        raise ExportRefused(f"{target.name}: a dossier is a file that ends in .html or .pdf")
    return ending


def _printed(source: Source, reference: str, form: str, write: Callable[[bytes], None]) -> str:
    """What is said of it."""
    if isinstance(source, Server):
        return remote_files.dossier(source, reference, form, write)
    from service.cli.local import local_files

    return local_files.dossier(source, reference, form, write)
