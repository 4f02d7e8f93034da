"""Throughput and latency of commands through the dispatcher, compared with the stock library's Application."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from typing import Final
from uuid import UUID

from benchmarks import register
from benchmarks.server import created, durable_server, migrated
from benchmarks.stock_application import StockRegister, environment
from benchmarks.tables import aligned, middle, percentile, times
from benchmarks.workers import Client, Run, Workers
from service.commands.dispatcher import blocking
from service.processes.composition import write_side
from service.settings import Settings


@dataclass(frozen=True, slots=True)
class Load:
    name: str
    processes: int
    clients: int
    """Clients per process."""


@dataclass(frozen=True, slots=True)
class Scale:
    loads: tuple[Load, ...]
    streams: int
    """Requests per process; enough to keep each as short as a real one."""
    rounds: int
    seconds: float


LOADS: Final = (Load("1 client", 1, 1), Load("32 clients in one process", 1, 32), Load("4 processes x 8", 4, 8))
FULL: Final = Scale(LOADS, streams=3000, rounds=7, seconds=2.0)
QUICK: Final = Scale(LOADS[:1], streams=64, rounds=1, seconds=0.3)

MANDATE: Final = "Mandate"
STOCK: Final = "stock"
NEW: Final = "stock, new streams"
"""The stock library's best case: a new stream per command, so that nothing is read."""
SIDES: Final = ((MANDATE, "mandate", "remark"), (STOCK, "stock", "remark"), (NEW, "stock", "submit"))


def measure(*, quick: bool = False) -> str:
    """One table: every load on every side, interleaved."""
    scale = QUICK if quick else FULL
    runs: dict[tuple[str, str], list[Run]] = {}
    with durable_server() as server, ExitStack() as stack:
        urls = migrated(server, "commands_mandate")
        most = max(load.processes for load in scale.loads)
        with write_side(Settings(), urls.api) as write, blocking(write.dispatcher) as dispatch:
            register.found(dispatch)
            requests = register.submit(dispatch, most * scale.streams)
        stock_url = created(server, "commands_stock").owner
        StockRegister(environment(stock_url)).close()
        sides = {
            "mandate": stack.enter_context(Workers(partial(mandate_side, urls.api, requests, most), most)),
            "stock": stack.enter_context(Workers(partial(stock_side, stock_url, scale.streams), most)),
        }
        for _ in range(scale.rounds):
            for load in scale.loads:
                for name, side, command in SIDES:
                    run = sides[side].run(command, load.processes, load.clients, scale.seconds)
                    runs.setdefault((load.name, name), []).append(run)
    return table(scale.loads, runs)


def mandate_side(
    url: str, requests: list[UUID], processes: int, process: int, stack: ExitStack
) -> Callable[[str, int, int], Client]:
    """Remarks through the dispatcher in an event loop, as in the API, on the client's own requests."""
    write = stack.enter_context(write_side(Settings(), url))
    own = requests[process::processes]

    def client(command: str, number: int, clients: int) -> Client:
        orders = cycle([register.remark(request, number) for request in own[number::clients]])

        async def carry_out() -> None:
            register.recorded(await write.dispatcher.dispatch(next(orders)))

        return carry_out

    return client


def stock_side(url: str, streams: int, process: int, stack: ExitStack) -> Callable[[str, int, int], Client]:
    """The same on the stock Application, which reads only the stream itself."""
    app = stack.enter_context(closing(StockRegister(environment(url, CREATE_TABLE="no"))))
    submission = ("pristina", "official", "KSF", 120, "xk/north/zubin-potok", register.PURPOSE)
    requests: list[UUID] = [app.submit(*submission) for _ in range(streams)]

    def client(command: str, number: int, clients: int) -> Client:
        if command == "submit":
            return lambda: void(app.submit(*submission))
        mine = cycle(requests[number::clients])
        return lambda: void(app.remark(next(mine), "kfor", f"reviewer-{number}", register.REMARK))

    return client


def void(answer: object) -> None:
    """Discards the result of a command."""


def table(loads: Sequence[Load], runs: Mapping[tuple[str, str], list[Run]]) -> str:
    head = ("commands, durable", "side", "per second", "vs stock", "p50 ms", "vs stock", "p99 ms")
    rows = []
    for load in loads:
        stock = runs[load.name, STOCK]
        for name, _, _ in SIDES:
            mine = runs[load.name, name]
            rows.append(
                (
                    load.name if name == MANDATE else "",
                    name,
                    f"{middle(run.rate for run in mine):,.0f}",
                    times(middle(a.rate / b.rate for a, b in zip(mine, stock, strict=True))),
                    f"{_latency(mine, 0.5):.2f}",
                    times(_latency(mine, 0.5) / _latency(stock, 0.5)),
                    f"{_latency(mine, 0.99):.2f}",
                )
            )
    return aligned(head, rows)


def _latency(runs: list[Run], share: float) -> float:
    """A percentile of the latency, in milliseconds."""
    return 1000 * middle(percentile(run.seconds, share) for run in runs)
