"""The list of commands: complete, fast, and with help and completion for each."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from service.cli import COMMANDS, application

NAMES = [name for group in COMMANDS.values() for name in group]
HEAVY = {"sqlalchemy", "psycopg", "strawberry", "fastapi", "alembic"}


def mandate(*arguments: str, **environment: str) -> tuple[str, set[str]]:
    """What the installed command prints, and what it imports."""
    ran = subprocess.run(
        [Path(sys.executable).with_name("mandate"), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "80", "PYTHONPROFILEIMPORTTIME": "1", **environment},
    )
    timings = (line for line in ran.stderr.splitlines() if line.startswith("import time:"))
    return ran.stdout, {line.rsplit("|", 1)[1].strip() for line in timings}


def test_the_help_lists_every_command_and_imports_none() -> None:
    shown, imported = mandate("--help")
    assert not imported & HEAVY
    assert [line.split()[1] for line in shown.splitlines() if line.startswith("│ ") and line[2].isalpha()] == NAMES


def test_the_version_is_that_of_the_package() -> None:
    assert mandate("--version")[0] == f"mandate {version('mandate')}\n"


def test_a_shell_completes_commands() -> None:
    asked = {"_MANDATE_COMPLETE": "complete_bash", "COMP_WORDS": "mandate re", "COMP_CWORD": "1"}
    assert mandate(**asked)[0].split() == ["regions", "restore", "rebuild", "replay"]


def test_a_shell_completes_the_options_of_a_command() -> None:
    asked = {"_MANDATE_COMPLETE": "complete_bash", "COMP_WORDS": "mandate replay --c", "COMP_CWORD": "2"}
    assert mandate(**asked)[0].split() == ["--check"]


@pytest.mark.parametrize("name", NAMES)
def test_the_help_of_a_command_ends_with_an_example(name: str) -> None:
    shown = CliRunner().invoke(application(name), [name, "--help"])
    assert shown.exit_code == 0
    assert f"Example: mandate {name}" in shown.stdout
