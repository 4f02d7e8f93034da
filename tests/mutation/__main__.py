"""`python -m tests.mutation --sample 300`: the share of mutants that tests kill; exit status 1 if it is below 90 %.

mutmut changes one expression at a time and runs the tests that execute it. A mutant is killed if one of them fails or
does not end. The sample is random with a fixed seed, so the same code always gives the same sample.
"""

import argparse
import os
import random
import shutil
import subprocess
import sys
from collections import Counter
from getpass import getuser
from math import sqrt
from pathlib import Path
from textwrap import indent

from service.database.embedded import embedded_postgres
from tests.databases import CARELESS, in_memory_where_possible
from tests.mutation.areas import AREAS, Area

SEED = 1
REQUIRED = 0.9
KILLED = {"killed", "timeout"}
ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutants"
PACKAGES = ("domain", "projections", "service")
COPIED = ("alembic", "alembic.ini", "tests", "pyproject.toml")
PYTEST = ("-m", "not slow", "-p", "no:cacheprovider", "-p", "no:xdist", "--hypothesis-seed=0", "--timeout=60")


def prepare(area: Area) -> None:
    """A folder with links to the sources and the configuration of mutmut, which writes its copy below it."""
    shutil.rmtree(area.folder(WORK), ignore_errors=True)
    area.folder(WORK).mkdir(parents=True)
    for name in (*PACKAGES, *COPIED):
        (area.folder(WORK) / name).symlink_to(ROOT / name)
    settings = {
        "source_paths": PACKAGES,
        "also_copy": COPIED,
        "only_mutate": area.mutated,
        "pytest_add_cli_args": PYTEST,
        "pytest_add_cli_args_test_selection": area.tests,
        "timeout_multiplier": ("20",),
        "track_dependencies": ("false",),
        "use_git_change_detection": ("false",),
    }
    lines = [f"{key} =\n{indent(chr(10).join(values), '    ')}" for key, values in settings.items()]
    (area.folder(WORK) / "setup.cfg").write_text("\n".join(["[mutmut]", *lines, ""]))


def mutmut(area: Area, *arguments: str) -> str:
    """Its output. Ends the process if it fails."""
    run = subprocess.run(["mutmut", *arguments], cwd=area.folder(WORK), capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"mutmut {arguments[0]} failed:\n{run.stdout[-4000:]}{run.stderr[-4000:]}")
    return run.stdout


def statuses(area: Area) -> dict[str, str]:
    """Status by mutant, of all mutants."""
    lines = mutmut(area, "results", "--all", "true").splitlines()
    return dict(line.strip().split(": ") for line in lines)


def interval(killed: int, total: int) -> str:
    """The 95 % confidence interval of a share (Wilson)."""
    share, z = killed / total, 1.96
    middle, spread = share + z * z / (2 * total), z * sqrt(share * (1 - share) / total + (z / (2 * total)) ** 2)
    low, high = ((middle + sign * spread) / (1 + z * z / total) for sign in (-1, 1))
    return f"95 % confidence: {low:.1%} to {high:.1%}"


def score(area: Area, size: str, jobs: str) -> float:
    """Tests a sample, prints what became of it, and returns the share that was killed."""
    prepare(area)
    mutmut(area, "run", "--max-children", jobs, area.smallest)  # writes all mutants, and finds the tests of each
    names = sorted(statuses(area))
    sample = names if size == "all" else random.Random(SEED).sample(names, min(int(size), len(names)))
    mutmut(area, "run", "--max-children", jobs, *sample)
    found = statuses(area)
    modules = Counter(name.rpartition(".")[0] for name in sample)
    killed = Counter(name.rpartition(".")[0] for name in sample if found[name] in KILLED)
    for module, total in sorted(modules.items()):
        print(f"{module:60} {killed[module]:5} of {total:5} {killed[module] / total:6.1%}")
    for name in sample:
        if found[name] not in KILLED:
            print(f"    {found[name]}: {name}")
    print(f"{area.name}: {killed.total()} of {len(sample)} killed, {killed.total() / len(sample):.1%}", end="; ")
    estimate = f"{interval(killed.total(), len(sample))}; seed {SEED}" if len(sample) < len(names) else "none left out"
    print(f"{len(names)} mutants; {estimate}", flush=True)
    return killed.total() / len(sample)


arguments = argparse.ArgumentParser(prog="python -m tests.mutation")
arguments.add_argument("--sample", default="300", help="mutants of each area, or 'all'")
arguments.add_argument("--jobs", default=str(os.cpu_count()), help="mutants tested at the same time")
arguments.add_argument("areas", nargs="*", help=f"of {', '.join(AREAS)}; by default all")
chosen = arguments.parse_args()
temporary = WORK / "temporary" / f"pytest-of-{getuser()}"
temporary.mkdir(parents=True, exist_ok=True)
# The fixture `databases` uses this server, as if the tests ran in a worker of xdist.
os.environ |= {"PYTEST_DEBUG_TEMPROOT": str(temporary.parent), "PYTEST_XDIST_WORKER": "mutants"}
os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
with in_memory_where_possible(temporary) as data, embedded_postgres(data, CARELESS):
    scores = [score(AREAS[name], chosen.sample, chosen.jobs) for name in chosen.areas or AREAS]
print(f"mutmut show NAME, in {WORK.relative_to(ROOT)}/AREA, shows a mutant")
sys.exit(min(scores) < REQUIRED)
