"""The benchmarks run. How fast anything is, no test says: docs/benchmarks.md does."""

import subprocess
import sys

import pytest

from benchmarks.__main__ import NAMES
from tests.tidy.repository import ROOT


@pytest.mark.timeout(600)
def test_every_benchmark_prints_its_table() -> None:
    """In one process, since each would import the same."""
    command = [sys.executable, "-m", "benchmarks", *NAMES, "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=500, check=False)
    assert done.returncode == 0, done.stderr
    for name, text in zip(NAMES, done.stdout.strip().split("\n\n\n"), strict=True):
        assert text.startswith("|"), (name, text)
