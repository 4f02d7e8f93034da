"""`verify` and `rebuild`: what they say, and what they do not do."""

import psycopg

from projections import deployment_requests
from projections.catalogue import VIEWS
from tests.projections.world import World
from tests.service.operating.conftest import Run

TABLE = deployment_requests.VIEW.tables[0]
NAME = deployment_requests.NAME


def edit(world: World) -> None:
    with psycopg.connect(world.urls.worker) as connection:
        first = f"SELECT id, max(version) FROM {TABLE} GROUP BY id ORDER BY id LIMIT 1"
        edited = f"UPDATE {TABLE} SET questioned = NOT questioned WHERE (id, version) = ({first})"
        assert connection.execute(edited.encode()).rowcount == 1


def test_what_is_as_it_should_be(run: Run, recorded: World) -> None:
    told = run("verify")
    assert told.exit_code == 0, told.output
    for view in VIEWS:
        assert f"{view.name}: 0 rows differ at position {recorded.store.head()[0]}" in told.stdout


def test_a_row_edited_by_hand_is_named_and_refused_and_mended(run: Run, recorded: World) -> None:
    edit(recorded)
    edited = recorded.all_rows()
    told = run("verify", NAME)
    assert told.exit_code == 1
    assert f"{NAME}: 1 row differs" in told.stdout
    assert "questioned is true, should be false" in told.stdout
    for refused in (run("rebuild", NAME, "--dry-run"), run("rebuild", NAME)):
        assert refused.exit_code == 1
        assert "questioned is true, should be false" in refused.output
    assert recorded.all_rows() == edited
    accepted = run("rebuild", NAME, "--accept-differences")
    assert accepted.exit_code == 0, accepted.output
    assert "1 rows differ from those before" in accepted.stdout
    assert run("verify").exit_code == 0


def test_a_view_that_there_is_not(run: Run, recorded: World) -> None:
    told = run("verify", "nothing")
    assert "there is no view nothing" in str(told.exception)
