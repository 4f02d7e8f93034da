"""`rebuild` and `verify`: views built anew from the events, beside the ones that are served, and compared with them."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from threading import Event
from typing import Annotated, Final
from uuid import UUID

import psycopg
import typer

from domain.vocabulary import joined
from projections.catalogue import VIEW_OF, VIEWS
from projections.following.leadership import OtherVersion
from projections.following.row_writer import InconsistentRows, UnappliableEvent
from projections.reading.view_status import ProgressReport
from projections.rebuilding import rebuild_queue
from projections.rebuilding.parallel_load import LoaderLost
from projections.rebuilding.progress import RebuildCancelled
from projections.rebuilding.rebuild import BeingRebuilt, discard
from projections.rebuilding.rebuild import rebuild as rebuild_view
from projections.rebuilding.rebuild import verify as verify_view
from projections.rebuilding.rebuild_attempt import NotCopied, NotSwapped, RebuildResult
from projections.rebuilding.repair import NoRowsOfStream, repair
from projections.rebuilding.verification import Comparison, NotAsFolded, RowsDiffer
from projections.tables.view import View
from service.cli.counted_nouns import number_of
from service.cli.error_output import print_error, print_error_line
from service.cli.progress_bars import ProgressBoard, board
from service.cli.stop_signals import stoppable
from service.database.startup import open_database
from service.errors import CorruptEvent, Misconfigured, Unavailable
from service.event_store.mapper import decode
from service.event_store.store import EventStore
from service.exchange.visible_log.references import find
from service.settings import DatabaseUrls, Settings

JOBS: Final = min(4, len(os.sched_getaffinity(0)))
FAILURES: Final = (
    BeingRebuilt,
    RebuildCancelled,
    CorruptEvent,
    LoaderLost,
    InconsistentRows,
    NotAsFolded,
    NotCopied,
    NotSwapped,
    UnappliableEvent,
)
"""What may keep a view from being built anew: what was served is served."""
SERVED: Final = "is as it was"
"""What is said of one that was to be changed, and was not."""

Views = Annotated[list[str] | None, typer.Argument(help=f"Of {', '.join(VIEW_OF)}; all if none is named.")]
Jobs = Annotated[
    int,
    typer.Option(
        min=1, max=64, help="Processes that load side by side, where there is enough; then sessions that index."
    ),
]


def add_to(app: typer.Typer) -> None:
    app.command()(rebuild)
    app.command()(verify)


def rebuild(
    view: Views = None,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Swap too where rows differ from those that are served.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Build, show what would differ, and swap nothing.")
    ] = False,
    stream: Annotated[
        str | None, typer.Option(help="Mend the rows of one request or incident, as 'pristina-2024-0001', in place.")
    ] = None,
    cancel: Annotated[
        bool,
        typer.Option(
            "--cancel",
            help="Stop what builds these views anew, wherever it runs; where nothing does, let go what it had loaded.",
        ),
    ] = False,
    jobs: Jobs = JOBS,
) -> None:
    """Builds views anew beside the ones that are served, and swaps them: nobody waits, and nobody sees half of one.

    Where rows differ from those that are served though the view's version is the same, it is not swapped; the others
    are. Exit status 1 where one was not. One that was stopped or killed while it loaded goes on where it was.
    """
    views = _named(view or [])
    options = {"--stream": stream, "--cancel": cancel, "--dry-run": dry_run, "--accept-differences": accept_differences}
    chosen = [name for name, given in options.items() if given]
    if len(chosen) > 1 and chosen != ["--dry-run", "--accept-differences"]:
        raise typer.BadParameter(f"{joined(chosen, 'and')} ask for different things: choose one")
    if stream is not None:
        _mend(views, stream)
        return
    if cancel:
        _cancel(views)
        return
    if dry_run:
        found, done = _compared(views, jobs)
        refused = [each.view for each in found if each.differing and not (each.may_differ or accept_differences)]
    else:
        refused, done = _swapped(views, jobs, accept_differences)
        if refused:
            print_error("'mandate rebuild --accept-differences' swaps nevertheless")
    if refused or not done:
        raise typer.Exit(1)


def verify(view: Views = None, jobs: Jobs = JOBS) -> None:
    """Compares views with what their events make of them, and changes nothing.

    Exit status 1 where rows differ, or where a view could not be compared.
    """
    found, done = _compared(_named(view or []), jobs)
    if not done or any(each.differing for each in found):
        raise typer.Exit(1)


def stream_called(urls: DatabaseUrls, called: str) -> UUID:
    """The stream with this reference or id; an id may be of none. Raises Misconfigured where no reference is so."""
    with suppress(ValueError):
        return UUID(called)
    with closing(EventStore(urls.api)) as store:
        found = find(store, called)
    if found is None:
        raise Misconfigured(f"nothing is called {called}")
    return found


def _mend(views: Sequence[View], called: str) -> None:
    failed, lacking = False, []
    with open_database(Settings.from_environment()) as urls, answering():
        wanted = stream_called(urls, called)
        for view in views:
            try:
                events = number_of(repair(view, urls.worker, decode, wanted), "event", "events")
                typer.echo(f"{view.name}: the rows of {called} are made anew from {events}")
            except NoRowsOfStream:
                lacking.append(view.name)
            except (OtherVersion, *FAILURES) as error:
                failed = True
                print_error_line(f"{view.name} {SERVED}: {error}")
        if len(lacking) == len(views):
            _refuse_unknown(urls, wanted, called)
            named = joined(lacking, "or")
            raise Misconfigured(f"there are no rows that are of {called} alone in {named}, up to where they are")
    if failed:
        raise typer.Exit(1)


def _refuse_unknown(urls: DatabaseUrls, stream: UUID, called: str) -> None:
    """Raises Misconfigured where there is no such stream."""
    with closing(EventStore(urls.api)) as store:
        if not store.recorder.select_events(stream, limit=1):
            raise Misconfigured(f"nothing is called {called}")


def _cancel(views: Sequence[View]) -> None:
    with open_database(Settings.from_environment()) as urls, answering():
        stopped = rebuild_queue.cancel(urls.worker, [each.name for each in views])
        let_go = []
        for view in views:
            with suppress(BeingRebuilt):
                let_go += [view.name] if view.name not in stopped and discard(view, urls.worker) else []
    typer.echo(f"told to stop: {', '.join(stopped) or 'none is being built anew'}")
    if let_go:
        typer.echo(f"let go what one that was stopped had loaded: {', '.join(let_go)}")


def _swapped(views: Sequence[View], jobs: int, accept: bool) -> tuple[list[str], bool]:
    """The views that were not swapped as their rows differ; whether all others were."""
    refused = []

    def swap(view: View, url: str, shown: ProgressBoard, stop: Event) -> None:
        try:
            rebuilt = rebuild_view(view, url, decode, _on(shown, view), stop, jobs=jobs, accept=accept, go_back=True)
            shown.say(_told(rebuilt))
            for line in rebuilt.comparison.lines() if rebuilt.comparison else ():
                shown.say(f"  {line}")
        except RowsDiffer as error:
            refused.append(view.name)
            print_error(f"not swapped: {error}")

    done = _each(views, swap, SERVED)
    return refused, done


def _compared(views: Sequence[View], jobs: int) -> tuple[list[Comparison], bool]:
    """Each comparison, told as it is found; whether all could be made. Of a view never followed there is none."""
    found = []

    def compare(view: View, url: str, shown: ProgressBoard, stop: Event) -> None:
        comparison = verify_view(view, url, decode, _on(shown, view), stop, jobs=jobs)
        if comparison is None:
            shown.say(f"{view.name}: nothing was followed yet")
            return
        for line in (comparison.told(), *(f"  {line}" for line in comparison.lines())):
            shown.say(line)
        found.append(comparison)

    done = _each(views, compare, "was not compared")
    return found, done


def _each(views: Sequence[View], work: Callable[[View, str, ProgressBoard, Event], None], left: str) -> bool:
    """The work, view by view: what keeps one from being done is said in one line. Whether all were done.

    left: what is said of one that was not. Where one is stopped or cancelled, those that come after it are not begun.
    """
    done = True
    with open_database(Settings.from_environment()) as urls, board() as shown, answering(), stoppable() as stop:
        for place, view in enumerate(views, start=1):
            ends = False
            try:
                work(view, urls.worker, shown, stop)
            except FAILURES as error:
                done, ends = False, isinstance(error, RebuildCancelled)
                print_error_line(f"{view.name} {left}: {error}")
            rest = views[place:]
            if rest and (ends or stop.is_set()):
                done = False
                print_error(f"not begun: {', '.join(each.name for each in rest)}")
                break
    if stop.is_set() and not done:
        raise typer.Exit(stop.status)
    return done


@contextmanager
def answering() -> Iterator[None]:
    """Raises Unavailable where the database does not answer, or gives up what it was asked."""
    try:
        yield
    except psycopg.Error as error:
        is_away = error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
        became = "does not answer" if is_away else "gave up what it was asked"
        raise Unavailable(f"the database {became}: {str(error).strip().splitlines()[0]}") from error


def _told(rebuilt: RebuildResult) -> str:
    told = (
        f"{rebuilt.view}: {number_of(rebuilt.processed, 'event', 'events')} in {rebuilt.seconds:.1f} s, "
        f"up to position {rebuilt.position:,}"
    )
    if (compared := rebuilt.comparison) is None:
        return told
    return f"{told}; {number_of(compared.differing, 'row differs', 'rows differ')} from those before"


def _on(shown: ProgressBoard, view: View) -> Callable[[ProgressReport], None]:
    return lambda progress: shown.show(view.name, progress.processed, progress.total, progress.summary)


def _named(names: Sequence[str]) -> list[View]:
    unknown = [name for name in names if name not in VIEW_OF]
    if unknown:
        raise Misconfigured(f"there is no view {', '.join(unknown)}: there are {', '.join(VIEW_OF)}")
    return [VIEW_OF[name] for name in dict.fromkeys(names)] or list(VIEWS)
