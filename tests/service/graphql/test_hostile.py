"""No person takes a process away from others, whatever they send: what costs too much is refused, the rest is done in
pieces, and of connections and memory each person has a share."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest
from graphql import get_introspection_query

from service.graphql.execution import person_quotas
from service.graphql.execution.field_charges import AT_ONCE, COST
from service.graphql.execution.pace import SLICE, Pace
from service.graphql.execution.person_quotas import PersonQuota, PersonQuotas, QuotaExceeded
from service.settings import DatabaseUrls
from tests.databases import Databases
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.service.graphql.attacked import LOST, Served, attacked, harm
from tests.service.graphql.attacks import ATTACKS
from tests.service.graphql.scenario import ADMINISTRATOR, scenario
from tests.waiting import until

PIECE = 0.05
"""Seconds of the processor that the event loop may work in one piece."""
WORK = 0.2
"""Seconds of the processor that it may work while another person waits for an answer: 0.1 where nothing else runs. The
same work takes twice as long on a core that other tests share."""
GROWTH = 50
ANA = Person("ana", "somewhere")


@pytest.fixture(scope="module")
def victim(databases: Databases) -> Iterator[Served]:
    with databases.fresh() as urls, attacked(urls) as process:
        yield process


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_keeps_nobody_waiting_and_takes_no_memory(victim: Served, attack: str) -> None:
    found = harm(victim, ATTACKS[attack], at_once=2)
    assert LOST not in {status for status, *_ in found.answers}
    assert found.piece[0] <= PIECE, found
    assert found.worked <= WORK, found
    assert found.grown < GROWTH, found
    assert max(size for _, size, _ in found.answers) < 4.5 * 1024 * 1024


def test_a_pdf_ends_with_the_client_that_asked_for_it(victim: Served) -> None:
    """Its process is stopped, so that it does not end by itself."""
    path = f"/requests/{victim.written}/dossier.pdf"
    host, port = victim.url.removeprefix("http://").split(":")
    token = victim.here.register.headers(victim.attacker)["authorization"]
    with socket.create_connection((host, int(port))) as asking:
        asking.sendall(f"GET /api{path} HTTP/1.1\r\nhost: x\r\nauthorization: {token}\r\n\r\n".encode())
        until(lambda: len(victim.children()) == 1)
        [child] = victim.children()
        os.kill(child, signal.SIGSTOP)
        refused = victim.get(path)
        assert (refused.status_code, refused.json()["code"]) == (429, "TOO_MANY_REQUESTS")
        assert victim.children() == [child]
    until(lambda: victim.children() == [])


WAITING = """SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'
    AND usename = 'mandate_api'"""


def test_documents_of_one_person_share_four_connections_and_leave_the_others(
    database_urls: DatabaseUrls,
) -> None:
    assert database_urls.superuser
    with (
        served(database_urls) as register,
        psycopg.connect(database_urls.superuser) as holder,
        psycopg.connect(database_urls.superuser, autocommit=True) as watch,
        ThreadPoolExecutor(2) as pool,
    ):
        scenario(register)
        register.ask(
            ADMINISTRATOR, "query ($at: Position) { incidents(atLeast: $at) { totalCount } }", at=register.position
        )

        def waiting() -> int:
            found = watch.execute(WAITING).fetchone()
            return int(found[0]) if found else 0

        holder.execute("LOCK TABLE projections.incidents IN ACCESS EXCLUSIVE MODE")
        fields = " ".join(f'a{n}: incidents(filter: {{ kind: ["k{n}"] }}) {{ edges {{ cursor }} }}' for n in range(20))
        hostile = [pool.submit(register.post, ADMINISTRATOR, f"{{ {fields} }} # {n}") for n in range(2)]
        until(lambda: waiting() == 4)
        for _ in range(20):
            assert register.ask(ANA, "{ deploymentRequests { totalCount } }") == {
                "deploymentRequests": {"totalCount": 0}
            }
            assert waiting() <= 4
        holder.rollback()
        assert {each.result().status_code for each in hostile} == {200}


def test_one_person_has_so_many_commands_under_way_and_others_theirs(database_urls: DatabaseUrls) -> None:
    mutation = 'mutation { registerAuthority(input: {code: "aa", name: "a"}) { __typename } }'
    other = Person("other", "hq", ADMINISTRATOR.roles)
    many = person_quotas.COMMANDS + 16
    with served(database_urls, follow=False) as register, psycopg.connect(database_urls.owner) as holder:
        holder.execute("LOCK TABLE event_store.events IN ACCESS EXCLUSIVE MODE")
        with ThreadPoolExecutor(many + 1) as clients:
            answers = [clients.submit(register.post, ADMINISTRATOR, mutation) for _ in range(many)]
            until(lambda: any(each.done() for each in answers))
            response = register.post(other, mutation)
            found = [each.result() for each in answers]
        holder.rollback()
    assert response.status_code == 503, "others are not refused for it"
    assert {each.status_code for each in found} == {429, 503}
    for each in found:
        if each.status_code == 429:
            [error] = each.json()["errors"]
            assert error["extensions"]["code"] == "TOO_MANY_REQUESTS"
            assert "not recorded" in error["message"]
            assert int(each.headers["retry-after"]) >= 1


def test_what_costs_much_is_executed_one_after_the_other_for_one_person() -> None:
    order: list[str] = []

    async def execute(share: PersonQuota, name: str, units: int) -> None:
        async with share.cost(units):
            order.append(name)
            for _ in range(5):
                await asyncio.sleep(0)
            order.append(name)

    async def run() -> None:
        everybody = PersonQuotas()
        one, other = everybody.of(("i", "one")), everybody.of(("i", "other"))
        assert everybody.of(("i", "one")) is one
        await asyncio.gather(execute(one, "a", COST), execute(one, "b", COST), execute(other, "c", COST))

    asyncio.run(run())
    assert order.index("c") < 3
    assert [name for name in order if name != "c"] == ["a", "a", "b", "b"]


def test_who_gives_up_waiting_takes_nothing() -> None:
    async def run() -> None:
        share = PersonQuota()
        async with share.cost(COST):
            waiting = asyncio.create_task(share.cost(AT_ONCE).__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait([waiting])
        async with asyncio.timeout(1), share.cost(COST):
            pass

    asyncio.run(run())


def test_answers_that_are_not_taken_leave_no_room_for_more() -> None:
    share = PersonQuota()
    share.take_bytes(person_quotas.ANSWERS)
    with pytest.raises(QuotaExceeded):
        share.take_bytes(1)
    share.give_bytes(person_quotas.ANSWERS)
    share.take_bytes(1)


def test_work_goes_round_the_loop_between_pieces() -> None:
    """Of ten pieces of work that are ready at once, others are served after each."""
    rounds: list[Any] = []

    async def work(pace: Pace, number: int) -> None:
        await pace.point(SLICE)
        rounds.append(number)

    async def others() -> None:
        while len([each for each in rounds if each != "other"]) < 10:
            rounds.append("other")
            await asyncio.sleep(0)

    async def run() -> None:
        pace = Pace()
        await asyncio.gather(others(), *(work(pace, number) for number in range(10)))

    asyncio.run(run())
    assert [each for each in rounds if each != "other"] == list(range(10))
    assert all(rounds[at - 1] == "other" for at, each in enumerate(rounds) if each != "other")


def test_after_a_long_piece_others_have_a_turn_for_each_slice_that_it_took() -> None:
    async def run() -> int:
        pace, turns = Pace(), 0

        async def others() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        serving = asyncio.create_task(others())
        await pace.point(10 * SLICE)
        await pace.point()
        serving.cancel()
        return turns

    assert asyncio.run(run()) >= 9


def test_introspection_goes_round_the_loop_too(register: ApiClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """The whole schema takes 90 ms of the processor."""
    slices: list[Pace] = []
    next_slice = Pace._next_slice

    def counted(pace: Pace) -> None:
        slices.append(pace)
        next_slice(pace)

    monkeypatch.setattr(Pace, "_next_slice", counted)
    assert register.ask(ANA, get_introspection_query())["__schema"]
    assert len(slices) >= 2
