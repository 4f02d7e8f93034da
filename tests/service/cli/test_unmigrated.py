"""Where the database was not migrated, a command says so in one line, and what to do."""

import pytest
from typer.testing import CliRunner

from service.cli import application
from service.errors import Misconfigured
from tests.databases import Databases


@pytest.mark.parametrize(
    "command",
    [
        "status",
        "verify",
        "rebuild situation",
        "rebuild situation --stream pristina-2024-0001",
        "parked list",
        "replay --check",
        "trail",
        "history pristina-2024-0001",
        "explain pristina-2024-0001",
        "export --format csv --output -",
        "worker",
    ],
)
def test_the_command_says_how_to_migrate(databases: Databases, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with databases.fresh("template1") as urls:
        monkeypatch.setenv("MANDATE_DATABASE_URL", urls.owner)
        result = CliRunner().invoke(application(command.split()[0]), command.split())
    assert isinstance(result.exception, Misconfigured)
    assert "from migration 0001_event_store on: run 'mandate migrate'" in str(result.exception)
