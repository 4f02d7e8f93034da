"""`mandate demo` records nothing in a register that the environment names, unless a flag says so."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from service.cli.demo_command import demo
from service.errors import Misconfigured
from service.settings import Settings


@pytest.mark.parametrize("name", ["MANDATE_DATA_DIR", "MANDATE_DATABASE_URL", "mandate_data_dir"])
def test_it_leaves_the_register_of_the_environment_alone(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    value = "postgresql://localhost:1/none" if name.endswith("URL") else str(tmp_path / "data")
    monkeypatch.setenv(name, value)
    with pytest.raises(Misconfigured, match="--into-this-register"):
        demo(into_this_register=False)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_flag_plays_the_case_in_that_register(tmp_path: Path) -> None:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MANDATE_")}
    environment = {**clean, "MANDATE_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, "-m", "service.cli", "demo", "--into-this-register"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=170, check=False)
    assert result.returncode == 0, result.stderr
    assert "They are the same." in result.stdout
    assert "make serve" not in result.stdout, "it would serve another register"


def test_without_one_it_is_that_of_the_folder() -> None:
    assert Settings().data_dir == Path(".data")
