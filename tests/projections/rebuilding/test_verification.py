"""A view is compared before it is replaced: what differs is named and refused, and nothing else is."""

from dataclasses import replace

import psycopg
import pytest

from projections.catalogue import VIEWS
from projections.following.follower import view_consumer
from projections.following.row_writer import LIVE
from projections.rebuilding.rebuild import rebuild, verify
from projections.rebuilding.row_differences import DifferenceKind, counted
from projections.rebuilding.verification import Comparison, RowsDiffer
from projections.tables.view import View
from projections.views import situation
from service.event_store.mapper import decode
from tests.projections.following.appending import appending
from tests.projections.histories import Histories
from tests.projections.rebuilding.faulty_views import VIEW, faulty
from tests.projections.rebuilding.rebuilds import again, nothing_is_left
from tests.projections.world import World


@pytest.fixture
def histories() -> Histories:
    return Histories(61, markings=True)


@pytest.fixture
def recorded(world: World, histories: Histories) -> World:
    world.append([histories.opening(), histories.endpoint(), *histories.items(200)])
    world.apply()
    return world


def edit(world: World, statement: str) -> None:
    with psycopg.connect(world.urls.worker) as connection:
        assert connection.execute(statement.encode()).rowcount > 0


def verified(world: World, view: View = VIEW) -> Comparison:
    found = verify(view, world.urls.worker, decode)
    assert found is not None
    nothing_is_left(world)
    return found


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_correct_view_is_verified(recorded: World, view: View) -> None:
    found = verified(recorded, view)
    assert (found.differing, found.differences, found.may_differ) == (0, (), False)
    assert found.position == recorded.store.head()[0]
    assert found.rows > 0
    assert (found.sampled > 0) == bool(view.by_stream)


def test_verification_beside_a_follower_and_appends(recorded: World, histories: Histories) -> None:
    """Both sides are seen at one position, wherever the log is."""
    with appending(recorded, histories), recorded.following(*map(view_consumer, VIEWS)):
        for view in VIEWS:
            assert verified(recorded, view).differing == 0


def test_a_view_that_is_behind_is_compared_at_its_position(recorded: World, histories: Histories) -> None:
    before = recorded.store.head()[0]
    recorded.append(histories.items(50))
    found = verified(recorded)
    assert (found.differing, found.position) == (0, before)
    assert again(recorded, VIEW).position == recorded.store.head()[0]


def test_a_fold_with_a_fault_is_refused_and_named(recorded: World) -> None:
    served = recorded.all_rows([VIEW])
    with pytest.raises(RowsDiffer) as raised:
        rebuild(replace(VIEW, fold=faulty), recorded.urls.worker, decode)
    found = raised.value.comparison
    assert found.differing == sum("SUBMITTED" in row[0] for row in served[VIEW.name]) > 0
    assert {difference.kind for difference in found.differences} == {DifferenceKind.CHANGED}
    assert found.differences[0].fields == {"status": ('"SUBMITTED"', '"UNDER_REVIEW"')}
    assert 'status is "SUBMITTED", should be "UNDER_REVIEW"' in str(raised.value)
    assert recorded.all_rows([VIEW]) == served
    nothing_is_left(recorded)


def test_accepted_differences_are_swapped_in(recorded: World) -> None:
    rebuilt = rebuild(replace(VIEW, fold=faulty), recorded.urls.worker, decode, accept=True)
    assert rebuilt.comparison is not None
    assert rebuilt.comparison.differing > 0
    assert not any("SUBMITTED" in row[0].split('"{')[0] for row in recorded.all_rows([VIEW])[VIEW.name])


def test_a_raised_version_accepts_differences(recorded: World) -> None:
    raised = replace(VIEW, fold=faulty, version=VIEW.version + 1)
    rebuilt = rebuild(raised, recorded.urls.worker, decode)
    assert rebuilt.comparison is not None
    assert rebuilt.comparison.may_differ
    assert rebuilt.comparison.differing > 0
    assert recorded.statuses(VIEW.name)[0].version == raised.version


def test_a_row_edited_by_hand_is_found(recorded: World) -> None:
    table = VIEW.tables[0]
    edit(
        recorded,
        f"""UPDATE {table} SET questioned = NOT questioned, document = replace(document, '"force":"', '"force":"un')
            WHERE (id, version) = (SELECT id, max(version) FROM {table} GROUP BY id ORDER BY id LIMIT 1)""",
    )
    found = verified(recorded)
    assert found.differing == 1
    assert set(found.differences[0].fields) == {"questioned", "document.force"}


@pytest.mark.parametrize(
    ("statement", "kind"),
    [
        ("DELETE FROM {table} WHERE {key} = (SELECT {key} FROM {table} ORDER BY 1 LIMIT 1)", DifferenceKind.MISSING),
        (
            "UPDATE {table} SET {key} = gen_random_uuid() WHERE {key} = (SELECT {key} FROM {table} ORDER BY 1 LIMIT 1)",
            None,
        ),
    ],
)
def test_rows_that_are_too_few_or_too_many(recorded: World, statement: str, kind: DifferenceKind | None) -> None:
    table = situation.remembered
    edit(recorded, statement.format(table=table, key="id"))
    found = verified(recorded, situation.VIEW)
    kinds = {difference.kind for difference in found.differences}
    assert kinds == ({kind} if kind else {DifferenceKind.MISSING, DifferenceKind.SURPLUS})


def test_many_differences_are_counted_and_some_are_reported(recorded: World) -> None:
    edit(recorded, f"UPDATE {VIEW.tables[0]} SET searched = searched || '.'")
    found = verified(recorded)
    assert found.differing == len(recorded.rows(VIEW.tables[0])) > 20
    assert len(found.differences) == 20
    assert found.lines()[-1] == f"and {found.differing - 20:,} more"


def test_a_view_without_rows_is_not_compared(world: World, histories: Histories) -> None:
    world.append(histories.items(20))
    assert verify(VIEW, world.urls.worker, decode) is None
    assert again(world, VIEW).comparison is None


@pytest.mark.parametrize("column", ["document", "audience", "updated_at"])
def test_exchanged_values_of_two_rows_differ(recorded: World, column: str) -> None:
    table = VIEW.tables[0]
    with psycopg.connect(recorded.urls.worker) as connection:
        found = connection.execute(f"SELECT DISTINCT ON ({column}) id, version FROM {table} LIMIT 40".encode())
        rows = found.fetchall()
        served = counted(connection, LIVE, table)
        for one, other in zip(rows[::2], rows[1::2], strict=False):
            swapped = f"""UPDATE {table} t SET {column} = o.{column} FROM {table} o
                          WHERE (t.id, t.version, o.id, o.version) IN ((%s, %s, %s, %s), (%s, %s, %s, %s))"""
            assert connection.execute(swapped.encode(), [*one, *other, *other, *one]).rowcount == 2
            assert counted(connection, LIVE, table) != served
            connection.rollback()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("document = document || ' '", "document is encoded differently, should be as its fold encodes it"),
        ("regions = ('[0:' || cardinality(regions) - 1 || ']=' || regions::text)::text[]", "an array has other bounds"),
    ],
)
def test_the_encoding_of_a_value_is_compared(recorded: World, change: str, message: str) -> None:
    edit(recorded, f"UPDATE {VIEW.tables[0]} SET {change} WHERE version = 1")
    found = verified(recorded)
    assert found.differing > 0
    assert message in found.differences[0].summary()
