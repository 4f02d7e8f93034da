"""The Reader: as somebody, at least at a position, within a time limit."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import TypeVar

import psycopg
import pytest
from sqlalchemy import func, select

from domain import authority, jurisdiction
from domain.authority import Authority, AuthorityRegistered
from domain.jurisdiction import Jurisdiction, MandateEnded, MandateGranted
from domain.vocabulary import SYSTEM, AuthorityCode, Label, Quorum, Region, Text
from projections.reading.positions import ViewPositions
from projections.reading.queries import Query
from projections.reading.read_connections import Connections
from projections.reading.reader import DatabaseUnavailable, InstantAhead, Reader, ViewBehind
from projections.views import request_lists
from projections.views.authorities import standing_of
from projections.views.request_list_filter import RequestListFilter
from service.event_store.records import AppendItem
from service.processes.composition import reading_connections
from service.settings import Settings
from tests.projections.histories import Histories
from tests.projections.model import ACTORS, Model, actor
from tests.projections.world import World
from tests.service.event_store.appends import unrecorded

T = TypeVar("T")
COUNT = partial(request_lists.count, wanted=RequestListFilter())
ALPHA = AuthorityCode("alpha")
REGISTERED = unrecorded(authority.stream_of(ALPHA), 1, AuthorityRegistered(code=ALPHA, name=Label("Alpha")))
"""Persons of an unregistered authority hold no mandate."""


def reading(url: str, use: Callable[[Connections], Awaitable[T]], **settings: float) -> T:
    async def run() -> T:
        connections = reading_connections(Settings.model_validate(settings), url)
        try:
            return await use(connections)
        finally:
            await connections.close()

    return asyncio.run(run())


@pytest.fixture
def recorded(world: World) -> World:
    histories = Histories(41)
    world.append([histories.opening(), *histories.items(60)])
    return world


def test_a_viewer_holds_the_tokens_of_current_mandates(recorded: World) -> None:
    recorded.apply()
    model = Model(recorded.log())

    async def viewers(connections: Connections) -> list[object]:
        reader = Reader(connections, standing_of)
        return [(await reader.reading(who)).viewer for who in ACTORS]

    found = reading(recorded.urls.api, viewers)
    assert found == [model.viewer(who) for who in ACTORS]
    assert "region:xk" in (model.viewer(ACTORS[1]).tokens or ())


def test_a_mandate_counts_from_its_beginning_to_before_its_end(world: World) -> None:
    code, region, start = ALPHA, Region("xk"), datetime(2024, 1, 1, tzinfo=UTC)
    granted = MandateGranted(
        authority=code,
        region=region,
        legal_basis=Label("law"),
        endorsements_required=Quorum(1),
        valid_from=start,
    )
    ended = MandateEnded(authority=code, region=region, reason=Text("over"), at=start + timedelta(days=1))
    stream = jurisdiction.stream_of(region)
    world.append([AppendItem(events=(REGISTERED, unrecorded(stream, 1, granted), unrecorded(stream, 2, ended)))])
    world.apply()

    async def holds(connections: Connections) -> list[bool]:
        found = []
        for hours in (-1, 0, 23, 24):
            reader = Reader(connections, standing_of, clock=lambda hours=hours: start + timedelta(hours=hours))  # type: ignore[misc]
            found.append("region:xk" in ((await reader.reading(actor("p1", "alpha"))).viewer.tokens or ()))
        return found

    assert reading(world.urls.api, holds) == [False, True, True, False]


def test_a_mandate_that_ends_is_noticed_and_otherwise_read_once(world: World) -> None:
    code, region, start = ALPHA, Region("xk"), datetime(2024, 1, 1, tzinfo=UTC)
    granted = MandateGranted(
        authority=code, region=region, legal_basis=Label("law"), endorsements_required=Quorum(1), valid_from=start
    )
    ended = MandateEnded(authority=code, region=region, reason=Text("over"), at=start + timedelta(days=1))
    stream, later = jurisdiction.stream_of(region), start + timedelta(days=2)
    world.append([AppendItem(events=(REGISTERED, unrecorded(stream, 1, granted)))])
    world.apply()
    asked: list[str] = []

    def standing(of: AuthorityCode) -> Query[Authority | Jurisdiction]:
        query = standing_of(of)

        def read(row: Sequence[object]) -> Authority | Jurisdiction:
            asked.append("row")
            return query.read(row)

        return replace(query, read=read)

    async def holds(connections: Connections) -> list[bool]:
        reader = Reader(connections, standing)

        async def held(now: datetime = later, at_least: int | None = None) -> bool:
            begun = await reader.reading(actor("p1", "alpha"), now=now, at_least=at_least)
            return "region:xk" in (begun.viewer.tokens or ())

        found = [await held(), await held(), await held(start - timedelta(days=1))]
        assert asked == ["row", "row"]
        world.append([AppendItem(events=(unrecorded(stream, 2, ended),))])
        await asyncio.to_thread(world.apply)
        found += [await held(at_least=world.store.head()[0]), await held()]
        return found

    assert reading(world.urls.api, holds) == [True, True, False, False, False]


def test_a_rebuilt_view_of_authorities_is_read_again(world: World) -> None:
    """Its position is the same as before."""
    code, region = ALPHA, Region("xk")
    granted = MandateGranted(
        authority=code,
        region=region,
        legal_basis=Label("law"),
        endorsements_required=Quorum(1),
        valid_from=datetime(2024, 1, 1, tzinfo=UTC),
    )
    world.append([AppendItem(events=(REGISTERED, unrecorded(jurisdiction.stream_of(region), 1, granted)))])
    world.apply()

    async def holds(connections: Connections) -> bool:
        reader = Reader(connections, standing_of)
        assert "region:xk" in ((await reader.reading(actor("p1", "alpha"))).viewer.tokens or ())
        with psycopg.connect(world.urls.owner) as connection:
            connection.execute("DELETE FROM projections.jurisdictions")
            connection.execute("UPDATE projections.checkpoints SET mends = mends + 1, updated_at = clock_timestamp()")
        while "region:xk" in ((await reader.reading(actor("p1", "alpha"))).viewer.tokens or ()):
            pass
        return True

    assert reading(world.urls.api, holds)


def test_at_least_waits_for_the_view_and_gives_up_in_time(recorded: World) -> None:
    head = recorded.store.head()[0]

    async def waits(connections: Connections) -> list[int]:
        begun = await Reader(connections, standing_of).reading(SYSTEM, at_least=head)
        answer = asyncio.create_task(begun.rows(COUNT(begun.viewer_scope)))
        await asyncio.to_thread(recorded.apply)
        return await answer

    async def gives_up(connections: Connections) -> None:
        begun = await Reader(connections, standing_of, patience=0.05).reading(SYSTEM, at_least=head)
        await begun.rows(COUNT(begun.viewer_scope))

    with pytest.raises(ViewBehind, match="situation is at position 0, not yet at") as behind:
        reading(recorded.urls.api, gives_up)
    assert (behind.value.view, behind.value.position, behind.value.wanted) == ("situation", 0, head)
    (count,) = reading(recorded.urls.api, waits)
    assert count > 0


def test_as_of_waits_for_all_that_was_recorded_till_then(recorded: World) -> None:
    log = recorded.log()
    after_half = pairwise(log[len(log) // 2 :])
    half = next(each for each, following in after_half if each.recorded_at < following.recorded_at)
    recorded.apply(until=half.position - 1)

    async def asks(connections: Connections) -> None:
        begun = await Reader(connections, standing_of, patience=0.05).reading(SYSTEM, as_of=half.recorded_at)
        await begun.rows(COUNT(begun.viewer_scope))

    with pytest.raises(ViewBehind):
        reading(recorded.urls.api, asks)
    recorded.apply(until=half.position)
    reading(recorded.urls.api, asks)


def test_a_future_instant_is_refused(recorded: World) -> None:
    recorded.apply()
    with pytest.raises(InstantAhead):
        recorded.ask(SYSTEM, COUNT, as_of=datetime.now(UTC) + timedelta(hours=1))


def test_a_connection_that_died_in_the_pool_is_replaced(recorded: World) -> None:
    recorded.apply()
    assert recorded.urls.superuser is not None
    superuser = recorded.urls.superuser

    def terminate_all() -> None:
        with psycopg.connect(superuser) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE usename = 'mandate_api' AND datname = current_database()"
            )

    async def asks(connections: Connections) -> list[list[int]]:
        begun = await Reader(connections, standing_of).reading(SYSTEM)
        before = await begun.rows(COUNT(begun.viewer_scope))
        await asyncio.to_thread(terminate_all)
        return [before, await begun.rows(COUNT(begun.viewer_scope))]

    before, after = reading(recorded.urls.api, asks)
    assert before == after


def test_a_database_that_is_away_or_slow_is_reported(recorded: World) -> None:
    slow = Query(select(func.pg_sleep(30)), (), lambda row: row)

    async def asks(connections: Connections) -> None:
        await (await Reader(connections, standing_of).reading(SYSTEM)).rows(slow)

    with pytest.raises(DatabaseUnavailable, match="statement timeout"):
        reading(recorded.urls.api, asks, statement_timeout=0.1)
    with pytest.raises(DatabaseUnavailable, match="does not answer"):
        reading("postgresql://nobody@127.0.0.1:1/none", asks)


def test_each_question_is_planned_for_its_own_values(recorded: World) -> None:
    """A plan for all values, which PostgreSQL may turn to from the sixth time on, suits no filter of few."""
    mode = Query(select(func.current_setting("plan_cache_mode")), (), lambda row: str(row[0]))

    async def asks(connections: Connections) -> list[str]:
        return await (await Reader(connections, standing_of).reading(SYSTEM)).rows(mode)

    assert reading(recorded.urls.api, asks) == ["force_custom_plan"]


def test_one_poll_serves_all_waiting_queries() -> None:
    looks = 0

    async def look() -> dict[str, int]:
        nonlocal looks
        looks += 1
        await asyncio.sleep(0)
        return {"view": looks}

    async def wait() -> None:
        positions = ViewPositions(look)
        await asyncio.gather(*(positions.wait_until(["view"], 3, patience=5) for _ in range(50)))
        assert looks <= 4
        await positions.wait_until(["view"], 2, patience=0)
        await positions.wait_until([], 99, patience=0)

    asyncio.run(wait())
