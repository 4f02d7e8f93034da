"""`replay --check`: checks that this version can read every event in the store."""

from typing import Annotated

import typer

from projections.rebuilding.store_check import StoreCheck, UnreadableStore, check
from service.cli.error_output import print_error
from service.cli.progress_bars import board
from service.cli.rebuild_commands import answering
from service.cli.table_output import JsonOption, print_json
from service.database.startup import open_database
from service.errors import Misconfigured
from service.event_store.mapper import decode
from service.settings import Settings


def add_to(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    check_: Annotated[
        bool, typer.Option("--check", help="Decode, upcast and fold every event, and write nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Reads the whole store with this version: for CI, and before an upgrade.

    Exit status 1 at the first event that cannot be read, decoded or folded, with its position and the error.
    """
    if not check_:
        raise Misconfigured("use 'mandate replay --check'; to rebuild views, use 'mandate rebuild'")
    with open_database(Settings.from_environment()) as urls, board() as shown, answering():
        try:
            checked: StoreCheck = check(
                urls.worker, decode, lambda done, total: shown.show("events", done, total, f"{done / total:.0%}")
            )
        except UnreadableStore as error:
            print_error(error)
            raise typer.Exit(1) from error
    if as_json:
        print_json(checked)
        return
    typer.echo(f"{checked.events:,} events of {checked.streams:,} streams can be read, in {checked.seconds:.1f} s")
