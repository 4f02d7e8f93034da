"""`verify` and `rebuild`: what they say, and what they do not do."""

import psycopg
import pytest

from domain.number_series import NumberAssigned
from projections.catalogue import VIEWS
from projections.following import stream_ranges
from projections.views import deployment_requests
from service.errors import Misconfigured, Unavailable
from tests.projections.rebuilding.rebuilds import nothing_is_left
from tests.projections.rebuilding.resumed_rebuilds import stopped
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.edits import edit

NAME = deployment_requests.NAME
NOTHING = "00000000-0000-4000-8000-000000000000"


def test_correct_rows_are_verified(run: Run, recorded: World) -> None:
    result = run("verify")
    assert result.exit_code == 0, result.output
    for view in VIEWS:
        assert f"{view.name}: 0 rows differ at position {recorded.store.head()[0]}" in result.stdout


def test_a_row_edited_by_hand_is_named_refused_and_repaired(run: Run, recorded: World) -> None:
    edit(recorded)
    edited = recorded.all_rows()
    result = run("verify", NAME)
    assert result.exit_code == 1
    assert f"{NAME}: 1 row differs" in result.stdout
    assert "questioned is true, should be false" in result.stdout
    for refused in (run("rebuild", NAME, "--dry-run"), run("rebuild", NAME)):
        assert refused.exit_code == 1
        assert "questioned is true, should be false" in refused.output
    assert recorded.all_rows() == edited
    accepted = run("rebuild", NAME, "--accept-differences")
    assert accepted.exit_code == 0, accepted.output
    assert "1 row differs from those before" in accepted.stdout
    assert run("verify").exit_code == 0


def test_the_compared_versions_and_left_out_streams_are_reported(run: Run, recorded: World) -> None:
    """Rows of another version, and what was left out: neither is to be taken for a fault, or for verified."""
    with psycopg.connect(recorded.urls.owner) as connection:
        connection.execute("UPDATE projections.checkpoints SET version = version + 1 WHERE view = %s", [NAME])
        connection.execute(
            "INSERT INTO projections.parked_streams VALUES (%s, %s, 1, 'poison', now())", [NAME, NOTHING]
        )
    version = deployment_requests.VIEW.version
    result = run("verify", NAME).stdout
    assert (
        f"; version {version} compared with version {version + 1}, which is live; 1 parked stream was left out"
        in result
    )


def test_cancelling_a_stopped_rebuild_discards_its_data(
    run: Run, recorded: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_ranges, "EVENTS", 20)
    stopped(recorded, deployment_requests.VIEW, after=1)
    assert run("rebuild", "--cancel").stdout.splitlines() == [
        "stopped: no rebuild is running",
        f"discarded the data of a stopped rebuild: {NAME}",
    ]
    assert run("rebuild", "--cancel").stdout.splitlines() == ["stopped: no rebuild is running"]
    nothing_is_left(recorded)


def test_an_unreachable_database_is_reported_in_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MANDATE_DATABASE_URL", "MANDATE_WORKER_DATABASE_URL", "MANDATE_OWNER_DATABASE_URL"):
        monkeypatch.setenv(name, "postgresql://nobody@127.0.0.1:1/nothing")
    for arguments in (["rebuild"], ["rebuild", "--cancel"], ["verify"], ["rebuild", "--stream", NOTHING]):
        result = run(*arguments)
        assert isinstance(result.exception, Unavailable), arguments
        assert str(result.exception).startswith("the database does not answer: ")


@pytest.mark.parametrize(
    "asked",
    [["--cancel", "--dry-run"], ["--stream", NOTHING, "--cancel"], ["--stream", NOTHING, "--accept-differences"]],
)
def test_contradictory_options_are_refused(run: Run, asked: list[str]) -> None:
    result = run("rebuild", NAME, *asked)
    assert result.exit_code == 2
    assert "exclude each other: choose one" in " ".join(result.output.replace("│", "").split())


def test_an_unknown_view(run: Run, recorded: World) -> None:
    result = run("verify", "nothing")
    assert "there is no view nothing" in str(result.exception)


@pytest.mark.parametrize("views", [[], [NAME], [NAME, "incidents"]], ids=["all", "one", "two"])
def test_an_unknown_stream(run: Run, recorded: World, views: list[str]) -> None:
    result = run("rebuild", *views, "--stream", NOTHING)
    assert isinstance(result.exception, Misconfigured)
    assert str(result.exception) == f"nothing is called {NOTHING}"


@pytest.mark.parametrize("views", [[], [NAME], [NAME, "incidents"]], ids=["all", "one", "two"])
def test_a_stream_without_rows(run: Run, recorded: World, views: list[str]) -> None:
    """There is one, of numbers."""
    numbers = next(each.stream for each in recorded.log() if isinstance(each.event, NumberAssigned))
    result = run("rebuild", *views, "--stream", str(numbers))
    assert isinstance(result.exception, Misconfigured)
    assert f"has no rows of {numbers} alone" in str(result.exception)
