"""The list of commands: complete, fast, and with help and completion for each."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from service.cli import COMMANDS, application
from service.exchange.exports.chosen_export import FORMAT_NAMES
from service.exchange.exports.formats import FORMATS

NAMES = [name for group in COMMANDS.values() for name in group]
HEAVY = {
    "sqlalchemy", "psycopg", "psycopg_pool", "strawberry", "graphql", "fastapi", "starlette", "alembic",
    "eventsourcing", "pydantic_settings", "cryptography", "typst", "xlsxwriter", "structlog", "opentelemetry",
}  # fmt: skip
READING = [
    "list --status APPROVED --region xk", "history a-2024-0001", "explain a-2024-0001", "trail --type RequestApproved",
    "inbox", "dossier a-2024-0001 --output -", "export --format ocel2 --output -",
]  # fmt: skip


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
    listed = shown[shown.index("\nRun:") :].splitlines()
    assert [line.removesuffix(":") for line in listed if line and line[0] != " "] == list(COMMANDS)
    assert [line.split()[0] for line in listed if line.startswith("  ") and line[2] != " "] == NAMES


@pytest.mark.parametrize("command", READING)
def test_reading_a_remote_register_imports_no_database(command: str) -> None:
    """Nobody answers: whatever the command needs is imported by then."""
    _, imported = mandate(*command.split(), "--url", "http://127.0.0.1:1", "--token", "token")
    assert "httpx" in imported
    assert not imported & HEAVY
    _, imported = mandate(command.split()[0], "--help")
    assert not imported & HEAVY


def test_the_version_is_that_of_the_package() -> None:
    shown, imported = mandate("--version")
    assert shown == f"mandate {version('mandate')}\n"
    assert not imported & HEAVY


def test_there_is_a_writer_for_each_format() -> None:
    assert tuple(FORMATS) == FORMAT_NAMES


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


@pytest.mark.parametrize("arguments", [[], *([name] for name in NAMES), ["deliveries", "list"]], ids=" ".join)
def test_help_cuts_no_word_and_stays_within_the_terminal(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    command: Any = get_command(application(arguments[0] if arguments else ""))
    for argument in arguments:
        command = command.commands[argument]
    shown = CliRunner().invoke(application(*arguments[:1] or [""]), [*arguments, "--help"]).stdout
    assert max(map(len, shown.splitlines())) <= 80
    said = "".join(shown.split())
    for text in (command.help, *(each.help for each in command.params if not each.hidden)):
        assert "".join((text or "").split()) in said
