"""Reads over HTTP, compared with plain Strawberry and with PostGraphile on the same rows."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import Final
from urllib.request import urlopen

import psycopg
from prometheus_client.parser import text_string_to_metric_families

from benchmarks import postgraphile_peer, read_servers
from benchmarks.load_generator import LoadResult, generate
from benchmarks.processor_time import backends, seconds_of, spent
from benchmarks.read_servers import ITEM, PAGE, ReadServer
from benchmarks.server import durable_server
from benchmarks.serving import Served
from benchmarks.tables import aligned, cpu_table, middle, percentile, times

WITHOUT_POSTGRAPHILE: Final = (
    "PostGraphile was left out: it is not installed. `make bench-reads` installs it where npm is available."
)


@dataclass(frozen=True, slots=True)
class Scale:
    """items: requests with 20 events, in turn. rounds: measured, after one that warms up."""

    events: int
    items: int
    connections: tuple[int, ...]
    rounds: int
    seconds: float


FULL: Final = Scale(events=50_000, items=64, connections=(1, 16, 64), rounds=5, seconds=1.5)
QUICK: Final = Scale(events=1_000, items=4, connections=(1, 4), rounds=1, seconds=0.2)


@dataclass(frozen=True, slots=True)
class Measurement:
    """server, database: processor microseconds per request."""

    result: LoadResult
    server: float
    database: float


Measurements = dict[tuple[str, int, str], list[Measurement]]


def measure(*, quick: bool = False) -> str:
    """Two tables: throughput and processor time, and the processor time of the first two servers by layer."""
    scale = QUICK if quick else FULL
    found: Measurements = {}
    with durable_server() as database, ExitStack() as stack:
        assert database.superuser is not None
        servers = read_servers.start(database, scale.events, scale.items, stack)
        connection = stack.enter_context(psycopg.connect(database.superuser, autocommit=True))
        for round_ in range(scale.rounds + 1):
            for question, connections, server in product((PAGE, ITEM), scale.connections, servers):
                load = partial(generate, server.loads[question], connections, scale.seconds)
                measurement = _measure(load, server, connection)
                if round_ > 0:
                    found.setdefault((question, connections, server.name), []).append(measurement)
        profiles = {
            f"{server.name}, {question.partition(' ')[0]}": server.process.profile(
                server.loads[question], min(16, max(scale.connections)), scale.seconds
            )
            for question, server in product((PAGE, ITEM), servers[:2])
            if isinstance(server.process, Served)
        }
        parts = [_table(scale, servers, found), cpu_table(profiles), _by_the_reference(servers[0])]
    if not postgraphile_peer.is_installed():
        parts.append(WITHOUT_POSTGRAPHILE)
    return "\n\n".join(parts)


def _measure(
    load: Callable[[], LoadResult], server: ReadServer, connection: psycopg.Connection[tuple[int]]
) -> Measurement:
    processes = [server.process.pid]
    before, database_before = seconds_of(processes), seconds_of(backends(connection))
    result = load()
    after, database_after = seconds_of(processes), seconds_of(backends(connection))
    per_request = 1e6 / len(result.latencies)
    return Measurement(result, spent(before, after) * per_request, spent(database_before, database_after) * per_request)


def _table(scale: Scale, servers: Sequence[ReadServer], found: Mapping[tuple[str, int, str], list[Measurement]]) -> str:
    head = (
        "reads over HTTP",
        "connections",
        "server",
        "per second",
        "Mandate vs it",
        "p50 ms",
        "p99 ms",
        "CPU us",
        "DB us",
    )
    rows = []
    for question, connections, server in product((PAGE, ITEM), scale.connections, servers):
        mine = found[question, connections, server.name]
        first = server is servers[0]
        mandate = found[question, connections, servers[0].name]
        rows.append(
            (
                question if first and connections == scale.connections[0] else "",
                str(connections) if first else "",
                server.name,
                f"{middle(each.result.rate for each in mine):,.0f}",
                times(middle(ours.result.rate / its.result.rate for ours, its in zip(mandate, mine, strict=True))),
                *(f"{1000 * middle(percentile(each.result.latencies, p) for each in mine):.1f}" for p in (0.5, 0.99)),
                f"{middle(each.server for each in mine):,.0f}",
                f"{middle(each.database for each in mine):,.0f}",
            )
        )
    return aligned(head, rows)


def _by_the_reference(mandate: ReadServer) -> str:
    """How many operations Mandate did not execute by compiled code."""
    with urlopen(f"http://127.0.0.1:{mandate.process.port}/metrics") as response:
        families = text_string_to_metric_families(response.read().decode())
        samples = [sample for family in families for sample in family.samples]
    by_executor = {
        sample.labels["executor"]: sample.value
        for sample in samples
        if sample.name == "mandate_graphql_operations_total"
    }
    total = sum(by_executor.values())
    return f"Executed by graphql-core: {by_executor.get('reference', 0):,.0f} of {total:,.0f} operations."
