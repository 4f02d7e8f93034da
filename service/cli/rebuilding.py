"""`rebuild`: views built anew from the events, beside the ones that are served."""

from collections.abc import Sequence
from typing import Annotated

import psycopg
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from domain import catalogue
from projections import checkpoints
from projections.catalogue import VIEW_OF, VIEWS
from projections.rebuild import BeingRebuilt, NotSwapped, Rebuilt
from projections.rebuild import rebuild as rebuild_view
from projections.view import View
from service.errors import Misconfigured, Unavailable
from service.items import Row
from service.mapper import Mapper
from service.opening import open_database
from service.settings import Settings


def add_to(app: typer.Typer) -> None:
    app.command()(rebuild)


def rebuild(
    view: Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(VIEW_OF)}; all if none is named.")] = None,
) -> None:
    """Builds views anew beside the ones that are served, and swaps them: nobody waits, and nobody sees half of one."""
    views = _named(view or [])
    with open_database(Settings.from_environment()) as urls, _bar() as bar:
        for each in views:
            try:
                rebuilt = _rebuild(each, urls.worker, bar)
            except (BeingRebuilt, NotSwapped) as error:
                raise Unavailable(str(error)) from error
            except psycopg.OperationalError as error:
                raise Unavailable(f"the database does not answer: {str(error).strip().splitlines()[0]}") from error
            bar.console.print(
                f"{rebuilt.view}: {rebuilt.processed:,} events in {rebuilt.seconds:.1f} s, up to position "
                f"{rebuilt.position:,}",
                highlight=False,
            )


def _rebuild(view: View, url: str, bar: Progress) -> Rebuilt:
    task = bar.add_task(view.name, total=None)

    def show(progress: checkpoints.Progress) -> None:
        bar.update(task, completed=progress.processed, total=progress.total)

    mapper = Mapper(catalogue.EVENTS, catalogue.SCHEMAS, catalogue.UPCASTERS)
    return rebuild_view(view, url, lambda row: mapper.decode(Row._make(row)), show)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=False), transient=True)


def _named(names: Sequence[str]) -> list[View]:
    unknown = [name for name in names if name not in VIEW_OF]
    if unknown:
        raise Misconfigured(f"there is no view {', '.join(unknown)}: there are {', '.join(VIEW_OF)}")
    return [VIEW_OF[name] for name in names] or list(VIEWS)
