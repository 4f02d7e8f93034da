"""The inbox reads what lies in the places that are asked for, however much lies elsewhere."""

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final

import psycopg
import pytest

from domain.visibility import EVERYBODY, REGISTERED, Viewer, authority
from domain.vocabulary import Role
from projections.reading.queries import Query, ViewerScope
from projections.reading.statements import Statements, settings_of, viewed
from projections.tables.row_security import READER
from projections.views import inbox
from projections.views.inbox import InboxFilter
from projections.views.inbox_recipient import Recipient
from tests.projections.model import actor
from tests.projections.world import World

ROWS: Final = 2_000
FEW: Final = 60
"""More than lies in the place 'aa/7', and far fewer rows than there are."""
ID: Final = "('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid"
PLACE: Final = "ARRAY['aa/' || n % 100, 'aa']"
EACH: Final = f"FROM generate_series(1, {ROWS}) n"
FILL: Final = (
    f"""INSERT INTO projections.incidents (id, version, position, valid_from, valid_until, marking, audience, reference,
        status, kind, regions, occurred_at, reported_at, takes_findings, document)
    SELECT {ID}, 1, n, '2026-01-01', 'infinity', 'GREEN', '{{registered}}', 'r-' || n, 'OPEN', 'explosion', {PLACE},
        '2026-01-01', '2026-01-01', true, '{{}}' {EACH}""",
    f"""INSERT INTO projections.incident_inbox (id, version, action, valid_from, valid_until, audience, item, marking,
        regions, role, exceptions, since, due_at, why)
    SELECT {ID}, 1, 'SETTLE_CORRECTION', '2026-01-01', 'infinity', '{{registered}}', {ID}, 'GREEN', {PLACE},
        'INVESTIGATOR', '{{}}', '2026-01-01', '9999-01-01', 'why' {EACH}""",
    f"""INSERT INTO projections.awaited_findings (id, version, incident, valid_from, valid_until, audience, item,
        likelihood, confidence, since, due_at, why)
    SELECT {ID}, 1, {ID}, '2026-01-01', 'infinity', '{{registered}}', {ID}, 4, 1, '2026-01-01', '9999-01-01', 'why'
    {EACH}""",
    f"""INSERT INTO projections.inbox (id, version, action, valid_from, valid_until, audience, item, marking, authority,
        role, regions, under_mandate, for_all, exceptions, since, due_at, why)
    SELECT {ID}, 1, 'ENDORSE', '2026-01-01', 'infinity', '{{registered}}', {ID}, 'GREEN', 'alpha', 'REVIEWER', {PLACE},
        false, true, '{{}}', '2026-01-01', '9999-01-01', 'why' {EACH}""",
)
TABLES: Final = ("incidents", "incident_inbox", "awaited_findings", "inbox")
NOWHERE, ONE = InboxFilter(region=["zz"]), InboxFilter(region=["aa/7"])
ON_INCIDENTS: Final = InboxFilter(action=["ATTRIBUTE", "SETTLE_CORRECTION"])


@pytest.fixture(scope="module")
def reader(shared_world: World) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(shared_world.urls.owner, autocommit=True) as owner:
        for statement in FILL:
            owner.execute(statement.encode())
        for table in TABLES:
            owner.execute(f"ANALYZE projections.{table}".encode())
    with psycopg.connect(shared_world.urls.api, options=f"-c role={READER}", autocommit=True) as connection:
        yield connection


@pytest.mark.parametrize("as_of", [None, datetime(2026, 6, 1, tzinfo=UTC)])
@pytest.mark.parametrize("ask", [partial(inbox.page, limit=21), inbox.count])
@pytest.mark.parametrize(
    ("holds", "wanted"),
    [(("zz",), NOWHERE), (("zz",), ON_INCIDENTS), (("aa/7",), ON_INCIDENTS), (("aa",), NOWHERE), (("aa",), ONE)],
)
def test_what_lies_elsewhere_is_not_read(
    reader: psycopg.Connection[Any], holds: tuple[str, ...], wanted: InboxFilter, ask: Any, as_of: datetime | None
) -> None:
    who = actor("p1", "alpha", Role.INVESTIGATOR, Role.REVIEWER)
    sees = Viewer(frozenset({EVERYBODY, REGISTERED, authority(who.authority)}))
    scope = ViewerScope(viewer=sees, as_of=as_of, position=None if as_of is None else ROWS)
    query = ask(scope, Recipient(actor=who, holds=holds), wanted)
    assert sum(map(rows_read, plans(reader, query, sees))) <= FEW * (2 if wanted is ONE else 1)


def plans(reader: psycopg.Connection[Any], query: Query[Any], sees: Viewer) -> Iterator[dict[str, Any]]:
    """Each node of the executed plan."""
    found = Statements().rendered(query.statement, query.values, settings_of(sees))
    values = {**found.values, "viewed": viewed(query.views)}
    explained = reader.execute(f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {found.text}".encode(), values).fetchone()
    assert explained is not None
    waiting = [explained[0][0]["Plan"]]
    while waiting:
        yield (node := waiting.pop())
        waiting += node.get("Plans", [])


def rows_read(node: dict[str, Any]) -> int:
    """Of the views, also those that a condition discards."""
    if node.get("Relation Name") not in TABLES:
        return 0
    each = node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    return int(each * node["Actual Loops"])
