"""`migrate` and `status`."""

import asyncio
import sys
from typing import Final, TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.vocabulary import SYSTEM
from projections.authorities import standing_of
from projections.reading import view_status
from projections.reading.lock_holders import blocked
from projections.reading.queries import Query
from projections.reading.reader import DatabaseUnavailable, Reader
from projections.reading.view_status import ViewStatus
from projections.rebuilding import rebuild_queue
from service.cli.error_output import print_error
from service.cli.terminal_text import clean
from service.database.migrations import migrate as apply_migrations
from service.database.startup import open_database
from service.errors import Unavailable
from service.processes.composition import reading_connections, tolerance
from service.processes.view_problems import FOLLOWED, any_late, unfollowed, view_faults
from service.settings import Settings

T = TypeVar("T")

UNBOUNDED: Final = 1_000
"""Line width where the output is not a terminal."""


def add_to(app: typer.Typer) -> None:
    app.command()(migrate)
    app.command()(status)


def migrate() -> None:
    """Applies the database migrations and grants of this version."""
    with open_database(Settings.from_environment()) as urls:
        applied = apply_migrations(urls.owner)
    typer.echo(f"applied {', '.join(applied)}" if applied else "nothing to apply")


def status() -> None:
    """Shows the position, lag and state of each view. Exit status 1 if there is a problem."""
    settings = Settings.from_environment()
    with open_database(settings) as urls:
        statuses = answers(settings, urls.worker, view_status.statuses(FOLLOWED))
        ended_rebuilds = answers(settings, urls.worker, rebuild_queue.ended())
        locks = answers(settings, urls.worker, blocked()) if any_late(statuses, tolerance(settings)) else []
    problems = {**view_faults(statuses, tolerance(settings)), **unfollowed(statuses, tolerance(settings), locks)}
    Console(width=None if sys.stdout.isatty() else UNBOUNDED).print(_table(statuses))
    for each in statuses:
        if each.last_error:
            typer.echo(clean(f"{each.view}: {each.last_error}"))
    for end in ended_rebuilds:
        rebuilt = f"last rebuilt {end.ended_at:%Y-%m-%d %H:%M:%S}Z: {end.outcome.value.lower()}"
        typer.echo(clean(f"{end.view}: {rebuilt}. {end.summary}"))
    for name, problem in problems.items():
        print_error(f"{name}: {problem}")
    if problems:
        raise typer.Exit(1)


def answers(settings: Settings, url: str, query: Query[T]) -> list[T]:
    """Runs a query as the system. Raises Unavailable."""

    async def ask() -> list[T]:
        connections = reading_connections(settings, url)
        try:
            reading = await Reader(connections, standing_of, answer_limit=settings.answer_timeout).reading(SYSTEM)
            return await reading.rows(query)
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        finally:
            await connections.close()

    return asyncio.run(ask())


def _table(statuses: list[ViewStatus]) -> Table:
    table = Table()
    for column in ("view", "state", "position", "events behind", "seconds behind", "parked", "rebuild"):
        table.add_column(column, no_wrap=column in ("view", "state"))
    for each in statuses:
        table.add_row(
            each.view,
            each.state.value,
            str(each.position),
            str(each.lag),
            f"{each.lag_seconds:.1f}",
            str(each.parked),
            Text(each.rebuild.summary if each.rebuild else ""),
        )
    return table
