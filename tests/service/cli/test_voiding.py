"""An event that nobody can read is voided by an operator: it keeps its place, and everything goes on past it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from domain.authority import AuthorityRegistered
from domain.authority import stream_of as authority_stream
from domain.catalogue import AGGREGATE_OF, JURISDICTION, version_of
from domain.deployment_request.events import RequestRemarked, ReviewBegun
from domain.vocabulary import SYSTEM, Actor, AuthorityCode, Label, Role, Subject, Text
from domain.voided_events import EventVoided
from projections.catalogue import VIEWS
from projections.following.follower import view_consumer
from projections.rebuilding.rebuild import verify
from projections.views import audit_trail_queries, deployment_requests
from service.access.identity import ISSUER
from service.access.own_tokens import tokens
from service.commands.state_cache import StateCache
from service.event_store.mapper import decode
from service.settings import Settings
from tests.projections.following.parking import longest
from tests.projections.large_events import item
from tests.projections.world import World
from tests.service.cli.conftest import Run
from tests.service.cli.tampering import spoil

WHY = ("--reason", "EXERCISE: its bytes were damaged", "--by", "olive")


def follow_up(world: World) -> None:
    """All views take in all that there is."""
    with world.following(*map(view_consumer, VIEWS)):
        for view in VIEWS:
            world.reach(view.name, world.store.head()[0])


def is_consistent(world: World, run: Run) -> bool:
    """Replayed, and built again, everything is as it is."""
    result = run("replay", "--check")
    assert result.exit_code == 0, result.stderr
    for view in VIEWS:
        compared = verify(view, world.urls.worker, decode)
        assert compared is not None
        assert compared.differing == 0, compared.summary()
    return True


def test_voiding_an_event_in_the_middle_of_a_stream(recorded: World, run: Run, tmp_path: Path) -> None:
    own = longest(recorded)
    stream, version = own[0].stream, len(own) + 1
    recorded.append([item(stream, version, RequestRemarked(reason=Text("EXERCISE")))])
    recorded.append([item(stream, version + 1, RequestRemarked(reason=Text("EXERCISE")))])
    spoilt = next(each for each in recorded.log() if each.stream == stream and each.version == version)
    spoil(recorded, spoilt)
    assert run("replay", "--check").exit_code == 1
    result = run("events", "void", str(spoilt.position), *WHY)
    assert result.exit_code == 0, result.stderr
    follow_up(recorded)
    assert is_consistent(recorded, run)
    [state] = recorded.ask(SYSTEM, lambda sight: deployment_requests.by_ids(sight, [stream]))
    assert state.version == version + 1
    [entry] = [
        entry
        for entry in recorded.ask(SYSTEM, lambda sight: audit_trail_queries.histories(sight, [stream], 100))
        if entry.version == version
    ]
    assert (entry.type, entry.position) == ("RequestEventVoided", spoilt.position)
    assert entry.payload["reason"].startswith("Voided by olive on 20")
    assert entry.payload["reason"].endswith("Z: EXERCISE: its bytes were damaged")
    assert entry.payload["voidedBy"] == "olive"
    assert entry.payload["storedAs"] == "RequestRemarked"
    assert entry.changes == ()
    trail = run("trail", "--type", "RequestEventVoided")
    assert "RequestEventVoided" in trail.stdout, trail.stderr
    assert "olive" in trail.stdout
    for form in ("ocel2", "csv", "jsonl", "cloudevents", "xes"):
        file = tmp_path / form
        exported = run("export", "--format", form, "--output", str(file))
        assert exported.exit_code == 0, (form, exported.stderr, exported.exception)
        assert form == "csv" or "olive" in file.read_text(), form  # a CSV tells of requests, not of events
    assert "olive" in run("events", "list").stdout
    with psycopg.connect(recorded.urls.owner) as owner:
        asked = "SELECT state FROM event_store.events WHERE notification_id = %s"
        assert owner.execute(asked, [spoilt.position]).fetchone() == (b"x",)


def test_voiding_the_first_event_of_a_stream(recorded: World, run: Run) -> None:
    """What no request can begin with, and all that follows it, is voided together; nothing of it was ever shown."""
    poison = uuid4()
    first = recorded.store.head()[0] + 1
    recorded.append([item(poison, version, ReviewBegun(reason=Text("EXERCISE"))) for version in (1, 2)])
    with recorded.following(*map(view_consumer, VIEWS)):
        recorded.wait(lambda status: status.parked == 1 and status.lag == 0, deployment_requests.NAME)
        result = run("events", "void", str(first), *WHY)
        assert result.exit_code == 0, result.stderr
        assert "deployment_requests: 2 events applied" in result.stdout
        for view in VIEWS:
            recorded.reach(view.name, first + 1)
        recorded.wait(lambda status: status.parked == 0, deployment_requests.NAME)
    assert is_consistent(recorded, run)
    assert all(isinstance(each.event, EventVoided) for each in recorded.store.stream(poison))
    for position in (first, first + 1):
        assert f"{position} ReviewBegun of {poison} was voided by olive" in run("trail", "--limit", "10000").stdout


def test_voiding_the_registration_of_an_authority(recorded: World, run: Run) -> None:
    """It is registered again, and its stream goes on at the next version."""
    code = AuthorityCode("newland")
    registered = AuthorityRegistered(code=code, name=Label("Newland"))
    recorded.append([item(authority_stream(code), 1, registered)])
    spoil(recorded, recorded.log()[-1])
    assert run("events", "void", str(recorded.store.head()[0]), *WHY).exit_code == 0
    states = StateCache(recorded.store).load([authority_stream(code)])
    assert version_of(states[authority_stream(code)]) == 1
    recorded.append([item(authority_stream(code), 2, registered)])
    follow_up(recorded)
    assert is_consistent(recorded, run)


def test_voiding_a_mandate_event(recorded: World, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It belongs to no authority: auditors find it at the end of the trail."""
    key = tmp_path / "key"
    key.write_bytes(b"k" * 32)
    monkeypatch.setenv("MANDATE_TOKEN_KEY_FILE", str(key))
    mandates = [each for each in recorded.log() if AGGREGATE_OF[type(each.event)] is JURISDICTION and each.version > 1]
    spoilt = mandates[-1]
    spoil(recorded, spoilt)
    assert run("events", "void", str(spoilt.position), *WHY).exit_code == 0
    for view in VIEWS:
        assert run("rebuild", view.name, "--accept-differences").exit_code == 0
    assert is_consistent(recorded, run)
    line = f"{spoilt.position} {type(spoilt.event).__name__} of {spoilt.stream} was voided by olive"
    assert line in run("trail", "--limit", "10000").stdout
    assert line not in run("trail", "--after", str(spoilt.position)).stdout
    assert line in run("trail", "--limit", "10000", "--token", token(Role.AUDITOR)).stdout
    assert line not in run("trail", "--limit", "10000", "--token", token(Role.REQUESTER)).stdout


def token(role: Role) -> str:
    actor = Actor(issuer=ISSUER, subject=Subject("aud"), authority=AuthorityCode("carol"), roles=(role,))
    return tokens(Settings.from_environment()).issue(
        actor, name=None, now=datetime.now(UTC), lifetime=timedelta(hours=1)
    )


@pytest.mark.parametrize(
    ("position", "said"), [(lambda own: 10**9, "there is no event"), (lambda own: own[1].position, "can be read")]
)
def test_events_that_cannot_be_voided(recorded: World, run: Run, position: Any, said: str) -> None:
    result = run("events", "void", str(position(longest(recorded))), *WHY)
    assert isinstance(result.exception, Exception)
    assert said in str(result.exception)
    assert "nothing is voided" in run("events", "list").stdout


def test_voiding_twice_or_after_an_unreadable_event_or_without_a_reason_is_refused(recorded: World, run: Run) -> None:
    own = longest(recorded)
    for each in own[1:3]:
        spoil(recorded, each)
    refused = run("events", "void", str(own[2].position), *WHY)
    assert f"position {own[1].position} comes before it" in str(refused.exception)
    assert "--reason" in str(run("events", "void", str(own[1].position), "--reason", " ", "--by", "olive").exception)
    assert run("events", "void", str(own[1].position), *WHY).exit_code == 0
    assert "voided already" in str(run("events", "void", str(own[1].position), *WHY).exception)


@pytest.mark.parametrize("role", ["api", "worker"])
def test_only_the_owner_may_void_events(recorded: World, role: str) -> None:
    with (
        psycopg.connect(getattr(recorded.urls, role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("INSERT INTO event_store.voided_events VALUES (1, 'RequestEventVoided', 'x', 'x')")


def test_a_void_cannot_be_undone(recorded: World, run: Run) -> None:
    spoilt = longest(recorded)[-1]
    spoil(recorded, spoilt)
    assert run("events", "void", str(spoilt.position), *WHY).exit_code == 0
    with psycopg.connect(recorded.urls.owner) as owner, pytest.raises(psycopg.errors.RestrictViolation):
        owner.execute("DELETE FROM event_store.voided_events")
