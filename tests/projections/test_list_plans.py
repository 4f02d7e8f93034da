"""Lists that are planned once: an index gives their order, whatever their values."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import psycopg
import pytest
from psycopg.sql import SQL
from sqlalchemy.dialects.postgresql.psycopg import dialect

from projections.catalogue import VIEWS
from projections.reading.queries import EVERYTHING, ListPosition, Query, ViewerScope
from projections.views import incidents, request_lists
from projections.views.incidents import IncidentListFilter
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from tests.projections.histories import Histories
from tests.projections.world import World

THEN: Final = datetime(2026, 3, 1, tzinfo=UTC)
LAST: Final = ListPosition(THEN, UUID(int=1))
STATUSES: Final = [[], ["APPROVED"], ["APPROVED", "DENIED"], ["APPROVED"] * 2, [f"STATUS_{n}" for n in range(9)]]
FILTERS: Final = [
    RequestListFilter(),
    *(RequestListFilter(status=each) for each in STATUSES),
    RequestListFilter(region=["xk"]),
    RequestListFilter(questioned=True),
    RequestListFilter(overdue=True),
    RequestListFilter(status=["APPROVED"], text="canal"),
]
PAST: Final = ViewerScope(viewer=EVERYTHING.viewer, as_of=THEN, position=9)


def pages() -> Iterator[Query[Any]]:
    for scope in (EVERYTHING, PAST):
        for last in (None, LAST):
            for wanted in FILTERS:
                yield from (request_lists.page(scope, wanted, order, 20, last) for order in RequestOrder)
            for kinds in (None, ["EXPLOSION"]):
                yield incidents.page(scope, IncidentListFilter(kind=kinds), 20, last)


ONE_PLAN: Final = [page for page in pages() if page.statement.get_execution_options().get("one_plan")]


@pytest.fixture(scope="module")
def connection(shared_world: World) -> Iterator[psycopg.Connection[Any]]:
    histories = Histories(12)
    shared_world.append([histories.opening(), *histories.items(200)])
    shared_world.apply()
    with psycopg.connect(shared_world.urls.owner) as connection:
        for view in VIEWS:
            for table in view.tables:
                connection.execute(f"ANALYZE {table}".encode())
        connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off")
        yield connection


def test_these_are_the_lists_of_requests_by_status_and_those_without_a_filter() -> None:
    of_requests = 2 * 4 * 4
    assert len(ONE_PLAN) == of_requests + 2


@pytest.mark.parametrize("page", ONE_PLAN)
def test_an_index_gives_their_order(connection: psycopg.Connection[Any], page: Query[Any]) -> None:
    merged = "UNION ALL" in str(page.statement)
    lines = plan(connection, page)
    assert sum("Sort Key" in line for line in lines) == (1 if merged else 0), lines
    scans = [line for line in lines if re.search(r"Scan.* on (deployment_requests|incidents)\b", line)]
    assert len(scans) == (2 if merged else 1)
    assert all("present" in line for line in scans)


def plan(connection: psycopg.Connection[Any], page: Query[Any]) -> list[str]:
    """The plan for all values."""
    numbers: dict[str, int] = {}
    text = str(page.statement.compile(dialect=dialect()))  # type: ignore[no-untyped-call]
    text = re.sub(r"%\((\w+)\)s", lambda mark: f"${numbers.setdefault(mark[1], len(numbers) + 1)}", text)
    connection.execute("SET plan_cache_mode = force_generic_plan")
    connection.execute(f"PREPARE page AS {text}".encode())
    try:
        nulls = SQL(", ").join([SQL("NULL")] * len(numbers))
        return [row[0] for row in connection.execute(SQL("EXPLAIN (COSTS OFF) EXECUTE page({})").format(nulls))]
    finally:
        connection.execute("DEALLOCATE page")
