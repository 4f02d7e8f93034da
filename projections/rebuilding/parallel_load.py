"""Loads a view's copy part by part, in this process or in several in parallel."""

import gc
import signal
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from traceback import format_exc
from typing import Any, Final
from uuid import UUID

import psycopg

from domain.recorded_event import Recorded
from projections.catalogue import VIEW_OF
from projections.following import parked_events
from projections.following.leadership import connect
from projections.following.replay import BatchSize, Decode, LogReplay, topics
from projections.following.row_writer import UnappliableEvent, begins, fold, memories
from projections.following.stream_ranges import StreamRange
from projections.rebuilding import copies
from projections.rebuilding.copies import NEXT, Copy, Loaded
from projections.tables.binary_copy import load
from projections.tables.view import Folded, View

MIN_PARTS: Final = 4
"""Least number of parts for each process; with fewer, starting it does not pay."""
JOIN_TIMEOUT: Final = 30.0
"""Seconds that a process has to complete its current part."""

GC_THRESHOLDS: Final = (200_000, 10, 10)
"""Events contain no reference cycles. With the default of 700 allocations, collections took half of the time of reading
and a third of that of a rebuild."""

LOST: Final = "a loader process died: the next rebuild resumes from what is loaded"


class LoaderLost(Exception):
    """A loader process died. Parts that are loaded remain."""


@dataclass(frozen=True, slots=True)
class LoadJob:
    """What is loaded, and from where. Loader processes import `decode` by name, and take the view from the catalogue.

    served: the position of the live rows, 0 if there are none.
    """

    view: View
    url: str
    decode: Decode
    copy: Copy
    served: int


def fill(job: LoadJob, parts: Sequence[StreamRange], jobs: int) -> Generator[int, None, None]:
    """Loads the parts, in any order, and yields the number of events of each.

    jobs: most processes; fewer if there are few parts, and only this one for a view that is not in the catalogue.
    If the caller stops, the current parts are completed and no other is begun.
    Raises LoaderLost, UnappliableEvent, psycopg.Error, errors of decode.
    """
    jobs = min(jobs, len(parts) // MIN_PARTS)
    if jobs <= 1 or VIEW_OF.get(job.view.name) is not job.view:
        with _session(job) as connection:
            size = BatchSize()
            yield from (_fill(job, connection, part, size) for part in parts)
        return
    with _processes(job, jobs) as pipes:
        waiting = iter(parts)
        for pipe in pipes:
            _ask(pipe, next(waiting))
        busy = set(pipes)
        while busy:
            for ready in wait(list(busy)):
                assert isinstance(ready, Connection)
                events = _answer(ready)
                part = next(waiting, None)
                if part is None:
                    busy.remove(ready)
                else:
                    _ask(ready, part)
                yield events


def _fill(job: LoadJob, connection: psycopg.Connection[Any], part: StreamRange, size: BatchSize) -> int:
    """Loads one part in one transaction, together with its record in copy_parts."""
    view, copy = job.view, job.copy
    replay = LogReplay(connection, job.decode, copy.position, size)
    events, left_out = 0, list[UUID]()
    with connection.transaction():
        if not copies.claim(connection, copy, part):
            return 0
        for block in replay.blocks(topics(view.by_stream), part):
            folded, numbers = [], dict[UUID, int]()
            for stream, own, _ in block:
                if own is None or (found := _folded(job, connection, stream, own)) is None:
                    left_out.append(stream)
                else:
                    folded.append(found)
                    numbers[stream] = len(own)
            refused = _loaded(view, connection, folded)
            left_out += refused
            events += sum(numbers.values()) - sum(numbers[stream] for stream in refused)
        copies.note(connection, copy, part, Loaded(events, left_out))
    return events


def _folded(
    job: LoadJob, connection: psycopg.Connection[Any], stream: UUID, own: Sequence[Recorded[Any]]
) -> Folded | None:
    """None if an event cannot be applied, and its stream is parked or the live view has not reached the event."""
    view = job.view
    try:
        return fold(view, stream, None, own, begins(connection, own[0]))
    except UnappliableEvent as error:
        if (view.parks and error.position > job.served) or parked_events.is_parked(connection, view, stream):
            return None
        raise


def _loaded(view: View, connection: psycopg.Connection[Any], folded: Sequence[Folded]) -> list[UUID]:
    """Loads rows, and returns the subjects that the database refuses. Applying event by event finds the faulty one."""
    try:
        with connection.transaction():
            _load(view, connection, folded)
    except parked_events.OF_THE_EVENT:
        if len(folded) == 1:
            return [folded[0].subject]
        return [stream for each in folded for stream in _loaded(view, connection, [each])]
    return []


def _load(view: View, connection: psycopg.Connection[Any], folded: Sequence[Folded]) -> None:
    for table in view.tables:
        load(connection, NEXT, table, [row for each in folded for row in each.rows.get(table, ())])
    for table, rows in memories(view, folded).items():
        load(connection, NEXT, table, rows)


@contextmanager
def infrequent_gc() -> Iterator[None]:
    """Sets the thresholds of the process's garbage collector until the context ends."""
    before = gc.get_threshold()
    gc.set_threshold(*GC_THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)


@contextmanager
def _session(job: LoadJob) -> Iterator[psycopg.Connection[Any]]:
    with connect(job.url, f"mandate rebuild {job.view.name}") as connection:
        connection.execute("SET statement_timeout = 0; SET lock_timeout = '60s'")
        yield connection


@contextmanager
def _processes(job: LoadJob, jobs: int) -> Iterator[list[Connection]]:
    """Loader processes. They end when this process ends for any reason, since that closes their pipes."""
    context = get_context("spawn")
    pipes, processes = [], []
    try:
        for _ in range(jobs):
            ours, theirs = context.Pipe()
            named = (job.view.name, job.url, job.decode, job.copy, job.served)
            process = context.Process(target=_serve, args=(*named, theirs), daemon=True)
            with _sigint_blocked():
                process.start()
            theirs.close()
            pipes.append(ours)
            processes.append(process)
        yield pipes
    finally:
        for pipe in pipes:
            pipe.close()
        for process in processes:
            process.join(JOIN_TIMEOUT)
            process.kill()


@contextmanager
def _sigint_blocked() -> Iterator[None]:
    """Processes started in this context ignore keyboard interrupts: the parent process handles them."""
    resource_tracker.ensure_running()  # otherwise it starts with the first process and resets the signal mask
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _serve(name: str, url: str, decode: Decode, copy: Copy, served: int, pipe: Connection) -> None:
    """The main function of a loader process: loads parts until the pipe closes."""
    job = LoadJob(VIEW_OF[name], url, decode, copy, served)
    try:
        with infrequent_gc(), _session(job) as connection:
            size = BatchSize()
            while True:
                pipe.send(_fill(job, connection, pipe.recv(), size))
    except (EOFError, ConnectionError):
        return
    except Exception as error:  # noqa: BLE001 - the parent process raises it
        error.add_note(format_exc())
        with suppress(ConnectionError):
            pipe.send(error)


def _ask(pipe: Connection, part: StreamRange) -> None:
    try:
        pipe.send(part)
    except ConnectionError:
        raise LoaderLost(LOST) from None


def _answer(pipe: Connection) -> int:
    try:
        answer = pipe.recv()
    except (EOFError, ConnectionError):
        raise LoaderLost(LOST) from None
    if isinstance(answer, Exception):
        raise answer
    return int(answer)
