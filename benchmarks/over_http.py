"""Commands and queries per second over HTTP, compared with a plain Strawberry app on the stock Application."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks import register, serving
from benchmarks.alone import alone
from benchmarks.asking import Load, ask, request
from benchmarks.history import fill
from benchmarks.server import created, durable_server, migrated
from benchmarks.serving import Served
from benchmarks.stock import StockRegister, environment
from benchmarks.tables import aligned, middle, percentile, times
from domain.vocabulary import AuthorityCode, Role
from projections.catalogue import VIEWS
from projections.rebuilding.rebuild import rebuild
from service.event_store.mapper import decode
from service.identity import Tokens
from service.settings import DatabaseUrls

COMMAND: Final = "command: a remark"
ITEM: Final = "query: one request"
PAGE: Final = "query: a page of 20"
OPERATIONS: Final = (COMMAND, ITEM, PAGE)

SHOWN: Final = "id reference version status force strength region purpose requestingAuthority { code }"
OURS: Final = {
    COMMAND: f"""mutation ($id: ID!, $reason: String!) {{
        remarkOnDeploymentRequest(input: {{id: $id, reason: $reason}}) {{
            ... on DeploymentRequestRecorded {{ deploymentRequest {{ {SHOWN} }} position }}
        }}
    }}""",
    ITEM: f"query ($id: ID!) {{ deploymentRequest(id: $id) {{ {SHOWN} }} }}",
    PAGE: f"{{ deploymentRequests(first: 20) {{ edges {{ node {{ {SHOWN} }} }} pageInfo {{ hasNextPage }} }} }}",
}
STOCK_SHOWN: Final = "id version status force strength region purpose authority remarks"
THEIRS: Final = {
    COMMAND: f"mutation ($id: ID!, $reason: String!) {{ remark(id: $id, reason: $reason) {{ {STOCK_SHOWN} }} }}",
    ITEM: f"query ($id: ID!) {{ request(id: $id) {{ {STOCK_SHOWN} }} }}",
    PAGE: f"{{ requests(first: 20) {{ {STOCK_SHOWN} }} }}",
}
REVIEWER: Final = register.official(AuthorityCode("alder"), Role.REVIEWER, name="alder.reviewer.0")
SEEN_BY_THE_REVIEWER: Final = """
    SELECT id FROM projections.deployment_requests
    WHERE valid_until = 'infinity' AND deciding_authority = 'alder' AND audience && '{everybody,authority:alder}'
"""


@dataclass(frozen=True, slots=True)
class Scale:
    events: int
    connections: tuple[int, ...]
    rounds: int
    seconds: float


FULL: Final = Scale(events=50_000, connections=(1, 16, 64), rounds=5, seconds=2.0)
QUICK: Final = Scale(events=300, connections=(1, 4), rounds=1, seconds=0.2)
SAMPLED: Final = 16
"""Number of connections for the profile."""
EVENTS_A_REQUEST: Final = 8


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    served: Served
    loads: Mapping[str, Load]


Runs = dict[tuple[str, int, str], list[tuple[float, list[float]]]]


def measure(*, quick: bool = False) -> str:
    """Two tables: throughput, and CPU time by layer."""
    scale = QUICK if quick else FULL
    runs: Runs = {}
    with durable_server() as server, ExitStack() as stack:
        sides = (_mandate(server, scale, stack), _stock(server, scale, stack))
        for _ in range(scale.rounds):
            for operation in OPERATIONS:
                for connections in scale.connections:
                    for side in sides:
                        took, _ = alone(ask, side.loads[operation], connections, scale.seconds)
                        key = (operation, connections, side.name)
                        runs.setdefault(key, []).append((len(took) / scale.seconds, took))
        where = {(operation, side.name): _sampled(side, operation, scale) for operation in OPERATIONS for side in sides}
    return f"{throughput_table(scale, runs)}\n\n{cpu_table(where)}"


def _mandate(server: DatabaseUrls, scale: Scale, stack: ExitStack) -> Side:
    urls = migrated(server, "http_mandate")
    fill(urls.owner, scale.events)
    for view in VIEWS:
        rebuild(view, urls.worker, decode)
    with psycopg.connect(urls.owner) as connection:
        ids = [str(found) for (found,) in connection.execute(SEEN_BY_THE_REVIEWER)]
    token = Tokens(serving.KEY).issue(REVIEWER, name=None, now=datetime.now(UTC), lifetime=timedelta(hours=2))
    served = stack.enter_context(serving.mandate(urls))
    return Side("Mandate", served, _loads(served, OURS, ids, token))


def _stock(server: DatabaseUrls, scale: Scale, stack: ExitStack) -> Side:
    url = created(server, "http_stock").owner
    with closing(StockRegister(environment(url))) as app:
        ids = [_life(app) for _ in range(scale.events // 10)]
    served = stack.enter_context(serving.stock(url, ids))
    return Side("stock", served, _loads(served, THEIRS, [str(each) for each in ids], None))


def _life(app: StockRegister) -> UUID:
    """Creates a request with as many events as the others."""
    request_id = app.submit("pristina", "official", "KSF", 120, "xk/north/zubin-potok", register.PURPOSE)
    found: Any = app.repository.get(request_id)
    for _ in range(EVENTS_A_REQUEST - 1):
        found.remark("kfor", "reviewer", register.REMARK)
    app.save(found)
    return request_id


def _loads(served: Served, documents: Mapping[str, str], ids: Sequence[str], token: str | None) -> dict[str, Load]:
    asked = {
        COMMAND: [request(documents[COMMAND], token, id=each, reason=register.REMARK) for each in ids],
        ITEM: [request(documents[ITEM], token, id=each) for each in ids],
        PAGE: [request(documents[PAGE], token)] * 100,
    }
    return {operation: Load(served.port, bodies, b'"purpose"') for operation, bodies in asked.items()}


def _sampled(side: Side, operation: str, scale: Scale) -> dict[str, float]:
    """CPU microseconds per request, by layer."""
    side.served.begin_sampling()
    took, _ = alone(ask, side.loads[operation], min(SAMPLED, max(scale.connections)), scale.seconds)
    return {layer: 1e6 * seconds / len(took) for layer, seconds in side.served.sampled().items()}


def throughput_table(scale: Scale, runs: Runs) -> str:
    head = ("over HTTP", "connections", "side", "per second", "vs stock", "p50 ms", "p99 ms")
    rows = []
    for operation in OPERATIONS:
        for connections in scale.connections:
            stock = runs[operation, connections, "stock"]
            for name in ("Mandate", "stock"):
                mine = runs[operation, connections, name]
                first = name == "Mandate"
                rows.append(
                    (
                        operation if first and connections == scale.connections[0] else "",
                        str(connections) if first else "",
                        name,
                        f"{middle(rate for rate, _ in mine):,.0f}",
                        times(middle(a / b for (a, _), (b, _) in zip(mine, stock, strict=True))),
                        f"{1000 * middle(percentile(took, 0.5) for _, took in mine):.1f}",
                        f"{1000 * middle(percentile(took, 0.99) for _, took in mine):.1f}",
                    )
                )
    return aligned(head, rows)


def cpu_table(where: Mapping[tuple[str, str], Mapping[str, float]]) -> str:
    columns = list(where)
    layers = sorted({layer for spent in where.values() for layer in spent}, key=lambda layer: -_most(where, layer))
    head = ("CPU us per request", *(f"{side}, {operation.partition(': ')[2]}" for operation, side in columns))
    rows = [(layer, *(f"{where[column].get(layer, 0.0):,.0f}" for column in columns)) for layer in layers]
    total = ("server process, total", *(f"{sum(where[column].values()):,.0f}" for column in columns))
    return aligned(head, [*rows, total])


def _most(where: Mapping[tuple[str, str], Mapping[str, float]], layer: str) -> float:
    return max(spent.get(layer, 0.0) for spent in where.values())
