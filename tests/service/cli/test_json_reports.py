"""Commands that report what they did report it as JSON too."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner, Result

from service.cli import COMMANDS, application
from service.settings import DatabaseUrls

EXAMPLE = Path(__file__).parents[3] / "examples" / "import" / "exercise.jsonl"
REPORT_NOTHING = {
    "serve", "worker", "migrate", "demo", "token", "dossier", "export", "schema", "access block", "access unblock",
    "events void", "parked show", "parked retry", "deliveries retry", "deliveries skip",
}  # fmt: skip
"""Commands that run, write a file, or say one thing."""
Run = Callable[..., Result]


@pytest.fixture
def run(database_urls: DatabaseUrls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    for name, value in {
        "MANDATE_DATABASE_URL": database_urls.api,
        "MANDATE_WORKER_DATABASE_URL": database_urls.worker,
        "MANDATE_OWNER_DATABASE_URL": database_urls.owner,
        "MANDATE_TOKEN_KEY_FILE": str(key),
    }.items():
        monkeypatch.setenv(name, value)
    return lambda *arguments: CliRunner().invoke(application(arguments[0]), arguments)


def reported(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_every_command_that_reports_has_it() -> None:
    without = set()
    for name in (name for group in COMMANDS.values() for name in group):
        command: Any = get_command(application(name))
        command = command.commands[name]
        below = getattr(command, "commands", None)
        each = {f"{name} {one}": found for one, found in below.items()} if below else {name: command}
        without |= {one for one, found in each.items() if "as_json" not in {part.name for part in found.params}}
    assert without == REPORT_NOTHING


def test_an_import(run: Run, tmp_path: Path) -> None:
    listed = tmp_path / "refused.jsonl"
    arguments = ("import", str(EXAMPLE), "--report", str(listed), "--json")
    rehearsed = reported(run(*arguments, "--dry-run"))
    assert rehearsed["dryRun"]
    recorded = reported(run(*arguments))
    assert recorded == {**rehearsed, "dryRun": False}
    assert recorded["report"] == str(listed)
    totals = recorded["totals"]
    assert (totals["lines"], totals["recorded"], totals["refused"], totals["histories"]) == (14, 13, 1, 4)
    assert totals["reasons"] == {"approveDeploymentRequest: TransitionRefused": 1}
    checked = reported(run("replay", "--check", "--json"))
    assert checked["events"] > 13
    assert checked.keys() == {"events", "streams", "seconds"}


def test_an_import_of_regions(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "regions.csv"
    file.write_text("path,language,name\nxk,en,Kosovo\nxk/north,en,North\n")
    arguments = ("regions", "import", str(file), "--json")
    expected = {"registered": 2, "unchanged": 0, "refused": 0, "refusals": []}
    assert reported(run(*arguments, "--dry-run")) == {"recorded": False, **expected}
    assert reported(run(*arguments)) == {"recorded": True, **expected}
    file.write_text("path,language,name\nXK,en,Kosovo\n")
    refused = run(*arguments)
    assert refused.exit_code == 1
    said = json.loads(refused.stdout)
    assert (said["recorded"], said["refused"]) == (False, 1)
    assert said["refusals"][0].startswith("line 2, XK: path: ")


def test_a_rebuild(run: Run) -> None:
    never_followed = run("verify", "regions", "--json")
    assert json.loads(never_followed.stdout) == []
    assert "it has not followed any events yet" in never_followed.stderr
    said = reported(run("rebuild", "regions", "--json"))
    [swapped] = said["swapped"]
    assert (swapped["view"], swapped["comparison"], said["notSwapped"]) == ("regions", None, [])
