"""A view's tables are changed while a copy is built, as a migration may: the copy does not undo it."""

from collections.abc import Callable

import psycopg
import pytest

from projections.catalogue import VIEWS
from projections.reading.view_status import ProgressReport
from projections.rebuilding.rebuild import verify
from projections.rebuilding.rebuild_attempt import NotCopied, NotSwapped
from projections.tables.checkpoints import RebuildStep
from projections.views.deployment_requests import VIEW
from service.event_store.mapper import decode
from tests.projections.histories import Histories
from tests.projections.rebuilding.rebuilds import again, asked, nothing_is_left
from tests.projections.world import World

TABLE = f"projections.{VIEW.name}"
CHANGES = {
    "an index": f"CREATE INDEX ix_of_a_migration ON {TABLE} (due_at, id)",
    "a column": f"ALTER TABLE {TABLE} ADD COLUMN of_a_migration text",
    "a column that may be empty": f"ALTER TABLE {TABLE} ALTER COLUMN searched DROP NOT NULL",
    "a right": f"GRANT SELECT ON {TABLE} TO PUBLIC",
    "a right on a column": f"GRANT UPDATE (questioned) ON {TABLE} TO PUBLIC",
    "an option": f"ALTER TABLE {TABLE} SET (fillfactor = 71)",
    "a policy": f"CREATE POLICY of_a_migration ON {TABLE} FOR SELECT TO mandate_worker USING (questioned)",
    "a restrictive policy": f"CREATE POLICY of_a_migration ON {TABLE} AS RESTRICTIVE FOR SELECT USING (questioned)",
    "no row security": f"ALTER TABLE {TABLE} DISABLE ROW LEVEL SECURITY",
    "a trigger": f"CREATE TRIGGER t BEFORE UPDATE ON {TABLE} FOR EACH ROW"
    " EXECUTE FUNCTION suppress_redundant_updates_trigger()",
}
NOT_COPIED = ("a restrictive policy", "a trigger")
FORM = f"SELECT projections.form_of('projections', '{VIEW.name}', true)"


@pytest.fixture
def recorded(world: World) -> World:
    histories = Histories(57)
    world.append([histories.opening(), *histories.items(60)])
    world.apply()
    return world


def done(world: World, statement: str) -> None:
    with psycopg.connect(world.urls.owner) as connection:
        connection.execute(statement.encode())


def doing(world: World, statement: str, at: RebuildStep) -> Callable[[ProgressReport], None]:
    """Once, when a rebuild comes to a step."""
    left = [statement]

    def progress(report: ProgressReport) -> None:
        if report.step is at and left:
            done(world, left.pop())

    return progress


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("step", [RebuildStep.CATCHING_UP, RebuildStep.SWAPPING])
def test_a_table_change_during_a_rebuild_prevents_the_swap(recorded: World, change: str, step: RebuildStep) -> None:
    before = asked(recorded, FORM)
    with pytest.raises(NotSwapped, match=r"meanwhile|was changed"):
        again(recorded, VIEW, progress=doing(recorded, CHANGES[change], step))
    after = asked(recorded, FORM)
    assert after != before
    nothing_is_left(recorded)


@pytest.mark.parametrize("change", [name for name in CHANGES if name not in NOT_COPIED])
def test_table_changes_before_a_rebuild_are_copied(recorded: World, change: str) -> None:
    done(recorded, CHANGES[change])
    before = asked(recorded, FORM)
    again(recorded, VIEW)
    assert asked(recorded, FORM) == before


def test_a_table_is_swapped_only_for_one_of_the_same_form(recorded: World) -> None:
    """By whoever has the worker's rights, too."""
    for view in VIEWS:
        names = [table.name for table in view.tables]
        with psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
            connection.execute("SELECT projections.begin_copy(%s)", [names])
            with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="of another form than its copy"):
                connection.execute("SELECT projections.swap_copy(%s)", [names])


def test_properties_that_a_copy_lacks_are_reported_before_it_is_filled(recorded: World) -> None:
    """And it can be compared all the same."""
    steps: list[RebuildStep | None] = []
    done(recorded, CHANGES["a trigger"])
    with pytest.raises(NotCopied, match="triggers or restrictive policies"):
        again(recorded, VIEW, progress=lambda report: steps.append(report.step))
    assert set(steps) == {RebuildStep.LOADING}
    nothing_is_left(recorded)
    comparison = verify(VIEW, recorded.urls.worker, decode)
    assert comparison is not None
    assert comparison.differing == 0


def test_default_privileges_do_not_apply_to_copies(recorded: World) -> None:
    before = asked(recorded, FORM)
    done(recorded, "ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO mandate_worker, PUBLIC")
    again(recorded, VIEW)
    assert asked(recorded, FORM) == before
