"""`backup` and `restore`, of the embedded PostgreSQL."""

from pathlib import Path
from typing import Annotated

import typer

from domain.vocabulary import iso_time
from service.cli.reading_options import in_one_line, instant
from service.cli.table_output import JsonOption, print_json
from service.database.embedded.backup import back_up, require_register
from service.database.embedded.restore import restore as restore_backup
from service.database.startup import open_database
from service.errors import Misconfigured
from service.instants import last_instant
from service.settings import Settings

FolderArgument = Annotated[Path, typer.Argument(help="Folder of the backups, on another disk; of this register alone.")]


def add_to(app: typer.Typer) -> None:
    app.command()(backup)
    app.command()(restore)


def backup(
    folder: FolderArgument,
    keep: Annotated[
        int | None, typer.Option(min=1, help="Remove all but this many of the newest backups. Default: keep all.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Backs up the register while it is used. From the first backup on, what is recorded is archived there too."""
    settings = _embedded()
    require_register(settings.data_dir)
    with open_database(settings) as urls:
        assert urls.superuser is not None
        report = back_up(urls.superuser, settings.data_dir, folder, keep)
    if as_json:
        print_json(report)
        return
    typer.echo(f"backed up to {report.folder}: {report.bytes / 1e6:,.1f} MB in {report.seconds:.1f} s")
    for each in report.removed:
        typer.echo(f"removed {each}")


def restore(
    folder: FolderArgument,
    at: Annotated[
        str | None,
        typer.Option(
            help="Restore what was recorded up to this instant, such as '2024-11-29T18:00:00Z', or up to the end "
            "of this day in UTC. Default: all."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Restores the register of a backup folder into the data folder, which must not have one."""
    settings = _embedded()
    with in_one_line():
        report = restore_backup(settings.data_dir, folder, None if at is None else last_instant(instant(at, "--at")))
    if as_json:
        print_json(report)
        return
    recorded = "" if report.recorded_at is None else f", recorded at {iso_time(report.recorded_at)}"
    typer.echo(f"restored from {report.base} in {report.seconds:.1f} s")
    typer.echo(f"the newest position is {report.position}{recorded}: later events are lost")
    typer.echo("the restored register is not backed up yet: run 'mandate backup'")


def _embedded() -> Settings:
    settings = Settings.from_environment()
    if settings.database_url is not None:
        raise Misconfigured(
            "MANDATE_DATABASE_URL names a server of your own: back it up with its tools (docs/operations/backup.md)"
        )
    return settings
