"""Health tells the truth: each thing that can be wrong with a view is provoked, told, and gone when it is mended."""

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from projections import deployment_requests
from projections.catalogue import VIEWS
from projections.checkpoints import LOCKS, Progress
from projections.following.follower import Course, course_of
from projections.reading.reader import Reader
from projections.rebuilding.queue import Outcome
from projections.rebuilding.rebuild import rebuild, verify
from service.container import async_engine
from service.decoding import decode
from service.errors import Unavailable
from service.health import FOLLOWED, Examination, Health, Tolerance
from service.metrics import Metrics
from service.policing import COURSE, COURSE_VERSION
from service.settings import Settings
from tests.projections.histories import Histories
from tests.projections.test_parking import unable
from tests.projections.world import World
from tests.service.operating.conftest import Run
from tests.waiting import until

VIEW = deployment_requests.VIEW
NAME = VIEW.name
POLICIES = Course(name=COURSE, version=COURSE_VERSION, apply=lambda connection, events: None)
SHORT = Tolerance(stuck_after=0.2)


def courses(*others: Course) -> list[Course]:
    """One for everything that is followed."""
    named = {course.name: course for course in (*map(course_of, VIEWS), POLICIES)}
    return list((named | {other.name: other for other in others}).values())


@dataclass
class Watch:
    """One process that examines, as often as it is asked: with one tolerance it remembers what it saw."""

    world: World
    runner: asyncio.Runner
    engine: AsyncEngine
    examinations: dict[Tolerance, Examination] = field(default_factory=dict)

    def health(self, tolerance: Tolerance = SHORT, **other: Any) -> Health:
        if tolerance not in self.examinations or other:
            given = {"probe": self.world.store.probe, "fresh": 0, **other}
            self.examinations[tolerance] = Examination(Reader(self.engine), self.world.urls.api, tolerance, **given)
        return self.runner.run(self.examinations[tolerance].examine())

    def problem(self, tolerance: Tolerance = SHORT) -> str:
        return self.health(tolerance).problems.get(NAME, "")

    def told(self, expected: str) -> None:
        until(lambda: expected in self.problem())

    def well(self) -> None:
        until(lambda: self.health().is_ready)


@pytest.fixture
def watch(recorded: World) -> Iterator[Watch]:
    with asyncio.Runner() as runner:
        engine = async_engine(Settings(), recorded.urls.api)
        yield Watch(recorded, runner, engine)
        runner.run(engine.dispose())


@contextmanager
def holding(url: str, statement: str, name: str = "somebody") -> Iterator[None]:
    """A session that holds on to something."""
    with psycopg.connect(url, application_name=name) as connection:
        connection.execute(statement.encode())
        yield


@pytest.fixture
def followed(recorded: World, watch: Watch) -> Iterator[World]:
    with recorded.following(*courses()):
        watch.well()
        yield recorded


def test_a_dead_follower(recorded: World, watch: Watch) -> None:
    others = [course for course in courses() if course.name != NAME]
    with recorded.following(*others):
        with recorded.following(course_of(VIEW)):
            watch.well()
        watch.told("no follower leads it")


def test_commands_that_cannot_be_recorded_are_told(followed: World, watch: Watch) -> None:
    with holding(followed.urls.owner, "SELECT pg_advisory_xact_lock(0x6D616E64617465)"):
        until(lambda: "cannot be recorded" in watch.health().problems.get("commands", ""))
    watch.well()


@pytest.mark.parametrize("mode", ["SHARE", "ACCESS EXCLUSIVE"])
def test_a_locked_table(followed: World, histories: Histories, watch: Watch, mode: str, run: Run) -> None:
    table = VIEW.tables[0]
    with holding(followed.urls.owner, f"LOCK TABLE {table} IN {mode} MODE", "a forgotten console"):
        followed.append(histories.items(30))
        watch.told(f"for a lock on {table.name}, which session 'a forgotten console' (pid ")
        assert "run 'mandate worker'" not in watch.problem()
        assert watch.problem(Tolerance(stuck_after=3600)) == ""
        health = watch.health()
        assert (health.is_ready, health.is_ready_for_reads, health.is_ready_for_commands) == (False, False, True)
        told = run("status")
        assert told.exit_code == 0, "the default allowance has not passed"
    watch.well()


def test_a_lock_of_rows(followed: World, histories: Histories, watch: Watch) -> None:
    """Here the checkpoint's own."""
    lock = f"SELECT FROM projections.checkpoints WHERE view = '{NAME}' FOR UPDATE"
    with holding(followed.urls.owner, lock, "a forgotten console"):
        followed.append(histories.items(30))
        watch.told("for a lock on checkpoints, which session 'a forgotten console' (pid ")
    watch.well()


def test_the_head_of_a_queue(followed: World, histories: Histories, watch: Watch) -> None:
    """Whoever waits before the follower holds nothing that could be let go."""
    table, done = VIEW.tables[0].name, threading.Event()
    with holding(followed.urls.owner, f"SELECT FROM projections.{table}", "an idle reader"):
        altering = threading.Thread(target=alter, args=(followed.urls.owner, table, done))
        altering.start()
        try:
            followed.append(histories.items(30))
            watch.told(f"for a lock on {table}, which session 'an idle reader' (pid ")
        finally:
            done.set()
            altering.join()
    watch.well()


def alter(url: str, table: str, done: threading.Event) -> None:
    """Waits in vain for the table, until it is done."""
    with psycopg.connect(url, application_name="an impatient migration") as connection:

        def cancel() -> None:
            done.wait(60)
            connection.cancel_safe()

        canceller = threading.Thread(target=cancel)
        canceller.start()
        with suppress(psycopg.errors.QueryCanceled):
            connection.execute(f"LOCK TABLE projections.{table} IN ACCESS EXCLUSIVE MODE".encode())
        connection.rollback()
        canceller.join()


def test_a_follower_that_gave_up_waiting(recorded: World, histories: Histories, watch: Watch) -> None:
    """Nobody leads between two tries, and the advice is still to end the session that is in the way."""
    table = VIEW.tables[0]
    with holding(recorded.urls.owner, f"LOCK TABLE {table} IN SHARE MODE", "a forgotten console"):
        recorded.append(histories.items(30))
        watch.told(f"for a lock on {table.name}, which session 'a forgotten console' (pid ")
        assert not recorded.statuses(NAME)[0].led


def test_a_follower_may_be_missing_for_as_long_as_it_may_stand_still(recorded: World, watch: Watch) -> None:
    patient = Tolerance(stuck_after=3600)
    with recorded.following(*courses()):
        until(lambda: watch.health(patient).is_ready)
    assert not any(status.led for status in watch.health(patient).statuses)
    assert watch.health(patient).is_ready
    watch.told("no follower leads it")


def test_commands_and_reads_are_told_apart(followed: World, watch: Watch) -> None:
    def broken() -> None:
        raise Unavailable("the database refuses")

    health = watch.health(probe=broken, warnings={"durability": lambda: "synchronous_commit is off"})
    assert (health.is_ready, health.is_ready_for_reads, health.is_ready_for_commands) == (False, True, False)
    assert health.told() == {
        "status": "not ready",
        "commands": "not ready",
        "reads": "ready",
        "problems": {"commands": "they cannot be recorded: the database refuses"},
        "warnings": {"durability": "synchronous_commit is off"},
    }
    figures = Metrics(lambda: 0).told(health).decode()
    assert 'mandate_ready_for{what="commands"} 0.0' in figures
    assert 'mandate_ready_for{what="reads"} 1.0' in figures
    assert 'mandate_warning{what="durability"} 1.0' in figures


def test_who_asks_at_once_gets_one_answer(recorded: World, watch: Watch) -> None:
    """Asking for health needs no token, so that it must not cost the database much."""
    asked: list[int] = []

    def probe() -> None:
        asked.append(1)

    async def crowd() -> list[Health]:
        examination = Examination(Reader(watch.engine), recorded.urls.api, SHORT, probe, fresh=3600)
        return await asyncio.gather(*(examination.examine() for _ in range(100)), examination.examine())

    assert len(watch.runner.run(crowd())) == 101
    assert len(asked) == 1


def test_a_lock_that_is_never_won(recorded: World, watch: Watch) -> None:
    lock = f"SELECT pg_advisory_lock({LOCKS}, hashtext('{NAME}'))"
    with holding(recorded.urls.owner, lock, "a forgotten console"), recorded.following(*courses()):
        watch.told("its lock is held by a forgotten console")
        assert not recorded.statuses(NAME)[0].led
    with recorded.following(*courses()):
        watch.well()


def test_one_that_cannot_go_on_and_a_parked_backlog(recorded: World, histories: Histories, watch: Watch) -> None:
    before = recorded.store.head()[0]
    recorded.append(histories.items(60))
    poison = next(each for each in recorded.log()[before:] if VIEW.keeps(each)).position
    with recorded.following(*courses(course_of(replace(unable(poison), parks=False)))):
        watch.told("its follower cannot apply what comes next")
    with recorded.following(*courses(course_of(unable(poison)))):
        watch.told("1 of its streams are parked")
        assert watch.problem(Tolerance(parked=1)) == ""


def test_rows_of_another_version(recorded: World, watch: Watch) -> None:
    with recorded.following(*courses()), psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
        change = "UPDATE projections.checkpoints SET version = %s WHERE view = %s"
        connection.execute(change, [VIEW.version - 1, NAME])
        watch.told("nobody builds it anew")
        connection.execute(change, [VIEW.version + 1, NAME])
        watch.told("run the newer version")


def test_what_was_never_followed(recorded: World, run: Run, watch: Watch) -> None:
    """It is told of as everything else is: how much it has before it."""
    with psycopg.connect(recorded.urls.owner) as connection:
        connection.execute("DELETE FROM projections.checkpoints")
    told = run("status")
    assert told.exit_code == 1
    behind = recorded.store.head()[0]
    for name in FOLLOWED:
        assert f"{name}: it was never followed: run 'mandate worker'" in told.stderr
        assert [cell.strip() for cell in line_of(told.stdout, name)[1:4]] == ["STOPPED", "0", str(behind)]
    assert watch.health().problems.keys() == set(FOLLOWED)


def line_of(table: str, name: str) -> list[str]:
    [line] = [line for line in table.splitlines() if f" {name} " in line]
    return line.strip("│").split("│")


def test_metrics_tell_of_rebuilds(recorded: World, watch: Watch) -> None:
    figures = []

    def meanwhile(progress: Progress) -> None:
        figures.append(Metrics(lambda: 0).told(watch.health()).decode())

    rebuild(VIEW, recorded.urls.worker, decode, meanwhile)
    assert f'mandate_view_rebuild_step{{step="LOADING",view="{NAME}"}} 1.0' in figures[0]
    assert f'mandate_view_rebuild_step{{step="SWAPPING",view="{NAME}"}} 1.0' in figures[-1]
    after = Metrics(lambda: 0).told(watch.health()).decode()
    assert "mandate_view_rebuild_step{" not in after
    assert f'mandate_view_rebuild_ended_timestamp_seconds{{outcome="SWAPPED",view="{NAME}"}}' in after
    assert f'mandate_view_rebuild_differing_rows{{view="{NAME}"}} 0.0' in after


def test_a_comparison_builds_nothing_anew(recorded: World, watch: Watch) -> None:
    """Of a view of another version, it does not hide that nobody builds it."""
    told = []
    raised = replace(VIEW, version=VIEW.version + 1)

    def meanwhile(_: Progress) -> None:
        told.append(watch.problem())

    with psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
        connection.execute("UPDATE projections.checkpoints SET version = version - 1 WHERE view = %s", [NAME])
        verify(raised, recorded.urls.worker, decode, meanwhile)
        assert all("nobody builds it anew" in each for each in told)
        told.clear()
        rebuild(VIEW, recorded.urls.worker, decode, meanwhile)
        assert not any("nobody builds it anew" in each for each in told)


def test_an_outcome_that_newer_code_names_is_a_failure(recorded: World, watch: Watch) -> None:
    rebuild(VIEW, recorded.urls.worker, decode)
    with psycopg.connect(recorded.urls.worker) as connection:
        connection.execute("UPDATE projections.rebuild_outcomes SET outcome = 'DEFERRED'")
    assert [each.outcome for each in watch.health().ended] == [Outcome.FAILED]


def test_what_status_and_metrics_say(run: Run, recorded: World, watch: Watch) -> None:
    red = run("status")
    assert red.exit_code == 1
    assert f"{NAME}: no follower leads it" in red.stderr
    with recorded.following(*courses()):
        watch.well()
        assert run("status").exit_code == 0
        metrics = Metrics(lambda: 3)
        metrics.command("SubmitRequest", "Recorded", 0.003)
        figures = metrics.told(watch.health()).decode()
    for line in (
        f'mandate_view_position{{view="{NAME}"}} {float(recorded.store.head()[0])}',
        f'mandate_view_led{{view="{NAME}"}} 1.0',
        f'mandate_view_lag_events{{view="{NAME}"}} 0.0',
        'mandate_command_seconds_bucket{command="SubmitRequest",le="0.005",outcome="Recorded"} 1.0',
        "mandate_append_queue 3.0",
        "mandate_ready 1.0",
    ):
        assert line in figures
    until(lambda: f'mandate_problem{{what="{NAME}"}} 1.0' in metrics.told(watch.health()).decode())
