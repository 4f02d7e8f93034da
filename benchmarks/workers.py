"""Worker processes that execute commands as fast as possible, so that the load uses more than one interpreter."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from inspect import iscoroutinefunction
from multiprocessing import get_context
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self, cast

import uvloop

Client = Callable[[], None] | Callable[[], Awaitable[None]]
"""Executes one command: in its own thread, or in an event loop shared with the others."""
Side = Callable[[int, ExitStack], Callable[[str, int, int], Client]]
"""Opens one side in the n-th process; the result makes a client from (command, index, number of clients)."""


@dataclass(frozen=True, slots=True)
class Run:
    """The result of a run: commands per second, and the latency of each."""

    rate: float
    seconds: list[float]


class Workers:
    """Processes of one side. They wait between runs, so that rounds of several sides can be interleaved."""

    def __init__(self, side: Side, count: int) -> None:
        self._side = side
        self._count = count

    def __enter__(self) -> Self:
        context = get_context("spawn")
        self._pipes: list[Connection] = []
        self._processes = []
        for number in range(self._count):
            ours, theirs = context.Pipe()
            process = context.Process(target=_serve, args=(self._side, number, theirs), daemon=True)
            process.start()
            self._pipes.append(ours)
            self._processes.append(process)
        for pipe in self._pipes:
            _answer(pipe)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        for pipe in self._pipes:
            pipe.send(None)
        for process in self._processes:
            process.join(30)

    def run(self, command: str, processes: int, clients: int, seconds: float) -> Run:
        """Runs `clients` clients in each of `processes` processes for `seconds`."""
        pipes = self._pipes[:processes]
        for pipe in pipes:
            pipe.send((command, clients, seconds))
        took: list[float] = []
        for pipe in pipes:
            took.extend(_answer(pipe))
        return Run(len(took) / seconds, took)


def _answer(pipe: Connection) -> Any:
    answer = pipe.recv()
    if isinstance(answer, BaseException):
        raise answer
    return answer


def _serve(side: Side, number: int, pipe: Connection) -> None:
    try:
        with ExitStack() as stack:
            client = side(number, stack)
            pipe.send("ready")
            while (order := pipe.recv()) is not None:
                command, clients, seconds = order
                pipe.send(together([client(command, n, clients) for n in range(clients)], seconds))
    except BaseException as error:
        pipe.send(RuntimeError(f"{type(error).__name__}: {error}"))
        raise


def together(clients: Sequence[Client], seconds: float) -> list[float]:
    """Runs all clients concurrently for `seconds`. Returns the latency of each command."""
    end = time.perf_counter() + seconds

    async def drive_in_loop(client: Callable[[], Awaitable[None]]) -> list[float]:
        took = []
        before = time.perf_counter()
        while before < end:
            await client()
            after = time.perf_counter()
            took.append(after - before)
            before = after
        return took

    async def in_loop() -> list[list[float]]:
        return await asyncio.gather(*map(drive_in_loop, cast("Sequence[Callable[[], Awaitable[None]]]", clients)))

    def drive(client: Callable[[], None]) -> list[float]:
        took = []
        before = time.perf_counter()
        while before < end:
            client()
            after = time.perf_counter()
            took.append(after - before)
            before = after
        return took

    if iscoroutinefunction(clients[0]):
        return [value for took in uvloop.run(in_loop()) for value in took]
    with ThreadPoolExecutor(len(clients)) as pool:
        return [value for took in pool.map(drive, cast("Sequence[Callable[[], None]]", clients)) for value in took]
