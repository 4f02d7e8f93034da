"""Followers that are killed at random points, beside those who append: nothing is lost and nothing is doubled."""

import signal
import subprocess
import sys
from random import Random
from typing import IO

import pytest

from projections.catalogue import VIEWS
from tests.projections.following.appending import appending
from tests.projections.histories import Histories
from tests.projections.rebuilding.empty_views import empty
from tests.projections.world import World

KILLS = 4


def started(world: World) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.projections.following.follower_process", world.urls.worker]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    output: IO[str] | None = process.stdout
    assert output is not None
    assert output.readline() == "following\n"
    return process


@pytest.mark.faults
@pytest.mark.slow
def test_followers_killed_at_random_points_lose_nothing(world: World) -> None:
    chance = Random(1)
    with appending(world, Histories(9)):
        for _ in range(KILLS):
            process = started(world)
            view = chance.choice(VIEWS).name
            world.reach(view, world.statuses(view)[0].position + chance.randint(1, 60))
            process.send_signal(signal.SIGKILL)
            process.wait()
    world.apply()
    followed = world.all_rows()
    assert len(followed["audit_trail"]) > 100
    empty(world)
    world.apply()
    assert world.all_rows() == followed
    assert all(status.lag == 0 for view in VIEWS for status in world.statuses(view.name))
