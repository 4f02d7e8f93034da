"""What comes from the data is read, and never steers the terminal: whatever controls it holds."""

import psycopg
import pytest

from projections.views import deployment_requests
from service.cli import main
from service.cli.terminal_text import CONTROLS
from tests.projections.following.parking import follow_to_the_end, longest, unable
from tests.projections.rebuilding.empty_views import empty
from tests.projections.world import World
from tests.service.cli.conftest import Run

NAME = deployment_requests.NAME
STEERING = "\x9b31m \u202e \x1b[2J"


def set_in(world: World, table: str, column: str, text: str) -> None:
    with psycopg.connect(world.urls.worker) as connection:
        statement = f"UPDATE projections.{table} SET {column} = %s"
        assert connection.execute(statement.encode(), [text]).rowcount > 0


@pytest.fixture
def parked(recorded: World) -> World:
    """One stream of it waits."""
    empty(recorded)
    follow_to_the_end(recorded, unable(longest(recorded)[1].position))
    return recorded


@pytest.mark.parametrize("command", ["verify", "rebuild", "rebuild --dry-run"])
def test_rows_that_differ(run: Run, recorded: World, command: str) -> None:
    set_in(recorded, NAME, "searched", STEERING)
    result = run(*command.split(), NAME)
    assert result.exit_code == 1
    assert 'searched is "\ufffd31m \ufffd' in result.output
    assert CONTROLS.findall(result.output) == []


def test_why_streams_wait(run: Run, parked: World) -> None:
    set_in(parked, "parked_streams", "error", STEERING)
    for command in ("list", "show"):
        result = run("parked", command, *([str(longest(parked)[0].stream)] if command == "show" else []))
        assert "\ufffd31m" in result.stdout
        assert CONTROLS.findall(result.output) == []


def test_what_status_shows(run: Run, recorded: World) -> None:
    set_in(recorded, "checkpoints", "last_error", STEERING)
    result = run("status")
    assert f"{NAME}: \ufffd31m" in result.stdout
    assert CONTROLS.findall(result.output) == []


@pytest.mark.parametrize("text", ["expected list[str], got [/x]", "[red]read me[/red]", "10:100:20"])
def test_text_like_markup_is_printed_as_it_is(
    run: Run, parked: World, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """rich would take it for styles and emoji, and either change it or show nothing at all."""
    monkeypatch.setenv("COLUMNS", "200")
    set_in(parked, "parked_streams", "error", text)
    assert text in run("parked", "list").stdout
    set_in(parked, NAME, "searched", text)
    assert f'searched is "{text}"' in run("verify", NAME).stdout


def test_an_unknown_view_is_named_without_control_characters(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mandate", "verify", "\x9b31m"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith("mandate: there is no view \ufffd31m: there are ")
