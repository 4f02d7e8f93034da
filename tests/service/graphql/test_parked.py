"""What is told of the past while a view has set a request aside: of that one nothing that leaves something out."""

from collections.abc import Iterator
from typing import NamedTuple

import psycopg
import pytest

from domain.vocabulary import Role
from service.database import DatabaseUrls
from tests.service.graphql.parking import park
from tests.service.graphql.register import Answer, Person, served
from tests.service.graphql.world import World, world

AUDITOR = Person("aud", "desk", (Role.AUDITOR,))
CAUGHT_UP = """query ($at: Position) {
    deploymentRequests(atLeast: $at) { totalCount } auditTrail(atLeast: $at) { edges { cursor } } }"""
ONE = """query ($id: ID, $reference: String, $asOf: DateTime, $version: Int) {
    deploymentRequest(id: $id, reference: $reference, asOf: $asOf, version: $version) {
        version history(first: 10) { edges { node { subject { id } } } } } }"""
ALL = "query ($asOf: DateTime) { deploymentRequests(asOf: $asOf) { edges { node { version } } } }"
RECORDED = "SELECT recorded_at FROM event_store.events WHERE notification_id = %s"


class Parked(NamedTuple):
    """set_aside: a request whose second event waits, before the last of the other's. before, after: instants."""

    here: World
    set_aside: Answer
    other: Answer
    before: str
    after: str

    def told(self, document: str, **values: object) -> Answer:
        return self.here.register.ask(AUDITOR, document, **values)

    def behind(self, document: str, **values: object) -> str:
        [error] = self.here.register.errors(AUDITOR, document, **values)
        assert error["extensions"]["code"] == "VIEW_BEHIND"
        message: str = error["message"]
        return message


@pytest.fixture
def parked(database_urls: DatabaseUrls) -> Iterator[Parked]:
    with served(database_urls) as register:
        here = world(register)
        set_aside, other = (here.request(fields="id reference") for _ in range(2))
        here.ask(AUDITOR, CAUGHT_UP)
        before = register.position
        park(database_urls, set_aside["id"])
        for each in (set_aside, other):
            here.on_request(here.requester, "remarkOnDeploymentRequest", each["id"])
        here.ask(AUDITOR, CAUGHT_UP)
        instants = recorded_at(database_urls, before), recorded_at(database_urls, register.position)
        yield Parked(here, set_aside, other, *instants)


def recorded_at(urls: DatabaseUrls, position: str) -> str:
    with psycopg.connect(urls.api) as connection:
        row = connection.execute(RECORDED, [position]).fetchone()
    assert row is not None
    return str(row[0].isoformat())


@pytest.mark.parametrize("key", ["id", "reference"])
def test_the_past_of_another_is_told(parked: Parked, key: str) -> None:
    wanted = {key: parked.other[key]}
    assert parked.told(ONE, **wanted, asOf=parked.before)["deploymentRequest"]["version"] == 1
    for values in ({"asOf": parked.after}, {"version": 2}):
        found = parked.told(ONE, **wanted, **values)["deploymentRequest"]
        assert found["version"] == len(found["history"]["edges"]) == 2


@pytest.mark.parametrize("key", ["id", "reference"])
def test_its_own_is_told_up_to_where_its_rows_are(parked: Parked, key: str) -> None:
    wanted = {key: parked.set_aside[key]}
    assert parked.told(ONE, **wanted)["deploymentRequest"]["version"] == 1
    assert parked.told(ONE, **wanted, asOf=parked.before)["deploymentRequest"]["version"] == 1
    assert "has set aside the event at position" in parked.behind(ONE, **wanted, asOf=parked.after)


def test_a_list_of_then_and_an_unknown_reference_leave_nothing_out(parked: Parked) -> None:
    assert len(parked.told(ALL)["deploymentRequests"]["edges"]) == 2
    assert len(parked.told(ALL, asOf=parked.before)["deploymentRequests"]["edges"]) == 2
    parked.behind(ALL, asOf=parked.after)
    unknown = f"{parked.other['reference'][:-4]}9999"
    parked.behind(ONE, reference=unknown, asOf=parked.after)
    assert parked.told(ONE, reference=unknown, asOf=parked.before)["deploymentRequest"] is None
