"""A sample of subjects, folded from scratch, beside built rows: what is not as its fold makes it is named."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from projections.catalogue import VIEW_OF, VIEWS
from projections.following.leadership import connect
from projections.following.replay import LogReplay
from projections.following.row_writer import LIVE
from projections.rebuilding.rebuild import rebuild
from projections.rebuilding.verification import NotAsFolded, check_sample
from projections.rows.running_counts import update_counts
from projections.tables.view import Folded, View
from projections.views import situation
from service.event_store.mapper import decode
from service.event_store.store import EventStore
from tests.databases import Databases
from tests.projections.histories import Histories
from tests.projections.rebuilding.rebuilds import nothing_is_left
from tests.projections.world import World


@pytest.fixture(scope="module")
def recorded(databases: Databases) -> Iterator[World]:
    histories = Histories(71)
    with databases.fresh() as urls, closing(EventStore(urls.owner)) as store:
        world = World(urls, store)
        world.append([histories.opening(), histories.endpoint(), *histories.items(200)])
        world.apply()
        yield world


def sampled(world: World, view: View, statement: str = "SELECT 1") -> int:
    """After a statement that is taken back."""
    with connect(world.urls.worker, "a test") as connection, connection.transaction(force_rollback=True):
        connection.execute(statement.encode())
        head = world.store.head()[0]
        return check_sample(connection, view, LIVE, LogReplay(connection, decode, head), head)


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_sample_of_correct_rows_passes(recorded: World, view: View) -> None:
    assert (sampled(recorded, view) > 0) == bool(view.by_stream)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("deployment_requests", "UPDATE projections.deployment_requests SET status = 'NONE'", "status is 'NONE'"),
        ("deployment_requests", "DELETE FROM projections.deployment_requests", "id is None"),
        (
            "deployment_requests",
            """INSERT INTO projections.deployment_requests
               SELECT (jsonb_populate_record(r, '{"version": 10000, "valid_until": "2000-01-01"}')).*
               FROM projections.deployment_requests r
               WHERE valid_until = 'infinity'""",
            "rows, and its fold makes",
        ),
        ("audit_trail", "UPDATE projections.audit_trail SET type = 'Another'", "type is 'Another'"),
        ("situation", "UPDATE projections.situation_memory SET document = '{}'", "document is '{}'"),
        ("situation", "DELETE FROM projections.situation_memory", "id is None"),
        ("situation", "UPDATE projections.situation SET counts[1] = counts[1] + 1", "and its intervals make"),
        ("situation", "DELETE FROM projections.situation", "counts is None, and its intervals make"),
    ],
)
def test_a_row_that_differs_from_its_fold_is_named(recorded: World, name: str, change: str, message: str) -> None:
    with pytest.raises(NotAsFolded) as error:
        sampled(recorded, VIEW_OF[name], change)
    assert message in str(error.value)


@pytest.mark.parametrize("regions", ["<>", "="])
@pytest.mark.parametrize("audience", ["<>", "="])
def test_every_level_of_counts_is_recounted(recorded: World, regions: str, audience: str) -> None:
    change = f"""UPDATE projections.situation SET counts[1] = counts[1] - 1
                 WHERE regions {regions} '{{}}' AND audience {audience} '{{}}'"""
    with pytest.raises(NotAsFolded):
        sampled(recorded, situation.VIEW, change)


def test_overlapping_rows_are_found(recorded: World) -> None:
    """As where a row was not ended: one of the two counts otherwise."""
    with pytest.raises(NotAsFolded, match="and its intervals make"):
        sampled(recorded, situation.VIEW, "UPDATE projections.situation SET valid_until = 'infinity'")


def test_a_raised_version_with_a_fault_in_what_it_derives_is_not_swapped(recorded: World) -> None:
    def derive(connection: psycopg.Connection[Any], schema: str, folded: Sequence[Folded] | None) -> None:
        update_counts(connection, schema, folded)
        connection.execute(f"UPDATE {schema}.situation SET counts[1] = counts[1] + 1".encode())

    before = recorded.rows(situation.table)
    view = replace(situation.VIEW, version=situation.VERSION + 1, derive=derive)
    with pytest.raises(NotAsFolded):
        rebuild(view, recorded.urls.worker, decode)
    assert recorded.rows(situation.table) == before
    nothing_is_left(recorded)
