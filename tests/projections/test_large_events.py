"""Batches are bounded by bytes as well as by events, wherever the log is read for a view."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from uuid import uuid4

import psycopg
import pytest

from domain.catalogue import INCIDENT
from domain.recorded_event import Recorded
from projections.following.fold_cache import FoldCache
from projections.following.follower import view_consumer
from projections.following.replay import BATCH_BYTES, LogReplay, at_positions, head, topics
from projections.following.row_writer import LIVE
from projections.following.stream_ranges import ALL
from projections.rebuilding.rebuild import rebuild, verify
from projections.rebuilding.store_check import check
from projections.views import incidents
from service.event_store.mapper import decode
from tests.projections.large_events import LARGE, incident
from tests.projections.world import World

WANTED: Final = topics([INCIDENT])


def size_of(world: World, events: Sequence[Recorded[Any]]) -> int:
    """Bytes that are stored of them."""
    asked = """SELECT sum(octet_length(state) + coalesce(octet_length(texts), 0))
               FROM event_store.events LEFT JOIN event_store.event_texts ON position = notification_id
               WHERE notification_id = ANY(%s)"""
    with psycopg.connect(world.urls.owner) as owner:
        row = owner.execute(asked, [[recorded.position for recorded in events]]).fetchone()
    assert row is not None
    return int(row[0])


@contextmanager
def replay(world: World) -> Iterator[LogReplay]:
    with psycopg.connect(world.urls.worker, autocommit=True) as connection:
        yield LogReplay(connection, decode, head(connection))


def test_the_feed(world: World) -> None:
    incident(world, 120)
    positions: list[int] = []
    while events := world.store.feed(positions[-1] if positions else 0, 1000):
        assert size_of(world, events) <= BATCH_BYTES + 2 * LARGE
        positions += [recorded.position for recorded in events]
    assert positions == list(range(1, 122))
    assert len(world.store.feed(0, 1000)) < 121


def test_one_event_that_is_larger_than_a_batch(world: World) -> None:
    incident(world, 2, BATCH_BYTES + 1)
    assert [len(world.store.feed(after, 1000)) for after in range(4)] == [2, 1, 1, 0]


def test_batches_of_a_replay_are_bounded_by_bytes(world: World) -> None:
    long, short = incident(world, 120), [incident(world, 30) for _ in range(3)]
    with replay(world) as read:
        for batches in (read.of_stream(long, WANTED), read.by_position(WANTED)):
            assert all(size_of(world, batch) <= BATCH_BYTES + 2 * LARGE for batch in batches)
        streams = list(read.by_stream(WANTED))
        for block in read.blocks(WANTED, ALL):
            assert sum(stream.size for stream in block if stream.events is not None) < 2 * BATCH_BYTES
        assert read.whole(long, WANTED) is None
        assert len(read.whole(short[0], WANTED) or ()) == 31
    lengths = {stream.id: None if stream.events is None else len(stream.events) for stream in streams}
    assert lengths == {long: None, **dict.fromkeys(short, 31)}


def test_what_waits_parked(world: World) -> None:
    incident(world, 60)
    with psycopg.connect(world.urls.worker, autocommit=True) as connection:
        wanted = list(range(1, 62))
        assert [each.position for each in at_positions(connection, decode, wanted)] == wanted


def test_followers_rebuilds_and_checks_take_all_of_it(world: World) -> None:
    incident(world, 20)
    incident(world, 60)
    with world.following(view_consumer(incidents.VIEW)):
        world.reach(incidents.NAME, 82)
    assert check(world.urls.worker, decode, views=[incidents.VIEW]).events == 82
    compared = verify(incidents.VIEW, world.urls.worker, decode)
    assert compared is not None
    assert compared.differing == 0


@pytest.mark.parametrize(
    "process",
    [
        lambda url: rebuild(incidents.VIEW, url, decode),
        lambda url: verify(incidents.VIEW, url, decode),
        lambda url: check(url, decode, views=[incidents.VIEW]),
    ],
    ids=["rebuild", "verify", "replay --check"],
)
def test_each_begins_with_a_small_batch_and_none_has_too_many_bytes(
    world: World, monkeypatch: pytest.MonkeyPatch, process: Callable[[str], object]
) -> None:
    """One that resumes after an unclean exit, where a large batch may have taken too much memory, does so too."""
    batches: list[list[int]] = []
    read = LogReplay._batches

    def watched(replay: LogReplay, *arguments: Any) -> Iterator[list[tuple[Recorded[Any], int]]]:
        for batch in read(replay, *arguments):
            batches.append([size for _, size in batch])
            yield batch

    incident(world, 20)
    incident(world, 120)
    world.apply([incidents.VIEW])
    monkeypatch.setattr(LogReplay, "_batches", watched)
    process(world.urls.worker)
    assert [len(batch) for batch in batches[:4]] == [1, 2, 4, 8]
    assert max(map(sum, batches)) > BATCH_BYTES // 2
    assert max(map(sum, batches)) <= BATCH_BYTES + 2 * LARGE


def test_the_states_in_a_followers_memory_are_bounded_by_bytes(world: World) -> None:
    """Few subjects with much text count as much as many with little; one that is too large evicts no others."""
    states = []
    for evidence in (1, 1, 1, 1, 40):
        stream, state = incident(world, evidence), None
        for recorded in world.store.stream(stream):
            state = INCIDENT.evolve(state, recorded)
        states.append((stream, state))
    cache = FoldCache(incidents.VIEW, LIVE, most_bytes=10 * LARGE)
    cache.keep(states)
    assert 0 < cache.size <= 10 * LARGE
    with psycopg.connect(world.urls.worker) as connection:
        loaded = cache.load(connection, {stream: INCIDENT.name for stream, _ in states})
    assert {*loaded} == {stream for stream, _ in states[:4]}, "there are no rows yet: these are from the memory"
    cache.keep((uuid4(), state) for _, state in states[:4])
    assert 0 < cache.size <= 10 * LARGE
    cache.keep(states[:1])
    cache.keep(states[:1])
    cache.clear()
    assert cache.size == 0
