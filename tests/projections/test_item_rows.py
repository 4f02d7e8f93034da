"""What grows of a state is stored item by item: no row repeats another one, and each is found by its key."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import psycopg
import pytest
from sqlalchemy.dialects.postgresql.psycopg import dialect

from domain import deputies
from domain.catalogue import DEPLOYMENT_REQUEST, DEPUTIES, fold
from domain.deployment_request.events import FulfilmentReported
from domain.deployment_request.state import DeploymentRequest
from domain.deputies import DeputyAppointed
from domain.incident.state import Incident
from domain.vocabulary import SYSTEM, AuthorityCode, Label, Role, Subject, Text
from projections.reading.queries import EVERYTHING, Query
from projections.views import authorities, deployment_requests, incidents, request_lists
from projections.views.request_list_filter import RequestListFilter, RequestOrder
from service.event_store.records import AppendItem
from tests.projections.chance import START
from tests.projections.histories import Histories
from tests.projections.item_states import LONG, VIEWS, piece
from tests.projections.world import World


@pytest.fixture
def incident(world: World) -> UUID:
    histories = Histories(31)
    world.append([histories.opening()])
    while not (found := [stream for stream, state in histories.states.items() if isinstance(state, Incident)]):
        world.append([histories.item()])
    return found[0]


def record(world: World, incident: UUID, pieces: range) -> None:
    """Pieces of evidence of the same length."""
    known = world.store.stream(incident)[-1]
    for version, number in enumerate(pieces, start=known.version + 1):
        made = Histories(number).opening().events[0]
        world.append([AppendItem(events=(replace(made, stream=incident, version=version, event=piece(number)),))])


def size(world: World) -> int:
    """Of all that views hold."""
    with psycopg.connect(world.urls.owner) as connection:
        asked = "SELECT sum(pg_column_size(t.*)) FROM projections.{} t"
        found = [
            connection.execute(asked.format(table.name).encode()).fetchone() for view in VIEWS for table in view.tables
        ]
        return sum(int(row[0] or 0) for row in found if row)


def test_rows_grow_with_the_number_of_items(world: World, incident: UUID) -> None:
    """With whole states in rows, twice the items took four times the bytes."""
    sizes = []
    for pieces in (range(40), range(40, 80)):
        record(world, incident, pieces)
        world.apply()
        sizes.append(size(world))
    written = 40 * len((LONG.value or "").encode())
    assert sizes[1] - sizes[0] < 1.2 * sizes[0]
    assert sizes[0] < 4 * written


def test_a_row_of_a_version_is_as_large_as_the_first(world: World, incident: UUID) -> None:
    record(world, incident, range(60))
    world.apply()
    with psycopg.connect(world.urls.owner) as connection:
        asked = "SELECT length(document) FROM projections.incidents WHERE id = %s ORDER BY version"
        lengths = [row[0] for row in connection.execute(asked, [incident])]
        remembered = "SELECT max(length(document)) FROM projections.{} WHERE id = %s"
        kept = [
            connection.execute(remembered.format(name).encode(), [incident]).fetchone()
            for name in ("audit_trail_memory", "situation_memory")
        ]
    assert len(lengths) > 60
    assert max(lengths) < 2 * lengths[0]
    assert max(row[0] for row in kept if row) < 2 * lengths[0]


def test_an_appointment_of_a_deputy_is_stored_once(world: World) -> None:
    stream, made = deputies.stream_of(AuthorityCode("alpha")), Histories(31).opening().events[0]
    for version in range(1, 61):
        event = DeputyAppointed(
            authority=AuthorityCode("alpha"),
            principal_issuer=Label("mandate"),
            principal=Subject("principal"),
            deputy_issuer=Label("mandate"),
            deputy=Subject(f"deputy-{version}"),
            roles=(Role.REVIEWER,),
            valid_from=START,
            valid_until=START + timedelta(days=version),
            reason=Text("x" * deputies.LONGEST_REASON),
        )
        world.append([AppendItem(events=(replace(made, stream=stream, version=version, event=event),))])
    world.apply([authorities.VIEW])
    with psycopg.connect(world.urls.owner) as connection:
        rows = "SELECT count(*), max(length(document)) FROM projections.deputies"
        [found] = connection.execute(rows).fetchall()
        items = "SELECT count(*), sum(length(document) + length(texts)) FROM projections.appointments"
        [(number, written)] = connection.execute(items).fetchall()
    assert found[0] == number == 60
    assert found[1] < 300
    assert written < 60 * (deputies.LONGEST_REASON + 500)
    [state] = world.ask(SYSTEM, partial(authorities.deputies_in, codes=[AuthorityCode("alpha")]))
    assert state == fold(DEPUTIES, world.log())


def test_an_item_that_changes_gets_a_row_and_keeps_its_past(world: World) -> None:
    histories = Histories(135)
    world.append([histories.opening()])
    while not isinstance(world.log()[-1].event, FulfilmentReported):
        world.append(histories.items(1))
    world.apply()
    reported = world.log()[-1]
    pairs = [(reported.stream, reported.version - 1), (reported.stream, reported.version)]
    found = dict(world.ask(SYSTEM, partial(deployment_requests.at_versions, pairs=pairs)))
    before, after = (found[position] for position in sorted(found))
    expected = [each for each in world.log() if each.stream == reported.stream]
    assert before == fold(DEPLOYMENT_REQUEST, expected[: reported.version - 1])
    assert after == fold(DEPLOYMENT_REQUEST, expected[: reported.version])
    with psycopg.connect(world.urls.owner) as connection:
        asked = """SELECT document, texts FROM projections.deployment_request_items
                   WHERE id = %s AND version = %s AND field = 'decision.conditions'"""
        [(document, texts)] = connection.execute(asked, [reported.stream, reported.version]).fetchall()
    assert texts is None
    assert json.loads(document)["fulfilment_report"] == reported.event.report.value


@pytest.mark.parametrize(
    "question",
    [
        lambda ids: deployment_requests.by_ids(EVERYTHING, ids),
        lambda ids: request_lists.page(
            EVERYTHING,
            RequestListFilter(),
            RequestOrder.UPDATED_AT_DESC,
            20,
        ),
        lambda ids: incidents.page(EVERYTHING, incidents.IncidentListFilter(), 20),
    ],
    ids=["by id", "requests", "incidents"],
)
def test_items_are_looked_up_in_one_range_of_an_index(
    world: World, question: Callable[[list[UUID]], Query[Any]]
) -> None:
    histories = Histories(12)
    world.append([histories.opening(), *histories.items(300)])
    world.apply()
    ids = [stream for stream, state in histories.states.items() if isinstance(state, DeploymentRequest)]
    lines = plan(world, question(ids[:1]))
    lookups = [lines[n + 1] for n, line in enumerate(lines) if "_items" in line and "Scan" in line]
    assert len(lookups) == 1
    assert re.search(r"Index Cond: \(\(id = .*id\) AND \(version <= .*version\)\)", lookups[0])
    assert not any("Sort Key: i.version" in line for line in lines)


def plan(world: World, question: Query[Any]) -> list[str]:
    with psycopg.connect(world.urls.owner) as connection:
        for view in VIEWS:
            for table in view.tables:
                connection.execute(f"ANALYZE {table}".encode())
        connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
        compiled = question.statement.compile(dialect=dialect())  # type: ignore[no-untyped-call]
        asked = f"EXPLAIN (COSTS OFF) {compiled}".encode()
        values = {
            **compiled.params,
            **{name: value for name, value in question.values.items() if name in compiled.params},
        }
        return [row[0] for row in connection.execute(asked, values)]
