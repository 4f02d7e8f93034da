"""`rebuild` and `verify`: build copies of views from the events, and swap them in or compare them."""

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
from service.cli.table_output import JsonOption, print_json
from service.database.startup import open_database
from service.errors import CorruptEvent, Misconfigured, Unavailable, first_line
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
"""Errors that end the rebuild of one view; the served view is unchanged."""
SERVED: Final = "is unchanged"
"""Printed for a view whose rebuild failed."""

Views = Annotated[list[str] | None, typer.Argument(help=f"Any of {', '.join(VIEW_OF)}. Default: all.")]
Jobs = Annotated[
    int,
    typer.Option(min=1, max=64, help="Number of parallel loader processes, then of index sessions."),
]


def add_to(app: typer.Typer) -> None:
    app.command()(rebuild)
    app.command()(verify)


def rebuild(
    view: Views = None,
    accept_differences: Annotated[
        bool, typer.Option("--accept-differences", help="Swap even if rows differ from the served ones.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Build, show the differences, and swap nothing.")] = False,
    stream: Annotated[
        str | None,
        typer.Option(help="Repair the rows of one request or incident, such as 'pristina-2024-0001', in place."),
    ] = None,
    cancel: Annotated[
        bool,
        typer.Option(
            "--cancel",
            help="Stop running rebuilds of these views, in any process; discard what a stopped rebuild had loaded.",
        ),
    ] = False,
    jobs: Jobs = JOBS,
    as_json: JsonOption = False,
) -> None:
    """Rebuilds views into copies and swaps them in atomically, while the old ones are served.

    A view is not swapped if rows differ from the served ones although its version is the same. Exit status 1 if any
    view was not swapped. A rebuild that was stopped or killed while loading resumes.
    """
    views = _named(view or [])
    options = {"--stream": stream, "--cancel": cancel, "--dry-run": dry_run, "--accept-differences": accept_differences}
    chosen = [name for name, given in options.items() if given]
    if len(chosen) > 1 and chosen != ["--dry-run", "--accept-differences"]:
        raise typer.BadParameter(f"{joined(chosen, 'and')} exclude each other: choose one")
    if as_json and (stream is not None or cancel):
        raise typer.BadParameter("--json is for rebuilds, not for --stream and --cancel")
    if stream is not None:
        _repair_stream(views, stream)
        return
    if cancel:
        _cancel(views)
        return
    if dry_run:
        found, done = _compared(views, jobs, is_quiet=as_json)
        if as_json:
            print_json(found)
        refused = [each.view for each in found if each.differing and not (each.may_differ or accept_differences)]
    else:
        swapped, refused, done = _swapped(views, jobs, accept_differences, is_quiet=as_json)
        if as_json:
            print_json({"swapped": swapped, "notSwapped": refused})
        if refused:
            print_error("'mandate rebuild --accept-differences' swaps nevertheless")
    if refused or not done:
        raise typer.Exit(1)


def verify(view: Views = None, jobs: Jobs = JOBS, as_json: JsonOption = False) -> None:
    """Compares views with a rebuild from the events, and changes nothing.

    Exit status 1 if rows differ, or if a view could not be compared.
    """
    found, done = _compared(_named(view or []), jobs, is_quiet=as_json)
    if as_json:
        print_json(found)
    if not done or any(each.differing for each in found):
        raise typer.Exit(1)


def stream_called(urls: DatabaseUrls, called: str) -> UUID:
    """The stream with this reference or id; ids are not checked. Raises Misconfigured for an unknown reference."""
    with suppress(ValueError):
        return UUID(called)
    with closing(EventStore(urls.api)) as store:
        found = find(store, called)
    if found is None:
        raise Misconfigured(f"nothing is called {called}")
    return found


def _repair_stream(views: Sequence[View], called: str) -> None:
    failed, without_rows = False, []
    with open_database(Settings.from_environment()) as urls, answering():
        wanted = stream_called(urls, called)
        for view in views:
            try:
                events = number_of(repair(view, urls.worker, decode, wanted), "event", "events")
                typer.echo(f"{view.name}: the rows of {called} are rebuilt from {events}")
            except NoRowsOfStream:
                without_rows.append(view.name)
            except (OtherVersion, *FAILURES) as error:
                failed = True
                print_error_line(f"{view.name} {SERVED}: {error}")
        if len(without_rows) == len(views):
            _refuse_unknown(urls, wanted, called)
            named = joined(without_rows, "or")
            raise Misconfigured(f"{named} has no rows of {called} alone, up to its current position")
    if failed:
        raise typer.Exit(1)


def _refuse_unknown(urls: DatabaseUrls, stream: UUID, called: str) -> None:
    """Raises Misconfigured if the stream does not exist."""
    with closing(EventStore(urls.api)) as store:
        if store.event(stream, 1) is None:
            raise Misconfigured(f"nothing is called {called}")


def _cancel(views: Sequence[View]) -> None:
    with open_database(Settings.from_environment()) as urls, answering():
        stopped = rebuild_queue.cancel(urls.worker, [each.name for each in views])
        discarded = []
        for view in views:
            with suppress(BeingRebuilt):
                discarded += [view.name] if view.name not in stopped and discard(view, urls.worker) else []
    typer.echo(f"stopped: {', '.join(stopped) or 'no rebuild is running'}")
    if discarded:
        typer.echo(f"discarded the data of a stopped rebuild: {', '.join(discarded)}")


def _swapped(
    views: Sequence[View], jobs: int, accept: bool, *, is_quiet: bool
) -> tuple[list[RebuildResult], list[str], bool]:
    """(results, views not swapped because rows differ, whether all others were swapped). Each is printed when done."""
    results, refused = list[RebuildResult](), list[str]()

    def swap(view: View, url: str, shown: ProgressBoard, stop: Event) -> None:
        try:
            rebuilt = rebuild_view(view, url, decode, _on(shown, view), stop, jobs=jobs, accept=accept, go_back=True)
            results.append(rebuilt)
            lines = rebuilt.comparison.lines() if rebuilt.comparison else ()
            for line in () if is_quiet else (_summary(rebuilt), *(f"  {line}" for line in lines)):
                shown.say(line)
        except RowsDiffer as error:
            refused.append(view.name)
            print_error(f"not swapped: {error}")

    done = _each(views, swap, SERVED)
    return results, refused, done


def _compared(views: Sequence[View], jobs: int, *, is_quiet: bool = False) -> tuple[list[Comparison], bool]:
    """(comparisons, whether all could be made). Each is printed when it is done; a view never followed has none."""
    found = []

    def compare(view: View, url: str, shown: ProgressBoard, stop: Event) -> None:
        comparison = verify_view(view, url, decode, _on(shown, view), stop, jobs=jobs)
        if comparison is None:
            (print_error if is_quiet else shown.say)(f"{view.name}: it has not followed any events yet")
            return
        for line in () if is_quiet else (comparison.summary(), *(f"  {line}" for line in comparison.lines())):
            shown.say(line)
        found.append(comparison)

    done = _each(views, compare, "was not compared")
    return found, done


def _each(views: Sequence[View], work: Callable[[View, str, ProgressBoard, Event], None], left: str) -> bool:
    """Does the work view by view, and prints failures in one line each. Returns whether all succeeded.

    left: printed for a view that failed. After a stop or a cancellation, the remaining views are skipped.
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
                print_error(f"not started: {', '.join(each.name for each in rest)}")
                break
    if stop.is_set() and not done:
        raise typer.Exit(stop.status)
    return done


@contextmanager
def answering() -> Iterator[None]:
    """Converts errors of the database into Unavailable."""
    try:
        yield
    except psycopg.Error as error:
        is_away = error.sqlstate is None or error.sqlstate.startswith(("08", "57P"))
        what = "does not answer" if is_away else "aborted the statement"
        raise Unavailable(f"the database {what}: {first_line(error)}") from error


def _summary(rebuilt: RebuildResult) -> str:
    summary = (
        f"{rebuilt.view}: {number_of(rebuilt.processed, 'event', 'events')} in {rebuilt.seconds:.1f} s, "
        f"up to position {rebuilt.position:,}"
    )
    if (compared := rebuilt.comparison) is None:
        return summary
    return f"{summary}; {number_of(compared.differing, 'row differs', 'rows differ')} from those before"


def _on(shown: ProgressBoard, view: View) -> Callable[[ProgressReport], None]:
    return lambda progress: shown.show(view.name, progress.processed, progress.total, progress.summary)


def _named(names: Sequence[str]) -> list[View]:
    unknown = [name for name in names if name not in VIEW_OF]
    if unknown:
        raise Misconfigured(f"there is no view {', '.join(unknown)}: there are {', '.join(VIEW_OF)}")
    return [VIEW_OF[name] for name in dict.fromkeys(names)] or list(VIEWS)
