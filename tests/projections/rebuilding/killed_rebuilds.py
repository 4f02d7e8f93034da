"""Rebuilds in processes of their own."""

import subprocess
import sys
from typing import Final

from projections.tables.view import View
from projections.views import audit_trail, deployment_requests, situation
from tests.projections.rebuilding.rebuilds import asked
from tests.projections.world import World
from tests.waiting import until

CHOSEN: Final = (deployment_requests.VIEW, audit_trail.VIEW, situation.VIEW)


def begun(world: World, view: View, *numbers: int) -> subprocess.Popen[str]:
    """A rebuild in a process of its own, that has its copy. numbers: as it takes them."""
    command = [sys.executable, "-m", "tests.projections.rebuilding.rebuild_process", world.urls.worker, view.name]
    command += map(str, numbers)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def ended(world: World) -> None:
    """PostgreSQL has learned of the death of whoever was killed: until then, its sessions hold what they held."""
    ours = "datname = current_database() AND application_name ~ 'mandate rebuild'"
    until(lambda: not asked(world, f"SELECT 1 FROM pg_stat_activity WHERE {ours}"))
