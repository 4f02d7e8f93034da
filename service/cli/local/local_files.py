"""Exports and dossiers of this machine's register."""

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from service.cli.local.register import RegisterAccess
from service.cli.local.view_queries import names_of
from service.exchange.dossier.builder import document
from service.exchange.dossier.html_renderer import html
from service.exchange.dossier.material_reader import MaterialReader
from service.exchange.dossier.pdf_renderer import Pdf, pdf
from service.exchange.dossier.unshown_characters import number
from service.exchange.exports.chosen_export import Export
from service.exchange.exports.formats import carry_out
from service.exchange.visible_log.visible_events import ReportPosition, VisibleLog

MOST_NAMED: Final = 10


def export(register: RegisterAccess, chosen: Export, request: str | None) -> int:
    """Writes the export, and returns the last position. Recorded in the access log."""
    exported = register if request is None else register.about(request)
    exported.record_access("export")
    with _progress(exported.scope.end) as reached:
        carry_out(chosen, VisibleLog(exported.store, exported.scope, exported.visibility, reached))
    return exported.scope.end


def dossier(register: RegisterAccess, reference: str, form: str, write: Callable[[bytes], None]) -> str:
    """Writes the dossier, and returns its marking, and when and for whom it was printed. Recorded in the access log."""
    subject_access = register.about(reference)
    subject_access.record_access("dossier")
    reader = MaterialReader(subject_access.store, subject_access.scope, subject_access.visibility)
    material = reader.material(lambda persons: names_of(subject_access, persons), getpass.getuser())
    made = document(material)
    printed = Pdf(html(made)) if form == "html" else pdf(made, material.printed.at)
    write(printed.content)
    if printed.unshown:
        numbers = ", ".join(map(number, printed.unshown[:MOST_NAMED]))
        more = " and others" if len(printed.unshown) > MOST_NAMED else ""
        typer.echo(
            f"no installed font has {numbers}{more}: the PDF says so; install one, or print it as HTML", err=True
        )
    return f"{made.marking}, {made.printed[0].lower()}{made.printed[1:]}"


@contextmanager
def _progress(end: int) -> Iterator[ReportPosition]:
    """A progress bar on a terminal."""
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("export", total=max(end, 1))
        yield lambda position: progress.update(bar, completed=position)
