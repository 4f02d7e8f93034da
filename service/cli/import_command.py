"""`import`: histories from another register or a spreadsheet."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer
from rich.console import Console
from rich.padding import Padding
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from service.cli.counted_nouns import number_of
from service.cli.reading_options import in_one_line
from service.cli.table_output import JsonOption, print_json
from service.cli.terminal_text import clean
from service.commands.state_cache import StateCache
from service.database.startup import open_database, open_migrated_database
from service.errors import Misconfigured
from service.event_store.store import EventStore
from service.exchange.importing import csv_reader, jsonl_reader, ocel_reader, xes_reader
from service.exchange.importing.column_map import read_mapping
from service.exchange.importing.dry_run import Rehearsal
from service.exchange.importing.import_run import ImportRun, ImportTotals, count
from service.exchange.importing.raw_line import LineReader
from service.exchange.importing.recorder import HistoryRecorder
from service.exchange.importing.report import Report, adding_to
from service.processes.composition import limits, now
from service.settings import Settings

NOTHING_RECORDED: Final = 1
MAPPED: Final = {".csv": csv_reader.reader, ".xes": xes_reader.reader, ".json": ocel_reader.reader}


def add_to(app: typer.Typer) -> None:
    app.command("import")(import_)


def import_(
    file: Annotated[
        Path,
        typer.Argument(
            help="Histories: FILE.jsonl, FILE.csv; event logs: FILE.xes, FILE.xes.gz, FILE.json (OCEL 2.0)."
        ),
    ],
    mapping: Annotated[Path | None, typer.Option(help="Column mapping of FILE (TOML); event logs need one.")] = None,
    source: Annotated[
        str | None,
        typer.Option(
            help="Origin of the file: equal names from the same source are the same history, also in another file."
        ),
    ] = None,
    report: Annotated[Path | None, typer.Option(help="File for refused lines. Default: FILE.report.jsonl.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge every line by the same rules, but record nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Imports histories. Each line is decided as of its own time; refused lines are listed with the reason.

    A second run adds nothing that is already recorded. Exit status 1 if every line is refused. docs/import.md
    describes the file format.
    """
    with in_one_line():
        read = _reader(file, mapping)
        listed = report or file.with_name(f"{file.name}.report.jsonl")
        for each in filter(None, (file, mapping)):
            if listed.exists() and each.exists() and listed.samefile(each):
                raise Misconfigured(f"--report: {listed} is an input file: name another file")
        with _opened(file) as histories:
            lines = _count(file, histories, read)
            with adding_to(listed) as refusals:
                written = Report(refusals, dry_run=dry_run)
                totals = _run(
                    histories,
                    lines,
                    lambda recorder: ImportRun(recorder, written, source=source, clock=now),
                    read,
                    dry_run,
                )
    if as_json:
        print_json({"dryRun": dry_run, "report": listed, "totals": totals})
    else:
        _print_totals(Console(), totals, written, listed, dry_run=dry_run)
    if totals.refused == totals.lines > 0:
        raise typer.Exit(NOTHING_RECORDED)


def _run(
    histories: BinaryIO, lines: int, importing: Callable[[HistoryRecorder], ImportRun], read: LineReader, dry_run: bool
) -> ImportTotals:
    settings = Settings.from_environment()
    opened = open_database if dry_run else open_migrated_database
    with opened(settings) as urls, closing(EventStore(urls.api, limits(settings))) as store, _progress() as progress:
        streams = Rehearsal(store, now()) if dry_run else store
        bar = progress.add_task("import", total=lines, refused=0)
        states = StateCache(streams, most_bytes=settings.state_cache_bytes)
        return importing(HistoryRecorder(streams, states, two_administrators=settings.two_administrators)).run(
            histories, read, lambda done, so_far: progress.update(bar, advance=done, refused=so_far.refused)
        )


def _count(file: Path, histories: BinaryIO, read: LineReader) -> int:
    """The lines of the file. Raises Misconfigured, naming the file, if it cannot be read to its end."""
    try:
        return count(histories, read)
    except Misconfigured as error:
        raise Misconfigured(f"{file}: {error}") from None


def _opened(file: Path) -> BinaryIO:
    try:
        if file.exists() and not file.is_file():
            raise Misconfigured(f"{file} is no file: name one")
        return file.open("rb")
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from None


def _reader(file: Path, mapping: Path | None) -> LineReader:
    ending = file.suffix.lower()
    if file.name.lower().endswith(".xes.gz"):
        ending = ".xes"
    if ending in (".jsonl", ".ndjson"):
        if mapping is not None:
            raise typer.BadParameter("a mapping is for a CSV file or an event log", param_hint="--mapping")
        return jsonl_reader.read
    if ending not in MAPPED:
        raise typer.BadParameter("a file ends in .jsonl, .csv, .xes, .xes.gz or .json", param_hint="FILE")
    if mapping is None and ending != ".csv":
        raise typer.BadParameter("an event log needs one: docs/import.md", param_hint="--mapping")
    return MAPPED[ending](read_mapping(mapping))


def _progress() -> Progress:
    """A progress bar on a terminal."""
    console = Console(stderr=True)
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("lines, {task.fields[refused]} refused"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _print_totals(console: Console, totals: ImportTotals, report: Report, listed: Path, *, dry_run: bool) -> None:
    def say(text: str, indent: int = 0) -> None:
        """Prints without wrapping unless on a terminal."""
        line_text = Text(clean(text))
        console.print(Padding(line_text, (0, 0, 0, indent)) if console.is_terminal else Text(" " * indent) + line_text,
                      soft_wrap=not console.is_terminal)  # fmt: skip

    histories = number_of(totals.histories, "history", "histories")
    repeated = number_of(totals.repeated_histories, "history that was", "histories that were")
    would = "would be " if dry_run else ""
    say(
        f"{number_of(totals.lines, 'line', 'lines')}: {totals.recorded:,} {would}recorded in {histories}, "
        f"{totals.refused:,} {would}refused, {totals.repeated_lines:,} in {repeated} there before."
    )
    if dry_run:
        say("Nothing was recorded.")
    if totals.refused_before:
        say(f"Lines of those histories that were refused then: {totals.refused_before:,}.")
    for reason, lines in sorted(totals.reasons.items(), key=lambda each: -each[1]):
        say(f"{lines:,} {would}refused, {reason}", 2)
        if (first := report.first.get(reason)) is not None:
            named = f"line {first.number}, {first.history}" if first.history else f"line {first.number}"
            say(f"{named}: {first.refusal.message}", 6)
    if totals.refused or totals.refused_before:
        say(f"Line by line: {listed}")
