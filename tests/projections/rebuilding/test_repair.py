"""One stream's rows made again: what was edited is as its events made it, beside a follower that goes on."""

from uuid import UUID, uuid4

import psycopg
import pytest

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST
from domain.deployment_request.events import RequestRemarked
from domain.vocabulary import Text
from projections.following.follower import view_consumer
from projections.rebuilding.repair import NoRowsOfStream, repair
from projections.rows.running_counts import LEVELS, GroupLevel
from projections.tables.view import View
from projections.views import audit_trail, authorities, deployment_requests, situation
from service.event_store.mapper import decode
from tests.projections.following.parking import as_folded, found, longest, unable
from tests.projections.histories import Histories
from tests.projections.large_events import item
from tests.projections.world import World

SITUATION = situation.VIEW
EDITS = (
    (
        deployment_requests.VIEW,
        "UPDATE {} SET status = 'DENIED', document = replace(document, 'xk', 'xl') WHERE id = %s",
    ),
    (deployment_requests.VIEW, "DELETE FROM {} WHERE id = %s"),
    (audit_trail.VIEW, "UPDATE {} SET marking = 'CLEAR', audience = ARRAY['everybody'] WHERE subject = %s"),
    (situation.VIEW, "UPDATE {}_intervals SET group_id = gen_random_uuid(), status = 'DENIED' WHERE id = %s"),
)


TWO_GROUPS = """
    SELECT a.id, b.id FROM projections.situation_intervals a, projections.situation_intervals b
    WHERE a.{own} <> b.{own} AND a.kind = b.kind AND b.valid_from < a.valid_from LIMIT 1
"""
MOVED = """
    UPDATE projections.situation_intervals SET {own} = (
        SELECT {own} FROM projections.situation_intervals WHERE id = %(another)s LIMIT 1
    ) WHERE id = %(one)s
"""


@pytest.fixture
def histories() -> Histories:
    return Histories(91)


@pytest.fixture
def recorded(world: World, histories: Histories) -> World:
    world.append([histories.opening(), *histories.items(120)])
    world.apply()
    return world


def some_request(world: World) -> UUID:
    return longest(world)[0].stream


@pytest.mark.parametrize(("view", "statement"), EDITS, ids=lambda value: value.name if isinstance(value, View) else "")
def test_edited_rows_are_repaired(recorded: World, histories: Histories, view: View, statement: str) -> None:
    stream = some_request(recorded)
    with recorded.following(view_consumer(view)):
        with psycopg.connect(recorded.urls.worker) as connection:
            assert connection.execute(statement.format(view.tables[0]).encode(), [stream]).rowcount > 0
        own = [each for each in recorded.log() if each.stream == stream]
        assert repair(view, recorded.urls.worker, decode, stream) == len(own)
        recorded.append(histories.items(20))
        recorded.reach(view.name, recorded.store.head()[0])
    assert as_folded(recorded, view)


@pytest.mark.parametrize("level", LEVELS, ids=lambda level: level.own)
def test_a_repaired_stream_is_no_longer_counted_elsewhere(recorded: World, level: GroupLevel) -> None:
    """Where it was counted in the meantime, too: of what is counted together, each level tells its group."""
    with psycopg.connect(recorded.urls.worker) as connection:
        one, another = connection.execute(TWO_GROUPS.format(own=level.own).encode()).fetchone() or ()
        moved = MOVED.format(own=level.own).encode()
        assert connection.execute(moved, {"one": one, "another": another}).rowcount > 0
    for stream in (another, one):
        repair(situation.VIEW, recorded.urls.worker, decode, stream)
    assert as_folded(recorded, situation.VIEW)


@pytest.mark.parametrize("gone", ["true", "valid_until = 'infinity'", "valid_until <> 'infinity'"])
def test_deleted_counts_are_counted_again(recorded: World, gone: str) -> None:
    """Also of what was counted before the stream began."""
    stream = max(recorded.log(), key=lambda each: each.position * (each.version == 1 and SITUATION.keeps(each))).stream
    with psycopg.connect(recorded.urls.worker) as connection:
        groups = " OR ".join(f"c.group_id = i.{level.own}" for level in LEVELS)
        deleted = f"""DELETE FROM projections.situation c USING projections.situation_intervals i
            WHERE i.id = %s AND ({groups}) AND c.{gone}""".replace("c.true", "true")
        assert connection.execute(deleted.encode(), [stream]).rowcount > 0
    repair(SITUATION, recorded.urls.worker, decode, stream)
    assert as_folded(recorded, SITUATION)


def test_a_repair_applies_the_parked_events(recorded: World, histories: Histories) -> None:
    recorded.append(histories.items(40))
    poison = next(each for each in recorded.log()[-40:] if AGGREGATE_OF[type(each.event)] is DEPLOYMENT_REQUEST)
    with recorded.following(view_consumer(unable(poison.position))):
        recorded.reach(deployment_requests.NAME, recorded.store.head()[0])
    assert found(recorded)
    repair(deployment_requests.VIEW, recorded.urls.worker, decode, poison.stream)
    assert found(recorded) == []
    assert as_folded(recorded)


@pytest.mark.parametrize("view", [deployment_requests.VIEW, authorities.VIEW], ids=lambda view: view.name)
def test_a_stream_without_rows_is_refused(recorded: World, view: View) -> None:
    before = recorded.all_rows()
    with pytest.raises(NoRowsOfStream):
        repair(view, recorded.urls.worker, decode, uuid4())
    assert recorded.all_rows() == before


def test_a_follower_drops_the_cached_state_of_a_repaired_stream(recorded: World) -> None:
    """It had read the edited state, and has gone on from it."""
    stream = some_request(recorded)
    edited = """UPDATE projections.deployment_requests
                SET document = regexp_replace(document, '"strength":[0-9]+', '"strength":9')
                WHERE id = %s AND valid_until = 'infinity' AND document ~ '"strength":[0-9]+'"""
    with psycopg.connect(recorded.urls.worker) as connection:
        assert connection.execute(edited, [stream]).rowcount == 1
    with recorded.following(view_consumer(deployment_requests.VIEW)):
        remark(recorded, stream)
        repair(deployment_requests.VIEW, recorded.urls.worker, decode, stream)
        remark(recorded, stream)
    assert as_folded(recorded, deployment_requests.VIEW)


def remark(world: World, stream: UUID) -> None:
    """One more event of a request, followed."""
    version = max(each.version for each in world.log() if each.stream == stream) + 1
    world.append([item(stream, version, RequestRemarked(reason=Text("EXERCISE")))])
    world.reach(deployment_requests.NAME, world.store.head()[0])
