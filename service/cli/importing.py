"""`import`: histories from another register or a spreadsheet."""

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.cli.numbers import number_of
from service.cli.wording import clean
from service.container import limits, now
from service.errors import Misconfigured
from service.event_store import EventStore
from service.exchange.importing import jsonl, table
from service.exchange.importing.mapping import read_mapping
from service.exchange.importing.raw import Reader
from service.exchange.importing.report import Report
from service.exchange.importing.running import Import, Totals, count
from service.historian import Historian
from service.opening import open_migrated_database
from service.settings import Settings
from service.states import States

NOTHING_RECORDED: Final = 1


def add_to(app: typer.Typer) -> None:
    app.command("import")(import_)


def import_(
    file: Annotated[Path, typer.Argument(help="Histories, as FILE.jsonl or FILE.csv.")],
    mapping: Annotated[Path | None, typer.Option(help="What the columns of FILE.csv stand for (TOML).")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Where the file is from: what has the same name there is the same history, also in a new file."
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="Where refused lines are listed: FILE.report.jsonl.")] = None,
) -> None:
    """Brings histories into the register, decided as of then; what the rules refuse is listed, with line and reason.

    Run again, it adds nothing that is there. Where every line is refused it ends with status 1. docs/import.md shows
    the form of the file.
    """
    settings = Settings.from_environment()
    read = _reader(file, mapping)
    listed = report or file.with_name(f"{file.name}.report.jsonl")
    for each in filter(None, (file, mapping)):
        if listed.exists() and each.exists() and listed.samefile(each):
            raise Misconfigured(f"--report: {listed} is what is read: name another file")
    console = Console()
    try:
        histories, refusals = file.open("rb"), listed.open("ab")
    except OSError as error:
        raise Misconfigured(f"{error.filename}: {error.strerror}") from None
    with histories, refusals, open_migrated_database(settings) as urls:
        store = EventStore(urls.api, limits(settings))
        try:
            written = Report(refusals)
            historian = Historian(store, States(store, most_bytes=settings.states_bytes))
            importing = Import(historian, written, source=source, clock=now)
            with _progress(console) as progress:
                bar = progress.add_task("import", total=count(histories, read), refused=0)
                totals = importing.run(
                    histories, read, lambda lines, so_far: progress.update(bar, advance=lines, refused=so_far.refused)
                )
        finally:
            store.close()
    _tell(console, totals, written, listed)
    if totals.refused == totals.lines > 0:
        raise typer.Exit(NOTHING_RECORDED)


def _reader(file: Path, mapping: Path | None) -> Reader:
    match file.suffix.lower():
        case ".jsonl" | ".ndjson":
            if mapping is not None:
                raise typer.BadParameter("a mapping is for a CSV file", param_hint="--mapping")
            return jsonl.read
        case ".csv":
            return table.reader(read_mapping(mapping))
        case _:
            raise typer.BadParameter("a file ends in .jsonl or .csv", param_hint="FILE")


def _progress(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("lines, {task.fields[refused]} refused"),
        TimeRemainingColumn(),
        console=console,
    )


def _tell(console: Console, totals: Totals, report: Report, listed: Path) -> None:
    console.print(
        f"{number_of(totals.lines, 'line', 'lines')}: {totals.recorded:,} recorded in "
        f"{number_of(totals.histories, 'history', 'histories')}, {totals.refused:,} refused, "
        f"{totals.repeated_lines:,} in "
        f"{number_of(totals.repeated_histories, 'history that was', 'histories that were')} there before.",
        highlight=False,
    )
    if totals.refused_before:
        console.print(
            f"Of those histories, lines that had been refused then: {totals.refused_before:,}.", highlight=False
        )
    for reason, lines in sorted(totals.reasons.items(), key=lambda each: -each[1]):
        console.print(Text(f"  {lines:,} refused, {reason}"))
        if (first := report.first.get(reason)) is not None:
            named = f"line {first.number}, {first.history}" if first.history else f"line {first.number}"
            told = clean(f"{named}: {first.refusal.message}")
            console.print(Padding(Text(told), (0, 0, 0, 6)))
    if totals.refused or totals.refused_before:
        console.print(Text(f"Line by line: {clean(str(listed))}"))
