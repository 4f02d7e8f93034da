"""`parked`, `rebuild --stream` and `replay --check`: what operators do about one stream, and before an upgrade."""

from uuid import UUID

import psycopg
import pytest

from domain.catalogue import EVENTS
from projections.rebuilding.store_check import UnreadableStore, check
from projections.views import deployment_requests
from service.event_store.mapper import decode
from tests.projections.following.parking import follow_to_the_end, longest, unable
from tests.projections.histories import Histories
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.edits import edit
from tests.service.cli.tampering import take_out

NAME = deployment_requests.NAME


def test_parked_streams_are_listed_shown_and_retried(run: Run, recorded: World, histories: Histories) -> None:
    assert run("parked", "list").exit_code == 0
    before = recorded.store.head()[0]
    recorded.append(histories.items(60))
    poison = next(each for each in recorded.log()[before:] if deployment_requests.VIEW.keeps(each))
    follow_to_the_end(recorded, unable(poison.position))
    listed = run("parked", "list")
    assert listed.exit_code == 1
    assert str(poison.position) in listed.stdout
    assert str(poison.stream) in listed.stdout
    reference = reference_in(recorded, poison.stream)
    assert reference in listed.stdout
    shown = run("parked", "show", str(poison.stream))
    assert shown.stdout.splitlines()[1] == f"  {poison.position}"
    assert f"poison at {poison.position}" in shown.stdout
    retried = run("parked", "retry")
    assert retried.exit_code == 0, retried.output
    assert f"{NAME} {reference} {poison.stream}: " in retried.stdout
    assert run("parked", "list").exit_code == 0
    assert run("verify", NAME).exit_code == 0


def reference_in(recorded: World, stream: UUID) -> str:
    reference: str = next(each.event.reference for each in recorded.log() if each.stream == stream)
    return reference


def test_one_stream_is_repaired(run: Run, recorded: World) -> None:
    edit(recorded)
    assert run("verify", NAME).exit_code == 1
    with psycopg.connect(recorded.urls.worker) as connection:
        first = connection.execute("SELECT id FROM projections.deployment_requests ORDER BY id LIMIT 1").fetchone()
    assert first is not None
    mended = run("rebuild", NAME, "--stream", str(first[0]))
    assert mended.exit_code == 0, mended.output
    assert run("verify", NAME).exit_code == 0


def test_cancelling_nothing_is_reported(run: Run, recorded: World) -> None:
    assert "no rebuild is running" in run("rebuild", NAME, "--cancel").stdout


def test_everything_can_be_read(run: Run, recorded: World) -> None:
    result = run("replay", "--check")
    assert result.exit_code == 0, result.output
    assert f"{recorded.store.head()[0]:,} events of " in result.stdout


def test_the_first_event_that_cannot_be_read_is_named(recorded: World) -> None:
    poison = longest(recorded)[1].position
    with pytest.raises(UnreadableStore, match=f"deployment_requests cannot apply the event at position {poison}"):
        check(recorded.urls.worker, decode, views=[unable(poison)])


@pytest.mark.parametrize(
    ("which", "said"), [(1, "has no version 2: 3 comes next"), (-1, "1 of {end} positions hold no")]
)
def test_a_deleted_event_is_reported(run: Run, recorded: World, which: int, said: str) -> None:
    take_out(recorded, longest(recorded)[which])
    result = run("replay", "--check")
    assert result.exit_code == 1
    assert said.format(end=recorded.store.head()[0]) in result.stderr


@pytest.mark.parametrize(
    ("topic", "reason"), [("NeverHeardOf", "an unknown name"), (next(iter(EVENTS)), "cannot be read")]
)
def test_an_event_of_an_unknown_type_is_named(run: Run, recorded: World, topic: str, reason: str) -> None:
    end = recorded.store.head()[0]
    with psycopg.connect(recorded.urls.owner) as connection:
        connection.execute(
            "INSERT INTO event_store.events (originator_id, originator_version, topic, state, notification_id,"
            " recorded_at) VALUES (gen_random_uuid(), 1, %s, '{}', %s, now())",
            [topic, end + 1],
        )
    result = run("replay", "--check")
    assert result.exit_code == 1
    assert f"position {end + 1}" in result.stderr
    assert reason in result.stderr
