"""Health tells the truth: each thing that can be wrong with a view is provoked, told, and gone when it is mended."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import psycopg
import pytest

from projections import deployment_requests
from projections.catalogue import VIEWS
from projections.checkpoints import LOCKS, Progress
from projections.following.follower import Course, course_of
from projections.reading.reader import Reader
from projections.rebuilding.queue import Outcome
from projections.rebuilding.rebuild import rebuild, verify
from service.container import async_engine
from service.decoding import decode
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


def examined(world: World, tolerance: Tolerance = SHORT) -> Health:
    async def examine() -> Health:
        engine = async_engine(Settings(), world.urls.api)
        try:
            return await Examination(Reader(engine), world.urls.api, tolerance, world.store.probe).examine()
        finally:
            await engine.dispose()

    return asyncio.run(examine())


def problem(world: World, tolerance: Tolerance = SHORT) -> str:
    return examined(world, tolerance).problems.get(NAME, "")


def told(world: World, expected: str) -> None:
    until(lambda: expected in problem(world))


def well(world: World) -> None:
    until(lambda: examined(world).is_ready)


@contextmanager
def holding(url: str, statement: str, name: str = "somebody") -> Iterator[None]:
    """A session that holds on to something."""
    with psycopg.connect(url, application_name=name) as connection:
        connection.execute(statement.encode())
        yield


def test_commands_that_cannot_be_recorded_are_told(followed: World) -> None:
    with holding(followed.urls.owner, "SELECT pg_advisory_xact_lock(0x6D616E64617465)"):
        until(lambda: "cannot be recorded" in examined(followed).problems.get("commands", ""))
    well(followed)


@pytest.fixture
def followed(recorded: World) -> Iterator[World]:
    with recorded.following(*courses()):
        well(recorded)
        yield recorded


def test_a_dead_follower(recorded: World) -> None:
    others = [course for course in courses() if course.name != NAME]
    with recorded.following(*others):
        with recorded.following(course_of(VIEW)):
            well(recorded)
        told(recorded, "no follower leads it")


def test_a_stuck_one(followed: World, histories: Histories) -> None:
    """It leads, and does not come on, since something holds its rows."""
    with holding(followed.urls.owner, f"LOCK TABLE {VIEW.tables[0]} IN SHARE MODE"):
        followed.append(histories.items(30))
        told(followed, "its follower stands still")
        assert followed.statuses(NAME)[0].led
        assert problem(followed, Tolerance(stuck_after=3600)) == ""
    well(followed)


def test_a_lock_that_is_never_won(recorded: World) -> None:
    lock = f"SELECT pg_advisory_lock({LOCKS}, hashtext('{NAME}'))"
    with holding(recorded.urls.owner, lock, "a forgotten console"), recorded.following(*courses()):
        told(recorded, "its lock is held by a forgotten console")
        assert not recorded.statuses(NAME)[0].led
    with recorded.following(*courses()):
        well(recorded)


def test_one_that_cannot_go_on_and_a_parked_backlog(recorded: World, histories: Histories) -> None:
    before = recorded.store.head()[0]
    recorded.append(histories.items(60))
    poison = next(each for each in recorded.log()[before:] if VIEW.keeps(each)).position
    with recorded.following(*courses(course_of(replace(unable(poison), parks=False)))):
        told(recorded, "its follower cannot apply what comes next")
    with recorded.following(*courses(course_of(unable(poison)))):
        told(recorded, "1 of its streams are parked")
        assert problem(recorded, Tolerance(parked=1)) == ""


def test_rows_of_another_version(recorded: World) -> None:
    with recorded.following(*courses()), psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
        change = "UPDATE projections.checkpoints SET version = %s WHERE view = %s"
        connection.execute(change, [VIEW.version - 1, NAME])
        told(recorded, "nobody builds it anew")
        connection.execute(change, [VIEW.version + 1, NAME])
        told(recorded, "run the newer version")


def test_what_was_never_followed(recorded: World, run: Run) -> None:
    """It is told of as everything else is: how much it has before it."""
    with psycopg.connect(recorded.urls.owner) as connection:
        connection.execute("DELETE FROM projections.checkpoints")
    told = run("status")
    assert told.exit_code == 1
    behind = recorded.store.head()[0]
    for name in FOLLOWED:
        assert f"{name}: it was never followed: run 'mandate worker'" in told.stderr
        assert [cell.strip() for cell in line_of(told.stdout, name)[1:4]] == ["STOPPED", "0", str(behind)]
    assert examined(recorded).problems.keys() == set(FOLLOWED)


def line_of(table: str, name: str) -> list[str]:
    [line] = [line for line in table.splitlines() if f" {name} " in line]
    return line.strip("│").split("│")


def test_metrics_tell_of_rebuilds(recorded: World) -> None:
    figures = []

    def meanwhile(progress: Progress) -> None:
        figures.append(Metrics(lambda: 0).told(examined(recorded)).decode())

    rebuild(VIEW, recorded.urls.worker, decode, meanwhile)
    assert f'mandate_view_rebuild_step{{step="LOADING",view="{NAME}"}} 1.0' in figures[0]
    assert f'mandate_view_rebuild_step{{step="SWAPPING",view="{NAME}"}} 1.0' in figures[-1]
    after = Metrics(lambda: 0).told(examined(recorded)).decode()
    assert "mandate_view_rebuild_step{" not in after
    assert f'mandate_view_rebuild_ended_timestamp_seconds{{outcome="SWAPPED",view="{NAME}"}}' in after
    assert f'mandate_view_rebuild_differing_rows{{view="{NAME}"}} 0.0' in after


def test_a_comparison_builds_nothing_anew(recorded: World) -> None:
    """Of a view of another version, it does not hide that nobody builds it."""
    told = []
    raised = replace(VIEW, version=VIEW.version + 1)

    def meanwhile(_: Progress) -> None:
        told.append(problem(recorded))

    with psycopg.connect(recorded.urls.worker, autocommit=True) as connection:
        connection.execute("UPDATE projections.checkpoints SET version = version - 1 WHERE view = %s", [NAME])
        verify(raised, recorded.urls.worker, decode, meanwhile)
        assert all("nobody builds it anew" in each for each in told)
        told.clear()
        rebuild(VIEW, recorded.urls.worker, decode, meanwhile)
        assert not any("nobody builds it anew" in each for each in told)


def test_an_outcome_that_newer_code_names_is_a_failure(recorded: World) -> None:
    rebuild(VIEW, recorded.urls.worker, decode)
    with psycopg.connect(recorded.urls.worker) as connection:
        connection.execute("UPDATE projections.rebuild_outcomes SET outcome = 'DEFERRED'")
    assert [each.outcome for each in examined(recorded).ended] == [Outcome.FAILED]


def test_what_status_and_metrics_say(run: Run, recorded: World) -> None:
    red = run("status")
    assert red.exit_code == 1
    assert f"{NAME}: no follower leads it" in red.stderr
    with recorded.following(*courses()):
        well(recorded)
        assert run("status").exit_code == 0
        metrics = Metrics(lambda: 3)
        metrics.command("SubmitRequest", "Recorded", 0.003)
        figures = metrics.told(examined(recorded)).decode()
    for line in (
        f'mandate_view_position{{view="{NAME}"}} {float(recorded.store.head()[0])}',
        f'mandate_view_led{{view="{NAME}"}} 1.0',
        f'mandate_view_lag_events{{view="{NAME}"}} 0.0',
        'mandate_command_seconds_bucket{command="SubmitRequest",le="0.005",outcome="Recorded"} 1.0',
        "mandate_append_queue 3.0",
        "mandate_ready 1.0",
    ):
        assert line in figures
    assert f'mandate_problem{{what="{NAME}"}} 1.0' in metrics.told(examined(recorded)).decode()
