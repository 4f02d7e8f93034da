"""Row-level security: what the database shows to a viewer, whatever the statement asks for."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import psycopg
import pytest
from psycopg.types.json import Jsonb
from sqlalchemy import Table

from domain.visibility import AUDITORS, EVERYBODY, REGISTERED, Viewer
from projections.catalogue import VIEWS
from projections.reading.queries import EVERYTHING, Query
from projections.reading.statements import ViewerSettings, settings_of, viewed
from projections.tables.row_security import DELIBERATIONS, POLICIES, READER, SETTINGS
from projections.views import audit_trail, audit_trail_queries, deployment_requests, incidents, request_lists
from projections.views.audit_trail_filter import AuditTrailFilter
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from service.processes.composition import reading_connections
from service.settings import Settings
from tests.projections.histories import Histories
from tests.projections.rebuilding.rebuilds import again
from tests.projections.world import World

SEEN: Final = sorted(table for table, rows in POLICIES.items() if rows is not None)
UNSEEN: Final = sorted(table for table, rows in POLICIES.items() if rows is None)
OF_NO_VIEW: Final = (
    "event_store.events",
    "event_store.voided_events",
    "projections.deliveries",
    "projections.delivery_endpoints",
)
TOKENS: Final = frozenset({EVERYBODY, "person:mandate|outsider", "authority:elsewhere"})
OUTSIDER: Final = Viewer(TOKENS)
VIEWERS: Final = {
    "an outsider": OUTSIDER,
    "a registered authority's": Viewer(TOKENS | {REGISTERED}),
    "an auditor": Viewer(TOKENS | {REGISTERED, AUDITORS}),
    "a deciding authority's": Viewer(TOKENS | {REGISTERED, "authority:alpha"}),
    "nobody": Viewer(frozenset()),
}
FORMS: Final = """
    SELECT c.relname, projections.form_of('projections', c.relname, true), c.relforcerowsecurity
    FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'projections'::regnamespace ORDER BY 1
"""


@pytest.fixture(scope="module")
def world(shared_world: World) -> World:
    histories = Histories(43, markings=True)
    shared_world.append([histories.opening(), histories.endpoint(), *histories.items(180)])
    shared_world.apply()
    entry = {"what": "export", "reader_roles": [], "subjects": [], "audience": [AUDITORS]}
    entry |= dict.fromkeys(("reader_kind", "reader_issuer", "reader_subject", "reader_authority"), "x")
    with psycopg.connect(shared_world.urls.api) as connection:
        connection.execute("SELECT event_store.record_access(%s)", [Jsonb([entry])])
    return shared_world


def as_owner(world: World, statement: str) -> list[Any]:
    with psycopg.connect(world.urls.owner) as connection:
        return connection.execute(statement.encode()).fetchall()


def as_reader(world: World, statement: str, viewer: Viewer | None = None) -> list[Any]:
    """What the role of viewers reads."""
    with psycopg.connect(world.urls.api, options=f"-c role={READER}") as connection:
        seeing = None if viewer is None else settings_of(viewer)
        if seeing is not None:
            for name in SETTINGS:
                connection.execute("SELECT set_config(%s, %s, true)", [f"mandate.{name}", seeing[f"viewer_{name}"]])
        return connection.execute(statement.encode()).fetchall()


def with_views(seeing: ViewerSettings | None, query: Query[Any]) -> ViewerSettings | None:
    return None if seeing is None else {**seeing, "viewed": viewed(query.views)}


def without_filter(world: World, viewer: Viewer, queries: Sequence[Query[Any]]) -> list[list[Any]]:
    """Runs queries that filter nothing, for a viewer, as the Reader does."""

    async def run() -> list[list[Any]]:
        connections, seeing = reading_connections(Settings(), world.urls.api), settings_of(viewer)
        try:
            async with connections.connection(for_viewer=True) as connection:
                answers = [
                    await connections.rows(connection, query.statement, query.values, with_views(seeing, query))
                    for query in queries
                ]
            return [[query.read(row) for row in rows] for query, rows in zip(queries, answers, strict=True)]
        finally:
            await connections.close()

    return asyncio.run(run())


@pytest.mark.parametrize("table", SEEN)
def test_without_a_viewer_no_row_is_visible(world: World, table: str) -> None:
    assert as_owner(world, f"SELECT count(*) > 0 FROM {table}") == [(True,)]
    assert as_reader(world, f"SELECT * FROM {table}") == []
    assert as_reader(world, f"SELECT * FROM {table}", Viewer(frozenset())) == []


@pytest.mark.parametrize("table", [*UNSEEN, *OF_NO_VIEW])
def test_what_viewers_never_read_is_closed_to_them(world: World, table: str) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_reader(world, f"SELECT * FROM {table}", VIEWERS["an auditor"])


@pytest.mark.parametrize("viewer", VIEWERS.values(), ids=VIEWERS)
@pytest.mark.parametrize("table", [deployment_requests.table, incidents.table], ids=lambda table: table.name)
def test_a_viewer_sees_the_rows_and_items_whose_audience_they_belong_to(
    world: World, table: Table, viewer: Viewer
) -> None:
    own = "{" + ",".join(f'"{token}"' for token in viewer.tokens or ()) + "}"
    rows = f"SELECT id, version FROM {table} ORDER BY 1, 2"
    assert as_reader(world, rows, viewer) == as_owner(world, rows.replace("ORDER", f"WHERE audience && '{own}' ORDER"))
    items = next(view for view in VIEWS if view.name == table.name).tables[1]
    within = f"(within IS NULL OR within && '{own}')" if "within" in items.c else "true"
    keys = f"SELECT id, version, field, ordinal FROM {items}"
    visible = f"id IN (SELECT id FROM {table} WHERE audience && '{own}') AND {within} ORDER BY 1, 2, 3, 4"
    assert as_reader(world, f"{keys} ORDER BY 1, 2, 3, 4", viewer) == as_owner(world, f"{keys} WHERE {visible}")


@contextmanager
def of_an_older_version(world: World, table: str, assignments: str) -> Iterator[None]:
    """The rows as that version wrote them."""
    with psycopg.connect(world.urls.owner) as connection:
        connection.execute(f"CREATE TABLE public.kept AS SELECT * FROM projections.{table}".encode())
        connection.execute(f"UPDATE projections.{table} SET {assignments}".encode())
    try:
        yield
    finally:
        with psycopg.connect(world.urls.owner) as connection:
            connection.execute(f"DELETE FROM projections.{table}".encode())
            connection.execute(f"INSERT INTO projections.{table} SELECT * FROM public.kept".encode())
            connection.execute("DROP TABLE public.kept")


def test_items_of_an_older_version_are_judged_by_their_subject(world: World) -> None:
    viewer = VIEWERS["a deciding authority's"]
    for table in ("deployment_request_items", "incident_items", "mandates"):
        seen = f"SELECT count(*) FROM projections.{table} WHERE field NOT IN {DELIBERATIONS}"
        before = as_reader(world, seen, viewer)
        with of_an_older_version(world, table, "audience = NULL"):
            assert as_reader(world, seen, viewer) == before != [(0,)]
            assert as_reader(world, seen) == [(0,)]


def test_deliberations_of_an_older_version_are_for_their_readers_who_see_the_request(world: World) -> None:
    items = "SELECT id, field, ordinal, version FROM projections.deployment_request_items ORDER BY 1, 2, 3, 4"
    before = [as_reader(world, items, viewer) for viewer in VIEWERS.values()]
    written = "audience = coalesce(within, audience), within = NULL"
    with of_an_older_version(world, "deployment_request_items", written):
        assert [as_reader(world, items, viewer) for viewer in VIEWERS.values()] == before


@pytest.mark.parametrize("viewer", VIEWERS.values(), ids=VIEWERS)
def test_statements_without_a_filter_return_what_the_viewer_may_see(world: World, viewer: Viewer) -> None:
    table, trail = deployment_requests.table, audit_trail.table
    seen = {
        row.id: row
        for row in _everything(world, table)
        if viewer.sees(frozenset(row.audience)) and str(row.valid_until) == "infinity"
    }
    every = [row.id for row in _everything(world, table)]
    naming = {incident for row in _everything(world, table) for incident in row.incidents}
    newest = RequestOrder.SUBMITTED_AT_DESC
    wanted = RequestListFilter()
    found = without_filter(
        world,
        viewer,
        [
            deployment_requests.by_ids(EVERYTHING, every),
            request_lists.page(EVERYTHING, wanted, newest, 1000),
            request_lists.count(EVERYTHING, wanted, row_by_row=True),
            deployment_requests.resting_on(EVERYTHING, naming),
            audit_trail_queries.page(EVERYTHING, AuditTrailFilter(), 10_000),
        ],
    )
    assert {state.id for state in found[0]} == seen.keys()
    assert {state.id for _, state in found[1]} == seen.keys()
    assert found[2] == [len(seen)]
    assert {state.id for state in found[3]} == {each for each, row in seen.items() if row.incidents}
    shown = {
        row.position
        for row in _everything(world, trail)
        if viewer.sees(frozenset(row.audience)) and (row.within is None or viewer.sees(frozenset(row.within)))
        if not row.public
    }
    assert {entry.position for entry in found[4]} == shown


def test_every_table_of_a_view_has_row_security_and_keeps_it_in_a_rebuild(world: World) -> None:
    tables = {f"projections.{table.name}" for view in VIEWS for table in view.tables}
    assert tables <= POLICIES.keys()
    before = as_owner(world, FORMS)
    assert {f"projections.{name}" for name, form, _ in before if "viewers_" in form or "register r" in form} == tables
    for view in VIEWS:
        again(world, view)
    assert as_owner(world, FORMS) == before
    assert as_reader(world, "SELECT count(*) FROM projections.deployment_requests") == [(0,)]


def _everything(world: World, table: Table) -> list[Any]:
    names = ", ".join("valid_until::text" if each.name == "valid_until" else each.name for each in table.c)
    with psycopg.connect(world.urls.owner, row_factory=psycopg.rows.namedtuple_row) as connection:
        return connection.execute(f"SELECT {names} FROM {table}".encode()).fetchall()
