"""`regions`: the register of regions."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from domain.refusals import InvalidInput, Refusal
from service.cli.counted_nouns import number_of
from service.cli.reading_options import in_one_line
from service.cli.rebuild_commands import answering
from service.cli.table_output import JsonOption, print_json
from service.cli.terminal_text import clean
from service.commands.dispatcher import blocking
from service.database.startup import open_database
from service.exchange.importing import region_import
from service.exchange.importing.region_import import Outcome, RegionLines
from service.processes.composition import now, write_side
from service.settings import Settings

REFUSED = "refused"
SOME_REFUSED = 1


def add_to(app: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="The register of regions.")
    commands.command("import")(import_)
    app.add_typer(commands, name="regions")


def import_(
    file: Annotated[Path, typer.Argument(help="FILE.csv with the columns path, language and name.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge every region by the same rules, but record nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Registers the regions of a file, as the operator: one line for each name of a region.

    Regions with the names that they have already are left as they are. The names in the file replace others. If a
    region is refused, none is registered, and the exit status is 1.
    """
    settings, totals = Settings.from_environment(), Counter[str]()
    with in_one_line():
        regions = region_import.read(file)
    with (
        open_database(settings) as urls,
        answering(),
        write_side(settings, urls.api) as write,
        blocking(write.dispatcher) as dispatch,
    ):
        load = write.state_cache.load
        outcomes = list(region_import.rehearse(regions, load, now()))
        records = not dry_run and not any(isinstance(outcome, Refusal) for _, outcome in outcomes)
        if records:
            outcomes = list(region_import.record(regions, load, dispatch))
    refusals = list[str]()
    for each, outcome in outcomes:
        totals[outcome if isinstance(outcome, Outcome) else REFUSED] += 1
        refusals += () if isinstance(outcome, Outcome) else map(clean, _refused(each, outcome))
    if as_json:
        counts = {str(each): totals[each] for each in (Outcome.REGISTERED, Outcome.UNCHANGED, REFUSED)}
        print_json({"recorded": records, **counts, "refusals": refusals})
    else:
        _print(len(regions), totals, refusals, records=records)
    if totals[REFUSED] > 0:
        if not records:
            typer.echo("Nothing was recorded: correct the file and import it again.", err=True)
        raise typer.Exit(SOME_REFUSED)


def _print(count: int, totals: Counter[str], refusals: list[str], *, records: bool) -> None:
    for line in refusals:
        typer.echo(line)
    would = "" if records else "would be "
    parts = (f"{totals[each]:,} {would}{each}" for each in (Outcome.REGISTERED, Outcome.UNCHANGED, REFUSED))
    typer.echo(f"{number_of(count, 'region', 'regions')}: {', '.join(parts)}.")


def _refused(region: RegionLines, refusal: Refusal) -> Iterator[str]:
    """What is wrong with which line and column of the file."""
    path = region.command.path or "no path"
    if not isinstance(refusal, InvalidInput):
        yield f"line {region.lines[0]}, {path}: {refusal.message}"
        return
    for each in refusal.fields:
        line, column = region.place_of(each.path)
        yield f"line {line}, {path}: {column}: {each.message}"
