"""Commands per second over HTTP, compared with a plain Strawberry application on the stock Application."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import psycopg

from benchmarks import register, serving
from benchmarks.generated_history import fill
from benchmarks.load_generator import Load, LoadResult, generate, request
from benchmarks.server import created, durable_server, migrated
from benchmarks.serving import Served
from benchmarks.stock_application import StockRegister, environment
from benchmarks.tables import aligned, cpu_table, middle, percentile, times
from domain.vocabulary import AuthorityCode, Role
from projections.catalogue import VIEWS
from projections.rebuilding.rebuild import rebuild
from service.access.own_tokens import Tokens
from service.event_store.mapper import decode
from service.settings import DatabaseUrls

OURS: Final = """mutation ($id: ID!, $reason: String!) {
    remarkOnDeploymentRequest(input: {id: $id, reason: $reason}) {
        ... on DeploymentRequestRecorded {
            deploymentRequest {
                id reference version status force strength region purpose requestingAuthority { code }
            }
            position
        }
    }
}"""
THEIRS: Final = """mutation ($id: ID!, $reason: String!) {
    remark(id: $id, reason: $reason) { id version status force strength region purpose authority remarks }
}"""
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
EVENTS_A_REQUEST: Final = 8


@dataclass(frozen=True, slots=True)
class Side:
    name: str
    served: Served
    load: Load


Runs = dict[tuple[int, str], list[LoadResult]]


def measure(*, quick: bool = False) -> str:
    """Two tables: throughput, and CPU time by layer."""
    scale = QUICK if quick else FULL
    runs: Runs = {}
    with durable_server() as server, ExitStack() as stack:
        sides = (_mandate(server, scale, stack), _stock(server, scale, stack))
        for _ in range(scale.rounds):
            for connections in scale.connections:
                for side in sides:
                    result = generate(side.load, connections, scale.seconds)
                    runs.setdefault((connections, side.name), []).append(result)
        sampled = min(16, max(scale.connections))
        profiles = {f"{side.name}, a remark": side.served.profile(side.load, sampled, scale.seconds) for side in sides}
    return f"{throughput_table(scale, runs)}\n\n{cpu_table(profiles)}"


def _mandate(server: DatabaseUrls, scale: Scale, stack: ExitStack) -> Side:
    urls = migrated(server, "http_mandate")
    fill(urls.owner, scale.events)
    for view in VIEWS:
        rebuild(view, urls.worker, decode)
    with psycopg.connect(urls.owner) as connection:
        ids = [found for (found,) in connection.execute(SEEN_BY_THE_REVIEWER)]
    token = Tokens(serving.KEY).issue(REVIEWER, name=None, now=datetime.now(UTC), lifetime=timedelta(hours=2))
    served = stack.enter_context(serving.mandate(urls))
    return Side("Mandate", served, _load(served, OURS, ids, token))


def _stock(server: DatabaseUrls, scale: Scale, stack: ExitStack) -> Side:
    url = created(server, "http_stock").owner
    with closing(StockRegister(environment(url))) as app:
        ids = [_life(app) for _ in range(scale.events // 10)]
    served = stack.enter_context(serving.stock(url))
    return Side("stock", served, _load(served, THEIRS, ids, None))


def _life(app: StockRegister) -> UUID:
    """Creates a request with as many events as the others."""
    request_id = app.submit("pristina", "official", "KSF", 120, "xk/north/zubin-potok", register.PURPOSE)
    found: Any = app.repository.get(request_id)
    for _ in range(EVENTS_A_REQUEST - 1):
        found.remark("kfor", "reviewer", register.REMARK)
    app.save(found)
    return request_id


def _load(served: Served, document: str, ids: Sequence[UUID], token: str | None) -> Load:
    bodies = [request(document, token, id=str(each), reason=register.REMARK) for each in ids]
    return Load(served.port, bodies, b'"purpose"')


def throughput_table(scale: Scale, runs: Mapping[tuple[int, str], Sequence[LoadResult]]) -> str:
    head = ("a remark over HTTP", "connections", "per second", "vs stock", "p50 ms", "p99 ms")
    rows = []
    for connections in scale.connections:
        stock = runs[connections, "stock"]
        for name in ("Mandate", "stock"):
            mine = runs[connections, name]
            rows.append(
                (
                    name,
                    str(connections) if name == "Mandate" else "",
                    f"{middle(result.rate for result in mine):,.0f}",
                    times(middle(a.rate / b.rate for a, b in zip(mine, stock, strict=True))),
                    *(f"{1000 * middle(percentile(each.latencies, p) for each in mine):.1f}" for p in (0.5, 0.99)),
                )
            )
    return aligned(head, rows)
