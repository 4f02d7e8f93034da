"""A store that is not as it was written: each command says so in one line, of each view, and changes nothing."""

from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from typer.testing import Result

from domain.deployment_request.events import RequestSubmitted
from domain.number_series import NumberAssigned, place_of
from domain.recorded_event import Recorded
from projections.views import deployment_requests
from service.cli import main
from tests.projections.following.parking import follow_to_the_end, longest, unable
from tests.projections.rebuilding.empty_views import empty
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.tampering import spoil, take_out

NAME = deployment_requests.NAME
Tamper = Callable[[World, Recorded[Any]], None]

SPOILT = [
    (take_out, 0, "has {stream} at version 0, and 2 comes next"),
    (take_out, 1, "has {stream} at version 1, and 3 comes next"),
    (spoil, 1, "the event at position {position}"),
]


def says_in_one_line(result: Result, expected: str) -> None:
    """And ends as it does where nothing was changed."""
    assert isinstance(result.exception, SystemExit), result.exception
    assert result.exit_code == 1
    [line] = result.stderr.splitlines()
    assert line.startswith("mandate: ")
    assert expected in line


@pytest.mark.parametrize("command", ["verify", "rebuild", "rebuild --dry-run", "rebuild --stream"])
@pytest.mark.parametrize(("tamper", "which", "expected"), SPOILT, ids=["first taken out", "second taken out", "spoilt"])
def test_views_are_as_they_were(
    run: Run, recorded: World, command: str, tamper: Tamper, which: int, expected: str
) -> None:
    one = longest(recorded)[which]
    tamper(recorded, one)
    before = recorded.all_rows()
    arguments = [str(one.stream)] if command.endswith("--stream") else []
    result = run(*command.split(), *arguments, NAME)
    says_in_one_line(result, expected.format(stream=one.stream, position=one.position))
    assert recorded.all_rows() == before


def test_an_unreadable_parked_stream_stays_parked(run: Run, recorded: World) -> None:
    second = longest(recorded)[1]
    empty(recorded)
    follow_to_the_end(recorded, unable(second.position))
    spoil(recorded, second)
    says_in_one_line(run("parked", "retry"), f": the event at position {second.position} ")
    assert run("parked", "list").exit_code == 1


def test_a_stream_parked_by_another_version_stays_parked(run: Run, recorded: World) -> None:
    second = longest(recorded)[1]
    empty(recorded)
    follow_to_the_end(recorded, unable(second.position))
    with psycopg.connect(recorded.urls.worker) as connection:
        connection.execute("UPDATE projections.checkpoints SET version = version + 1")
    says_in_one_line(run("parked", "retry"), "rebuild the view")


def test_a_name_that_cannot_be_read(
    run: Run, recorded: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A reference is resolved from events as well. `run` sets the database's URL."""
    numbers = [each for each in recorded.log() if isinstance(each.event, NumberAssigned)]
    submitted = [each.event for each in recorded.log() if isinstance(each.event, RequestSubmitted)]
    number, reference = next(
        (number, first)
        for number in numbers
        for each in submitted
        if place_of(first := f"{each.reference[:-4]}0001") == (number.stream, number.version)
    )
    spoil(recorded, number)
    monkeypatch.setattr("sys.argv", ["mandate", "rebuild", "--stream", reference])
    with pytest.raises(SystemExit) as ended:
        main()
    told = capsys.readouterr().err
    assert ended.value.code == 1, told
    assert told.startswith("mandate: the event at position ")
