"""The servers of the comparison of reads, on one database. All answer the same two questions of one viewer."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

from benchmarks import peer_tables, postgraphile_peer, register, serving
from benchmarks.generated_history import fill
from benchmarks.load_generator import Load, fetch_all, request
from benchmarks.postgraphile_peer import PostGraphile, postgraphile
from benchmarks.server import migrated
from benchmarks.serving import Served
from domain.visibility import viewer
from domain.vocabulary import Role
from projections.catalogue import VIEWS
from projections.rebuilding.rebuild import rebuild
from service.commands.dispatcher import blocking
from service.event_store.mapper import decode
from service.identity import Tokens
from service.processes.composition import write_side
from service.settings import DatabaseUrls, Settings

PAGE: Final = "page of 20, by status"
ITEM: Final = "item with 20 events"
HISTORY: Final = 20
AUDITOR: Final = register.official(register.DECIDER, Role.AUDITOR, name="auditor")

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
    tokens = viewer(AUDITOR, registered=True, holds=()).tokens or frozenset()
    login = peer_tables.create(urls, tokens)
    bearer = Tokens(serving.KEY).issue(AUDITOR, name=None, now=datetime.now(UTC), lifetime=timedelta(hours=2))
    mandate = stack.enter_context(serving.api(urls))
    servers = [ReadServer("Mandate", mandate, _loads(mandate.port, DOCUMENTS, ids, bearer))]
    for name, cached in (("Strawberry, cached documents", True), ("plain Strawberry", False)):
        strawberry = stack.enter_context(serving.strawberry(urls.owner, cached=cached))
        servers.append(ReadServer(name, strawberry, _loads(strawberry.port, DOCUMENTS, ids)))
    if postgraphile_peer.is_installed():
        bare = stack.enter_context(postgraphile(urls.owner))
        servers.append(ReadServer("PostGraphile, bare", bare, _loads(bare.port, POSTGRAPHILE_DOCUMENTS, ids)))
        secured = stack.enter_context(postgraphile(login, serving.KEY))
        token = postgraphile_peer.token(serving.KEY, tokens)
        loads = _loads(secured.port, POSTGRAPHILE_DOCUMENTS, ids, token)
        servers.append(ReadServer("PostGraphile, JWT and RLS", secured, loads))
        _check_row_security(secured)
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


def _loads(port: int, documents: Mapping[str, str], ids: Iterable[UUID], token: str | None = None) -> dict[str, Load]:
    bodies = {
        PAGE: [request(documents[PAGE], token)] * 100,
        ITEM: [request(documents[ITEM], token, id=str(each)) for each in ids],
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
