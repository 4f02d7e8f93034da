"""The servers of the comparison of reads, on one database. All answer the same two questions."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle, islice
from typing import Any, Final
from uuid import UUID

from benchmarks import peer_tables, postgraphile_peer, register, serving
from benchmarks.generated_history import fill
from benchmarks.load_generator import Load, fetch_all, request
from benchmarks.postgraphile_peer import PostGraphile, postgraphile
from benchmarks.random_actors import COURT
from benchmarks.server import migrated
from benchmarks.serving import Served
from domain.visibility import viewer
from domain.vocabulary import Role
from projections.catalogue import VIEWS
from projections.rebuilding.rebuild import rebuild
from service.access.own_tokens import Tokens
from service.commands.dispatcher import blocking
from service.event_store.mapper import decode
from service.processes.composition import write_side
from service.settings import DatabaseUrls, Settings

PAGE: Final = "page of 20, by status"
ITEM: Final = "item with 20 events"
HISTORY: Final = 20
AUDITORS: Final = [register.official(COURT, Role.AUDITOR, name=f"auditor-{n}") for n in range(16)]
"""The viewers. One person alone would be held to their quota of concurrent cost and statements."""

FIELDS: Final = "reference version status force strength region purpose"
EVENT_FIELDS: Final = "position version type recordedAt reason"
DOCUMENTS: Final = {
    PAGE: f"""{{ deploymentRequests(first: 20, filter: {{status: [APPROVED]}}) {{
        edges {{ node {{ id {FIELDS} requestingAuthority {{ code }} }} }}
        pageInfo {{ hasNextPage }}
    }} }}""",
    ITEM: f"""query ($id: ID!) {{ deploymentRequest(id: $id) {{
        id {FIELDS} requestingAuthority {{ code }}
        history(first: {HISTORY}) {{ edges {{ node {{ {EVENT_FIELDS} actor {{ subject authority }} }} }} }}
    }} }}""",
}
POSTGRAPHILE_DOCUMENTS: Final = {
    PAGE: f"""{{ deploymentRequests: allDeploymentRequests(
        first: 20, condition: {{status: "APPROVED"}}, orderBy: [SUBMITTED_AT_DESC, ROW_ID_DESC]
    ) {{
        edges {{ node {{ id: rowId {FIELDS} requestingAuthorityCode: requestingAuthority }} }}
        pageInfo {{ hasNextPage }}
    }} }}""",
    ITEM: f"""query ($id: UUID!) {{ deploymentRequest: deploymentRequestByRowId(rowId: $id) {{
        id: rowId {FIELDS} requestingAuthorityCode: requestingAuthority
        history: eventsByRequest(first: {HISTORY}, orderBy: POSITION_ASC) {{
            edges {{ node {{ {EVENT_FIELDS} actorSubject actorAuthority }} }}
        }}
    }} }}""",
}


@dataclass(frozen=True, slots=True)
class ReadServer:
    """loads: by question."""

    name: str
    process: Served | PostGraphile
    loads: Mapping[str, Load]


def start(server: DatabaseUrls, events: int, items: int, stack: ExitStack) -> list[ReadServer]:
    """Fills a database and starts the servers on it, Mandate first. Raises RuntimeError if their answers differ.

    items: number of requests with 20 events each, besides the generated history.
    """
    urls = migrated(server, "reads")
    ids = _fill(urls, events, items)
    viewers = [viewer(each, registered=True, holds=(), audits_everything=True) for each in AUDITORS]
    seen_by = [each.tokens or frozenset() for each in viewers]
    login = peer_tables.create(urls, frozenset.intersection(*seen_by))
    now, lifetime = datetime.now(UTC), timedelta(hours=2)
    bearers = [Tokens(serving.KEY).issue(each, name=None, now=now, lifetime=lifetime) for each in AUDITORS]
    mandate = stack.enter_context(serving.api(urls))
    servers = [ReadServer("Mandate", mandate, _loads(mandate.port, DOCUMENTS, ids, bearers))]
    for name, cached in (("Strawberry, cached documents", True), ("plain Strawberry", False)):
        strawberry = stack.enter_context(serving.strawberry(urls.owner, cached=cached))
        servers.append(ReadServer(name, strawberry, _loads(strawberry.port, DOCUMENTS, ids)))
    if postgraphile_peer.is_installed():
        bare = stack.enter_context(postgraphile(urls.owner))
        servers.append(ReadServer("PostGraphile, bare", bare, _loads(bare.port, POSTGRAPHILE_DOCUMENTS, ids)))
        secured = stack.enter_context(postgraphile(login, serving.KEY))
        tokens = [postgraphile_peer.token(serving.KEY, each) for each in seen_by]
        loads = _loads(secured.port, POSTGRAPHILE_DOCUMENTS, ids, tokens)
        servers.append(ReadServer("PostGraphile, JWT and RLS", secured, loads))
        _check_row_security(secured)
    unsecured = stack.enter_context(serving.api_without_row_security(urls))
    loads = _loads(unsecured.port, DOCUMENTS, ids, bearers)
    servers.append(ReadServer("Mandate without row-level security", unsecured, loads))
    _check_answers(servers)
    return servers


def _fill(urls: DatabaseUrls, events: int, items: int) -> list[UUID]:
    fill(urls.owner, events)
    with write_side(Settings(), urls.api) as write, blocking(write.dispatcher) as dispatch:
        register.found(dispatch)
        ids = register.submit(dispatch, items)
        for each in ids:
            for _ in range(HISTORY - 1):
                register.carry_out(dispatch, register.remark(each, 0))
    for view in VIEWS:
        rebuild(view, urls.worker, decode)
    return ids


def _loads(
    port: int, documents: Mapping[str, str], ids: Iterable[UUID], tokens: Sequence[str | None] = (None,)
) -> dict[str, Load]:
    """tokens: of the viewers, who ask in turn. Each of up to 16 connections has its own viewer."""
    bodies = {
        PAGE: [request(documents[PAGE], token) for token in islice(cycle(tokens), 64)],
        ITEM: [request(documents[ITEM], token, id=str(each)) for each, token in zip(ids, cycle(tokens))],
    }
    return {question: Load(port, bodies[question], b'"purpose"') for question in bodies}


def _check_row_security(server: PostGraphile) -> None:
    nobody = postgraphile_peer.token(serving.KEY, ())
    asked = Load(server.port, [request(POSTGRAPHILE_DOCUMENTS[PAGE], nobody)], b'"edges":[]')
    fetch_all(asked)


def _check_answers(servers: Sequence[ReadServer]) -> None:
    for question in (PAGE, ITEM):
        first, *others = ([flat(each) for each in fetch_all(server.loads[question])] for server in servers)
        for server, answers in zip(servers[1:], others, strict=True):
            if answers != first:
                raise RuntimeError(f"{server.name} answers differently: {answers[0]!s:.2000}, not {first[0]!s:.2000}")


def flat(value: Any) -> Any:
    """An answer without the nesting of objects, and with instants in one form, to compare servers."""
    if isinstance(value, list):
        return [flat(each) for each in value]
    if not isinstance(value, dict):
        return value
    found: dict[str, Any] = {}
    for name, each in value.items():
        part = flat(each)
        if isinstance(part, dict):
            found |= {f"{name}{inner[0].upper()}{inner[1:]}": deep for inner, deep in part.items()}
        else:
            found[name] = datetime.fromisoformat(part) if name.endswith("At") else part
    return found
