"""`parked`: streams with an event that could not be applied to a view."""

from collections.abc import Sequence
from contextlib import closing
from typing import Annotated
from uuid import UUID

import typer

from projections.catalogue import VIEW_OF
from projections.following.leadership import OtherVersion
from projections.following.parked_events import retry
from projections.reading.parked_streams import Parked, parked, waiting_positions
from service.cli.database_commands import answers
from service.cli.error_output import print_error, print_error_line
from service.cli.rebuild_commands import answering, stream_called
from service.cli.table_output import JsonOption, print_rows
from service.cli.terminal_text import clean
from service.commands.policy_runner import CONSUMER_NAME
from service.database.startup import open_database
from service.errors import CorruptEvent, Misconfigured
from service.event_store.mapper import decode
from service.event_store.store import EventStore
from service.exchange.visible_log.references import reference_of
from service.processes.view_problems import FOLLOWED
from service.settings import DatabaseUrls, Settings

ViewOption = Annotated[str | None, typer.Option("--view", help=f"One of {', '.join(FOLLOWED)}. Default: all.")]
StreamArgument = Annotated[str | None, typer.Argument(help="A reference, such as 'pristina-2024-0001', or an id.")]


def add_to(app: typer.Typer) -> None:
    commands = typer.Typer(no_args_is_help=True, help="Parked streams: an event could not be applied to a view.")
    commands.command("list")(list_)
    commands.command("show")(show)
    commands.command("retry")(try_again)
    app.add_typer(commands, name="parked")


def list_(view: ViewOption = None, as_json: JsonOption = False) -> None:
    """Lists the parked streams. Exit status 1 if there are any."""
    settings = Settings.from_environment()
    with open_database(settings) as urls, answering():
        found = _found(settings, urls.worker, view, None)
        names = _references(urls, found)
    print_rows(
        ("view", "reference", "stream", "position", "events", "since", "error"),
        [
            (one.view, names[one.stream], one.stream, one.position, one.waiting, one.parked_at, one.error)
            for one in found
        ],
        as_json=as_json,
    )
    if found:
        raise typer.Exit(1)


def show(stream: StreamArgument, view: ViewOption = None) -> None:
    """Shows one parked stream: the positions of the waiting events, and why the first could not be applied."""
    settings = Settings.from_environment()
    with open_database(settings) as urls:
        found = _found(settings, urls.worker, view, stream_called(urls, stream or ""))
        for one in found:
            typer.echo(clean(f"{one.view}: {one.error}"))
            for position in answers(settings, urls.worker, waiting_positions(one.view, one.stream)):
                typer.echo(f"  {position}")
    if not found:
        typer.echo("nothing of it is parked")


def try_again(stream: StreamArgument = None, view: ViewOption = None) -> None:
    """Applies parked events, of one stream or of all, after the fold is fixed. Exit status 1 if some stay parked."""
    settings = Settings.from_environment()
    failed = False
    with open_database(settings) as urls, answering():
        wanted = None if stream is None else stream_called(urls, stream)
        found = _found(settings, urls.worker, view, wanted)
        names = _references(urls, found)
        for one in found:
            named = " ".join(filter(None, (one.view, names[one.stream], str(one.stream))))
            if one.view == CONSUMER_NAME:
                failed = True
                print_error_line(f"{named}: the worker judges it again every few seconds, as soon as it can be folded")
                continue
            try:
                result = retry(VIEW_OF[one.view], urls.worker, decode, one.stream)
            except (OtherVersion, CorruptEvent) as error:
                failed = True
                print_error_line(f"{named}: {error}")
                continue
            typer.echo(f"{named}: {result.applied} of {one.waiting} events applied")
            if result.error is not None:
                failed = True
                print_error(result.error)
    if not found:
        typer.echo("nothing is parked" if stream is None else "nothing of it is parked")
    if failed:
        raise typer.Exit(1)


def _references(urls: DatabaseUrls, found: Sequence[Parked]) -> dict[UUID, str]:
    """Stream -> reference; empty if the first event cannot be read."""
    names = dict[UUID, str]()
    if not found:
        return names
    with closing(EventStore(urls.api)) as store:
        for stream in {one.stream for one in found}:
            try:
                names[stream] = reference_of(store, stream) or ""
            except CorruptEvent:
                names[stream] = ""
    return names


def _found(settings: Settings, url: str, view: str | None, stream: UUID | None) -> list[Parked]:
    if view is not None and view not in FOLLOWED:
        raise Misconfigured(f"there is no view {view}: there are {', '.join(FOLLOWED)}")
    every = answers(settings, url, parked())
    return [one for one in every if view in (None, one.view) and stream in (None, one.stream)]
