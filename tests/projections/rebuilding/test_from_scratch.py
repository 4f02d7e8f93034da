"""Every view's rows are what a fold of the whole log from scratch makes of it, however its events were gathered."""

from collections.abc import Iterator, Sequence
from typing import Any

import psycopg
import pytest
from sqlalchemy import func, null, select
from sqlalchemy.dialects.postgresql.psycopg import dialect

from domain.aggregate import Aggregate
from domain.catalogue import AGGREGATE_OF, AUTHORITY, DEPLOYMENT_REQUEST, INCIDENT, JURISDICTION, fold
from domain.recorded_event import Recorded
from projections.reading.item_rows import items_of
from projections.reading.queries import FOREVER
from projections.tables.view import StateTable
from projections.views import authorities, deployment_requests, incidents
from tests.projections.histories import Histories
from tests.projections.rebuilding.empty_views import empty
from tests.projections.world import World

POSTGRESQL = dialect()  # type: ignore[no-untyped-call]
MEMORIES: tuple[tuple[Aggregate, StateTable], ...] = tuple(
    (aggregate, view.memories[aggregate.name])
    for aggregate, view in (
        (DEPLOYMENT_REQUEST, deployment_requests.VIEW),
        (INCIDENT, incidents.VIEW),
        (AUTHORITY, authorities.VIEW),
        (JURISDICTION, authorities.VIEW),
    )
)


@pytest.fixture(params=[3, 17], ids=lambda seed: f"seed {seed}")
def recorded(request: pytest.FixtureRequest, world: World) -> World:
    histories = Histories(request.param)
    world.append([histories.opening(), *histories.items(180)])
    return world


def test_rows_do_not_depend_on_how_events_are_gathered(recorded: World) -> None:
    recorded.apply(block=500)
    whole = recorded.all_rows()
    for block in (1, 37):
        empty(recorded)
        recorded.apply(block=block)
        assert recorded.all_rows() == whole


def test_a_row_a_version_holds_the_state_as_it_was(recorded: World) -> None:
    recorded.apply(block=50)
    log = recorded.log()
    for aggregate, memory in MEMORIES:
        expected = list(versions(log, aggregate))
        assert expected
        assert sorted(found(recorded, memory), key=by_place) == sorted(expected, key=by_place)


def versions(log: Sequence[Recorded[Any]], aggregate: Aggregate) -> Iterator[dict[str, Any]]:
    """What the columns that all tables of versions have should hold."""
    for stream in {recorded.stream for recorded in log}:
        history = [recorded for recorded in log if recorded.stream == stream]
        if AGGREGATE_OF[type(history[0].event)] is not aggregate:
            continue
        last = fold(aggregate, history)
        for index, recorded in enumerate(history):
            state = fold(aggregate, history[: index + 1])
            yield {
                "id": stream,
                "version": index + 1,
                "position": recorded.position,
                "valid_from": recorded.recorded_at,
                "valid_until": history[index + 1].recorded_at if index + 1 < len(history) else None,
                "audience": sorted(getattr(last, "audience", {"everybody"})),
                "state": state,
                **(
                    {"status": state.status, "reference": state.reference, "marking": state.marking}
                    if hasattr(state, "status")
                    else {}
                ),
            }


def found(world: World, memory: StateTable) -> list[dict[str, Any]]:
    table = memory.table
    columns = ["id", "version", "position", "valid_from", "audience", "document"]
    columns += [name for name in ("status", "reference", "marking") if "status" in table.c]
    items = null() if memory.items is None else items_of(table, memory.items)
    until = func.nullif(table.c.valid_until, FOREVER).label("valid_until")
    statement = select(*(table.c[name] for name in columns), until, items.label("items"))
    with psycopg.connect(world.urls.api, options="-c timezone=UTC") as connection:
        cursor = connection.cursor(row_factory=psycopg.rows.dict_row)
        rows = cursor.execute(f"{statement.compile(dialect=POSTGRESQL)}".encode()).fetchall()
    return [{"state": read(memory, row.pop("document"), row.pop("items")), **row} for row in rows]


def read(memory: StateTable, document: str, items: str | None) -> Any:
    return memory.read(document) if memory.items is None else memory.read(document, items)


def by_place(row: dict[str, Any]) -> tuple[Any, int]:
    return row["id"], row["version"]
