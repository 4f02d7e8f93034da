"""Health reports each problem of a view while it exists, and no longer."""

import asyncio
import json
from dataclasses import replace

import psycopg

from projections.following.follower import view_consumer
from projections.reading.reader import Reader
from projections.reading.view_status import LOCKS, ProgressReport
from projections.rebuilding.rebuild import rebuild, verify
from projections.rebuilding.rebuild_queue import RebuildOutcome
from projections.views.authorities import standing_of
from service.errors import Unavailable
from service.event_store.mapper import decode
from service.processes.health import HealthCheck, HealthReport
from service.processes.metrics import Metrics
from service.processes.view_problems import FOLLOWED, HealthTolerance
from tests.projections.following.parking import unable
from tests.projections.histories import Histories
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.watching import NAME, SHORT, VIEW, Watch, courses, holding
from tests.waiting import until


def test_a_dead_follower(recorded: World, watch: Watch) -> None:
    others = [course for course in courses() if course.name != NAME]
    with recorded.following(*others):
        with recorded.following(view_consumer(VIEW)):
            watch.well()
        watch.wait_for_problem("no follower leads it")


def test_commands_that_cannot_be_recorded_are_reported(followed: World, watch: Watch) -> None:
    with holding(followed.urls.owner, "SELECT pg_advisory_xact_lock(0x6D616E64617465)"):
        until(lambda: "cannot be recorded" in watch.health().problems.get("commands", ""))
    watch.well()


def test_a_follower_may_be_missing_for_as_long_as_it_may_stand_still(recorded: World, watch: Watch) -> None:
    patient = HealthTolerance(stuck_after=3600)
    with recorded.following(*courses()):
        until(lambda: watch.health(patient).is_ready)
    assert not any(status.led for status in watch.health(patient).statuses)
    assert watch.health(patient).is_ready
    watch.wait_for_problem("no follower leads it")


def test_commands_and_reads_are_distinguished(followed: World, watch: Watch) -> None:
    def broken() -> None:
        raise Unavailable("the database refuses")

    health = watch.health(probe=broken, warnings={"durability": lambda: "synchronous_commit is off"})
    assert (health.is_ready, health.is_ready_for_reads, health.is_ready_for_commands) == (False, True, False)
    assert health.as_dict() == {
        "status": "not ready",
        "commands": "not ready",
        "reads": "ready",
        "problems": {"commands": "they cannot be recorded: the database refuses"},
        "warnings": {"durability": "synchronous_commit is off"},
    }
    figures = Metrics(lambda: 0).render(health).decode()
    assert 'mandate_ready_for{what="commands"} 0.0' in figures
    assert 'mandate_ready_for{what="reads"} 1.0' in figures
    assert 'mandate_warning{what="durability"} 1.0' in figures


def test_concurrent_health_checks_share_one_answer(recorded: World, watch: Watch) -> None:
    """Asking for health needs no token, so that it must not cost the database much."""
    asked: list[int] = []

    def probe() -> None:
        asked.append(1)

    async def crowd() -> list[HealthReport]:
        examination = HealthCheck(Reader(watch.connections, standing_of), recorded.urls.api, SHORT, probe, fresh=3600)
        return await asyncio.gather(*(examination.run() for _ in range(100)), examination.run())

    assert len(watch.runner.run(crowd())) == 101
    assert len(asked) == 1


def test_a_lock_that_is_never_won(recorded: World, watch: Watch) -> None:
    lock = f"SELECT pg_advisory_lock({LOCKS}, hashtext('{NAME}'))"
    with holding(recorded.urls.owner, lock, "a forgotten console"), recorded.following(*courses()):
        watch.wait_for_problem("its lock is held by a forgotten console")
        assert not recorded.statuses(NAME)[0].led
    with recorded.following(*courses()):
        watch.well()


def test_a_blocked_follower_and_a_parked_backlog(recorded: World, histories: Histories, watch: Watch) -> None:
    before = recorded.store.head()[0]
    recorded.append(histories.items(60))
    poison = next(each for each in recorded.log()[before:] if VIEW.keeps(each)).position
    with recorded.following(*courses(view_consumer(replace(unable(poison), parks=False)))):
        watch.wait_for_problem("its follower cannot apply what comes next")
    with recorded.following(*courses(view_consumer(unable(poison)))):
        watch.wait_for_problem("1 of its streams are parked")
        assert watch.problem(HealthTolerance(parked=1)) == ""


def test_rows_of_another_version(recorded: World, watch: Watch) -> None:
    with recorded.following(*courses()), psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
        change = "UPDATE projections.checkpoints SET version = %s WHERE view = %s"
        connection.execute(change, [VIEW.version - 1, NAME])
        watch.wait_for_problem("no worker rebuilds it")
        connection.execute(change, [VIEW.version + 1, NAME])
        watch.wait_for_problem("run the newer version")


def test_a_view_that_was_never_followed(recorded: World, run: Run, watch: Watch) -> None:
    """It is reported like every other view, with its lag."""
    with psycopg.connect(recorded.urls.owner) as connection:
        connection.execute("DELETE FROM projections.checkpoints")
    status = run("status")
    assert status.exit_code == 1
    behind = recorded.store.head()[0]
    for name in FOLLOWED:
        assert f"{name}: it was never followed: if no worker is starting, run 'mandate worker'" in status.stderr
        assert line_of(status.stdout, name)[1:4] == ["STOPPED", "0", str(behind)]
    in_json = json.loads(run("status", "--json").stdout)
    assert {each["view"]: each["lag"] for each in in_json["views"]} == dict.fromkeys(FOLLOWED, behind)
    assert in_json["problems"].keys() == set(FOLLOWED)
    until(lambda: watch.health().problems.keys() == set(FOLLOWED))


def line_of(table: str, name: str) -> list[str]:
    [line] = [line for line in table.splitlines() if line.startswith(f"{name}\t")]
    return line.split("\t")


def test_metrics_report_rebuilds(recorded: World, watch: Watch) -> None:
    figures = []

    def meanwhile(progress: ProgressReport) -> None:
        figures.append(Metrics(lambda: 0).render(watch.health()).decode())

    rebuild(VIEW, recorded.urls.worker, decode, meanwhile)
    assert f'mandate_view_rebuild_step{{step="LOADING",view="{NAME}"}} 1.0' in figures[0]
    assert f'mandate_view_rebuild_step{{step="SWAPPING",view="{NAME}"}} 1.0' in figures[-1]
    after = Metrics(lambda: 0).render(watch.health()).decode()
    assert "mandate_view_rebuild_step{" not in after
    assert f'mandate_view_rebuild_ended_timestamp_seconds{{outcome="SWAPPED",view="{NAME}"}}' in after
    assert f'mandate_view_rebuild_differing_rows{{view="{NAME}"}} 0.0' in after


def test_a_comparison_rebuilds_nothing(recorded: World, watch: Watch) -> None:
    """Of a view of another version, it does not hide that nobody builds it."""
    problems = []
    raised = replace(VIEW, version=VIEW.version + 1)

    def meanwhile(_: ProgressReport) -> None:
        problems.append(watch.problem())

    with psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
        connection.execute("UPDATE projections.checkpoints SET version = version - 1 WHERE view = %s", [NAME])
        watch.wait_for_problem("no worker rebuilds it")
        verify(raised, recorded.urls.worker, decode, meanwhile)
        assert all("no worker rebuilds it" in each for each in problems)
        problems.clear()
        rebuild(VIEW, recorded.urls.worker, decode, meanwhile)
        assert not any("no worker rebuilds it" in each for each in problems)


def test_an_outcome_that_newer_code_names_is_a_failure(recorded: World, watch: Watch) -> None:
    rebuild(VIEW, recorded.urls.worker, decode)
    with psycopg.connect(recorded.urls.worker) as connection:
        connection.execute("UPDATE projections.rebuild_outcomes SET outcome = 'DEFERRED'")
    assert [each.outcome for each in watch.health().ended] == [RebuildOutcome.FAILED]


def test_what_status_and_metrics_say(run: Run, recorded: World, watch: Watch) -> None:
    red = run("status")
    assert red.exit_code == 1
    assert f"{NAME}: no follower leads it" in red.stderr
    with recorded.following(*courses()):
        watch.well()
        assert run("status").exit_code == 0
        metrics = Metrics(lambda: 3)
        metrics.command("SubmitRequest", "Recorded", 0.003)
        figures = metrics.render(watch.health()).decode()
    for line in (
        f'mandate_view_position{{view="{NAME}"}} {float(recorded.store.head()[0])}',
        f'mandate_view_led{{view="{NAME}"}} 1.0',
        f'mandate_view_lag_events{{view="{NAME}"}} 0.0',
        'mandate_command_seconds_bucket{command="SubmitRequest",le="0.005",outcome="Recorded"} 1.0',
        "mandate_append_queue 3.0",
        "mandate_ready 1.0",
    ):
        assert line in figures
    until(lambda: f'mandate_problem{{what="{NAME}"}} 1.0' in metrics.render(watch.health()).decode())
