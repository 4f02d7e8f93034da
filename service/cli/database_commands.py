"""`migrate` and `status`."""

import asyncio
from typing import TypeVar

import typer

from domain.vocabulary import SYSTEM
from projections.reading import view_status
from projections.reading.lock_holders import blocked
from projections.reading.queries import Query
from projections.reading.reader import DatabaseUnavailable, Reader
from projections.reading.view_status import ViewStatus
from projections.rebuilding import rebuild_queue
from projections.rebuilding.rebuild_queue import RebuildEnd
from projections.views.authorities import standing_of
from service.cli.error_output import print_error
from service.cli.table_output import JsonOption, print_json, print_rows
from service.cli.terminal_text import clean
from service.database.migrations import migrate as apply_migrations
from service.database.startup import open_database
from service.errors import Unavailable
from service.processes.composition import reading_connections, tolerance
from service.processes.view_problems import FOLLOWED, any_late, unfollowed, view_faults
from service.settings import Settings

T = TypeVar("T")


def add_to(app: typer.Typer) -> None:
    app.command()(migrate)
    app.command()(status)


def migrate() -> None:
    """Applies the database migrations and grants of this version."""
    with open_database(Settings.from_environment()) as urls:
        applied = apply_migrations(urls.owner)
    typer.echo(f"applied {', '.join(applied)}" if applied else "nothing to apply")


def status(as_json: JsonOption = False) -> None:
    """Shows the position, lag and state of each view. Exit status 1 if there is a problem."""
    settings = Settings.from_environment()
    with open_database(settings) as urls:
        statuses = answers(settings, urls.worker, view_status.statuses(FOLLOWED))
        ended_rebuilds = answers(settings, urls.worker, rebuild_queue.ended())
        locks = answers(settings, urls.worker, blocked()) if any_late(statuses, tolerance(settings)) else []
    problems = {**view_faults(statuses, tolerance(settings)), **unfollowed(statuses, tolerance(settings), locks)}
    if as_json:
        print_json({"views": statuses, "lastRebuilds": ended_rebuilds, "problems": problems})
    else:
        _show(statuses, ended_rebuilds)
        for name, problem in problems.items():
            print_error(f"{name}: {problem}")
    if problems:
        raise typer.Exit(1)


def _show(statuses: list[ViewStatus], ended_rebuilds: list[RebuildEnd]) -> None:
    print_rows(
        ("view", "state", "position", "events behind", "seconds behind", "parked", "rebuild"),
        [
            (each.view, each.state, each.position, each.lag, each.lag_seconds, each.parked, _progress(each))
            for each in statuses
        ],
    )
    for each in statuses:
        if each.last_error:
            typer.echo(clean(f"{each.view}: {each.last_error}"))
    for end in ended_rebuilds:
        rebuilt = f"last rebuilt {end.ended_at:%Y-%m-%d %H:%M:%S}Z: {end.outcome.value.lower()}"
        typer.echo(clean(f"{end.view}: {rebuilt}. {end.summary}"))


def _progress(status: ViewStatus) -> str:
    return status.rebuild.summary if status.rebuild else ""


def answers(settings: Settings, url: str, query: Query[T]) -> list[T]:
    """Runs a query as the system. Raises Unavailable."""

    async def ask() -> list[T]:
        connections = reading_connections(settings, url)
        try:
            reading = await Reader(connections, standing_of, answer_limit=settings.statement_timeout).reading(SYSTEM)
            return await reading.rows(query)
        except DatabaseUnavailable as error:
            raise Unavailable(str(error)) from error
        finally:
            await connections.close()

    return asyncio.run(ask())
