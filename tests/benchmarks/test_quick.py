"""The benchmarks run. How fast anything is, no test says: docs/benchmarks.md does."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import NAMES
from tests.tidy.repository import ROOT


@pytest.mark.parametrize("name", NAMES)
def test_every_benchmark_prints_its_table(name: str) -> None:
    command = [sys.executable, "-m", "benchmarks", name, "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip().startswith("|"), done.stdout
