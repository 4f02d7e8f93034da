"""While a register starts or recovers from an outage, health advises no action that is about to happen anyway."""

import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg
import pytest

from service.errors import Overloaded
from service.event_store.connections import ConnectionLimits
from service.event_store.store import EventStore
from service.processes.view_problems import FOLLOWED, HealthTolerance
from service.settings import DatabaseUrls
from tests.faults.proxy import proxied
from tests.projections.histories import Histories
from tests.projections.world import World
from tests.service.cli.watching import Watch, holding
from tests.service.graphql.api_client import ApiClient, Person, served
from tests.waiting import until

ALLOWED = 2.0


@pytest.fixture
def waiting(database_urls: DatabaseUrls) -> DatabaseUrls:
    """Events that have waited for longer than allowed."""
    with closing(EventStore(database_urls.api)) as store:
        World(database_urls, store).append([Histories(71).opening()])
        recorded_at = store.head()[1]
        assert recorded_at is not None
        until(lambda: (store.now() - recorded_at).total_seconds() > ALLOWED)
    return database_urls


@pytest.mark.parametrize("followed_before", [False, True])
def test_a_start(waiting: DatabaseUrls, followed_before: bool) -> None:
    if not followed_before:
        with psycopg.connect(waiting.owner) as owner:
            owner.execute("DELETE FROM projections.checkpoints")
    with served(waiting, follow=False, stuck_after=ALLOWED) as register:
        answer = register.client.get("/health/ready")
        assert (answer.status_code, answer.json()["problems"]) == (200, {})
        assert dict.fromkeys(FOLLOWED, "starting").items() <= answer.json()["warnings"].items()
        advised(register)


def test_a_start_with_views_that_are_up_to_date(database_urls: DatabaseUrls) -> None:
    with served(database_urls, stuck_after=ALLOWED) as register:
        until(lambda: problems(register).keys() == {"deliveries", "policies"})
    with served(database_urls, follow=False, stuck_after=ALLOWED) as register:
        answer = register.client.get("/health/ready")
        assert (answer.status_code, answer.json()["problems"]) == (200, {})
        assert dict.fromkeys(FOLLOWED, "starting").items() <= answer.json()["warnings"].items()
        advised(register)


def test_an_outage_is_not_reported_as_overload(database_urls: DatabaseUrls) -> None:
    with (
        TemporaryDirectory() as folder,
        proxied(database_urls.api, Path(folder)) as (proxy, url),
        served(replace(database_urls, api=url), follow=False, connect_timeout=0.5) as register,
    ):
        until(lambda: register.client.get("/health/ready/commands").status_code == 200)
        proxy.sever()
        until(lambda: "database" in problems(register))
        problem = ""
        while "no connection to the database is free" not in problem:
            answer = register.client.get("/health/ready/commands")
            assert answer.status_code == 503
            problem = answer.json()["problems"]["commands"]
        proxy.is_open = True
        until(lambda: "database" not in problems(register))
        while (answer := register.client.get("/health/ready/commands")).status_code != 200:
            assert answer.json()["commands"] == "not ready"
        assert "commands" not in answer.json()["warnings"]


def test_the_end_of_an_outage(waiting: DatabaseUrls) -> None:
    with (
        TemporaryDirectory() as folder,
        proxied(waiting.api, Path(folder)) as (proxy, url),
        served(replace(waiting, api=url), follow=False, stuck_after=ALLOWED) as register,
    ):
        advised(register)
        proxy.sever()
        until(lambda: "database" in problems(register))
        proxy.is_open = True
        until(lambda: "database" not in problems(register))
        answer = register.client.get("/health/ready").json()
        assert not answer["problems"].keys() & set(FOLLOWED)
        assert dict.fromkeys(FOLLOWED, "recovering").items() <= answer["warnings"].items()
        advised(register)


def advised(register: ApiClient) -> None:
    advice = "if no worker is starting, run 'mandate worker'"
    until(lambda: all(advice in problems(register).get(name, "") for name in FOLLOWED))


def problems(register: ApiClient) -> dict[str, str]:
    found: dict[str, str] = register.client.get("/health/ready").json()["problems"]
    return found


def test_a_busy_connection_pool_is_not_reported_as_an_unreachable_database(
    database_urls: DatabaseUrls,
) -> None:
    who = Person("ana", "pristina")
    document = "{ deploymentRequests(first: 1) { totalCount } }"
    with served(database_urls, view_pool_size=1, connect_timeout=0.5) as register:
        with holding(database_urls.owner, "LOCK TABLE projections.deployment_requests IN ACCESS EXCLUSIVE MODE"):
            query = threading.Thread(target=register.post, args=(who, document))
            query.start()
            with psycopg.connect(database_urls.owner, autocommit=True) as owner:
                until(lambda: owner.execute(WAITING).fetchone())
                assert "database" not in problems(register)
                assert owner.execute(WAITING).fetchone(), "the query has all connections still"
        query.join()


WAITING = """SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE NOT granted AND datname = current_database() AND relation = 'projections.deployment_requests'::regclass"""


def test_too_many_commands_are_a_problem_only_if_they_last(recorded: World, watch: Watch) -> None:
    with closing(EventStore(recorded.urls.api, ConnectionLimits(pool_size=1, pool=0.1))) as store:
        with store._pool.connection(timeout=30):
            with pytest.raises(Overloaded):
                store.probe()
            health = watch.health(HealthTolerance(stuck_after=3600), probe=store.probe)
            assert health.is_ready_for_commands
            assert health.warnings["commands"] == "they cannot be recorded: no connection to the database is free"
            brief = HealthTolerance(stuck_after=0.3)
            watch.health(brief, probe=store.probe)
            until(lambda: not watch.health(brief).is_ready_for_commands)
        until(lambda: watch.health(brief).is_ready_for_commands)
