"""Lists and counts through the API over HTTP: as of an instant compared with now, in interleaved rounds."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks import audit_queries, serving
from benchmarks.audit_queries import INBOX, OFFICIAL, THEN, SampleValues
from benchmarks.load_generator import Load, generate, request
from benchmarks.random_actors import COURT
from benchmarks.register import official
from benchmarks.tables import aligned, middle, percentile
from domain.vocabulary import AuthorityCode, Role
from projections.reading.queries import ViewerScope
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from service.access.own_tokens import Tokens
from service.settings import DatabaseUrls

SHOWN: Final = "id reference version status force strength region purpose requestingAuthority { code }"
LIST: Final = """query ($filter: DeploymentRequestFilter, $order: DeploymentRequestOrder, $asOf: DateTime) {
    deploymentRequests(filter: $filter, orderBy: $order, asOf: $asOf) { %s } }"""
PAGE: Final = LIST % f"edges {{ node {{ {SHOWN} }} }} pageInfo {{ hasNextPage }}"
COUNTED: Final = LIST % f"totalCount edges {{ node {{ {SHOWN} }} }} pageInfo {{ hasNextPage }}"
SITUATION: Final = """query ($regions: [String!], $asOf: DateTime) {
    situation(regions: $regions, asOf: $asOf) { region openIncidents requestsByStatus { status count } } }"""
ITEMS: Final = """query ($asOf: DateTime) { inbox(asOf: $asOf) { %s edges { node { id action why since due overdue
    subject {
        ... on DeploymentRequest { id reference status marking }
        ... on Incident { id reference attributionStatus marking } } } } pageInfo { hasNextPage } } }"""
REQUESTS: Final = "all, as an official"
"""The list of requests that an inbox is compared with."""
ACTORS: Final = {
    True: official(AuthorityCode("district-c"), Role.REQUESTER),
    False: official(COURT, Role.AUDITOR, name="auditor"),
}
"""Whether the official asks (otherwise the auditor) -> actor."""
NOW: Final = "now"


@dataclass(frozen=True, slots=True)
class Asked:
    """A query, without its as-of instant."""

    document: str
    variables: Mapping[str, Any]
    token: str

    def load(self, port: int, share: float | None) -> Load:
        then = {} if share is None else {"asOf": audit_queries.instant(share).isoformat()}
        return Load(port, [request(self.document, self.token, **self.variables, **then)], b'"data"')


def measure(urls: DatabaseUrls, samples: SampleValues, *, rounds: int, seconds: float) -> str:
    """Two tables. seconds: duration of each query per round, with sequential requests."""
    took: dict[tuple[str, str], list[float]] = {}
    every = dict(_every(samples))
    with serving.api(urls) as served:
        for _ in range(rounds):
            for name, question in every.items():
                for when, share in {NOW: None, **THEN}.items():
                    found = generate(question.load(served.port, share), 1, seconds).latencies
                    took.setdefault((name, when), []).append(1000 * percentile(found, 0.5))
    rounds_of = {name: {when: took[name, when] for when in (NOW, *THEN)} for name in every}
    return f"{_table(rounds_of)}\n\n{_inbox_table(rounds_of)}"


def _every(samples: SampleValues) -> Iterator[tuple[str, Asked]]:
    tokens = {who: Tokens(serving.KEY).issue(ACTORS[who], name=None, **_valid()) for who in ACTORS}
    lists = audit_queries.lists(samples)
    for name, wanted in lists.items():
        yield name, _asked(PAGE, wanted, tokens)
    for name in ("all", "approved", "in one place"):
        yield f"{name}, counted", _asked(COUNTED, lists[name], tokens)
    whose = Tokens(serving.KEY).issue(audit_queries.WHOSE.actor, name=None, **_valid())
    yield INBOX, Asked(ITEMS % "", {}, whose)
    yield f"{INBOX}, counted", Asked(ITEMS % "totalCount", {}, whose)
    for name, regions in (("the situation of one region", ["ce/north"]), ("the situation of every region", None)):
        yield name, Asked(SITUATION, {"regions": regions}, tokens[False])


def _asked(
    document: str, wanted: tuple[ViewerScope, RequestListFilter, RequestOrder], tokens: Mapping[bool, str]
) -> Asked:
    sight, filtered, order = wanted
    return Asked(document, {"filter": _written(filtered), "order": order}, tokens[sight is OFFICIAL])


def _valid() -> dict[str, Any]:
    return {"now": datetime.now(UTC), "lifetime": timedelta(hours=2)}


def _written(wanted: RequestListFilter) -> dict[str, Any]:
    """A filter as a GraphQL input."""
    chosen = {field.name: getattr(wanted, field.name) for field in fields(wanted)}
    return {_camel(name): _plain(value) for name, value in chosen.items() if value is not None}


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.title, rest))


def _plain(value: Any) -> Any:
    return value if isinstance(value, bool | list) else value.isoformat() if isinstance(value, datetime) else str(value)


def _table(took: Mapping[str, Mapping[str, list[float]]]) -> str:
    head = ("through the API, 20 requests", "ms now", "ms as of", "ratio", "max ratio", "worst at")
    rows = []
    for name, found in took.items():
        ratios = {when: middle(a / b for a, b in zip(found[when], found[NOW], strict=True)) for when in THEN}
        worst = max(ratios, key=lambda when: ratios[when])
        now, then = middle(found[NOW]), middle(middle(found[when]) for when in THEN)
        shares = (f"{middle(ratios.values()):.2f} x", f"{ratios[worst]:.2f} x")
        rows.append((name, f"{now:.1f}", f"{then:.1f}", *shares, worst))
    return aligned(head, rows)


def _inbox_table(took: Mapping[str, Mapping[str, list[float]]]) -> str:
    """A page of an inbox compared with one of requests."""
    items, requests = took[INBOX], took[REQUESTS]
    ratios = {when: middle(a / b for a, b in zip(items[when], requests[when], strict=True)) for when in (NOW, *THEN)}
    head = ("a page of an inbox vs one of requests", NOW, *THEN)
    return aligned(head, [("through the API", *(f"{ratios[when]:.2f} x" for when in (NOW, *THEN)))])
