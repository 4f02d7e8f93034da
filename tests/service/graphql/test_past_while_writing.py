"""As of a moment ago, asked while others record: asked again later, the answer is the same."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from datetime import datetime, timedelta
from itertools import cycle

import psycopg

from domain.catalogue import AGGREGATE_OF, DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.vocabulary import Role
from service.event_store.records import AppendItem
from service.event_store.store import EventStore
from service.settings import DatabaseUrls
from tests.projections.histories import Histories
from tests.projections.model import Model, actor
from tests.projections.world import World
from tests.service.graphql.api_client import Answer, ApiClient, Person, served
from tests.service.graphql.scenario import scenario
from tests.waiting import until

AUDITOR = Person("p9", "carol", (Role.AUDITOR,))
"""Of an authority that audits everything: what they may see never grows."""
WRITERS, ITEMS = 3, 120
SHOWN = (DEPLOYMENT_REQUEST, INCIDENT)
AHEAD = [timedelta(microseconds=each) for each in (0, -500, 300, 3000)]
"""How far from the database's clock: what lies ahead is refused, or has passed by the time it is looked at."""
DOCUMENT = """query ($asOf: DateTime) {
    deploymentRequests(asOf: $asOf, first: 100) { totalCount edges { node { id version } } }
    incidents(asOf: $asOf, first: 100) { totalCount edges { node { id version } } }
    situation(asOf: $asOf) { region openIncidents requestsByStatus { status count } } }"""
CLOCK = "SELECT clock_timestamp()"
WAITING = """SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE NOT granted AND locktype = %s AND datname = current_database()"""


def test_it_waits_for_what_is_stamped_and_not_yet_there(register: ApiClient) -> None:
    here = scenario(register)
    with ThreadPoolExecutor(2) as pool, psycopg.connect(register.urls.owner, autocommit=True) as connection:

        def waits(what: str) -> bool:
            return connection.execute(WAITING, [what]).fetchone() != (0,)

        with psycopg.connect(register.urls.owner) as holder:
            holder.execute("LOCK TABLE event_store.event_texts IN SHARE MODE")
            recording = pool.submit(here.request, marking="CLEAR")
            until(lambda: waits("relation"))
            [(instant,)] = connection.execute(CLOCK).fetchall()
            asked = pool.submit(register.ask, AUDITOR, DOCUMENT, asOf=instant.isoformat())
            until(lambda: asked.done() or waits("advisory"))
        request = recording.result()["id"]
    assert request in str(asked.result())
    assert register.ask(AUDITOR, DOCUMENT, asOf=instant.isoformat()) == asked.result()


def test_an_answer_as_of_a_moment_ago_is_final(database_urls: DatabaseUrls) -> None:
    with (
        served(database_urls) as register,
        closing(EventStore(database_urls.api)) as store,
        ThreadPoolExecutor(WRITERS) as pool,
    ):
        world = World(database_urls, store)
        world.append([Histories(0).opening()])
        writers = [pool.submit(write, database_urls, seed) for seed in range(1, WRITERS + 1)]
        answered = dict(asked_meanwhile(register, writers))
        for writer in writers:
            writer.result()
        assert answered
        model, who = Model(world.log()), actor(AUDITOR.subject, AUDITOR.authority, *AUDITOR.roles)
        for instant, answer in answered.items():
            assert register.ask(AUDITOR, DOCUMENT, asOf=instant.isoformat()) == answer
            requests, incidents = model.seen(who, DeploymentRequest, instant), model.seen(who, Incident, instant)
            counted = (answer["deploymentRequests"]["totalCount"], answer["incidents"]["totalCount"])
            assert counted == (len(requests), len(incidents))


def write(urls: DatabaseUrls, seed: int) -> None:
    """With a connection and a history of its own, as another process has."""
    made = (own_streams(item) for item in Histories(seed).items(ITEMS))
    with closing(EventStore(urls.api)) as store:
        World(urls, store).append(item for item in made if item.events)


def own_streams(item: AppendItem) -> AppendItem:
    """Without numbers and mandates, for which histories would race each other."""
    return AppendItem(events=tuple(each for each in item.events if AGGREGATE_OF[type(each.event)] in SHOWN))


def asked_meanwhile(register: ApiClient, writers: list[Future[None]]) -> Iterator[tuple[datetime, Answer]]:
    with psycopg.connect(register.urls.api, autocommit=True) as connection:
        for ahead in cycle(AHEAD):
            if all(writer.done() for writer in writers):
                return
            [(clock,)] = connection.execute(CLOCK).fetchall()
            instant = clock + ahead
            answer = register.post(AUDITOR, DOCUMENT, {"asOf": instant.isoformat()}).json()
            if "errors" in answer:
                assert {error["extensions"]["argument"] for error in answer["errors"]} == {"asOf"}, answer
            else:
                yield instant, answer["data"]
