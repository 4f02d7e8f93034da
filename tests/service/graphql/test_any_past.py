"""Whatever is asked about the past, of any history, by anybody: the answer is a fold of the events up to then."""

import json
import os
from collections import Counter
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

from domain.deployment_request.events import RequestWithheld
from domain.deployment_request.state import DeploymentRequest, RequestStatus
from domain.incident.state import AttributionStatus, Incident
from domain.vocabulary import Role, regions_of
from projections.views.request_list_filter import RequestOrder
from service.event_store.store import EventStore
from tests.databases import Databases
from tests.projections.histories import Histories
from tests.projections.model import Model, actor
from tests.projections.world import World
from tests.service.graphql import filters, past
from tests.service.graphql.api_client import Answer, ApiClient, Person, served
from tests.service.graphql.filters import PLACES, kept
from tests.service.graphql.past import Past

EXAMPLES: Final = int(os.environ.get("TEST_PASTS", "4"))
PEOPLE: Final = {
    "official": actor("p1", "alpha", Role.REVIEWER),
    "investigator who is named": actor("p2", "bravo", Role.INVESTIGATOR),
    "auditor": actor("p3", "carol", Role.AUDITOR),
    "recipient whose authority is registered later, or never": actor("p4", "delta", Role.OBSERVER),
    "operator": actor("p5", "hq", Role.ADMINISTRATOR),
    "stranger": actor("p9", "nowhere", Role.OBSERVER),
}
PAGE: Final = "totalCount pageInfo { hasNextPage endCursor } edges { node { id version } }"
ARGUMENTS: Final = "filter: $filter, first: $first, after: $after, asOf: $asOf"
REQUESTS: Final = f"""query ($filter: DeploymentRequestFilter, $order: DeploymentRequestOrder, $first: Int,
    $after: String, $asOf: DateTime) {{ page: deploymentRequests({ARGUMENTS}, orderBy: $order) {{ {PAGE} }} }}"""
INCIDENTS: Final = f"""query ($filter: IncidentFilter, $first: Int, $after: String, $asOf: DateTime) {{
    page: incidents({ARGUMENTS}) {{ {PAGE} }} }}"""
SITUATION: Final = """query ($regions: [String!], $asOf: DateTime) {
    situation(regions: $regions, asOf: $asOf) { region openIncidents requestsByStatus { status count } } }"""
REQUEST: Final = f"""query ($id: ID!, $reference: String!, $version: Int!, $from: Int!, $to: Int!, $asOf: DateTime) {{
    byId: deploymentRequest(id: $id, asOf: $asOf) {{ {past.REQUEST} changes(fromVersion: $from, toVersion: $to) {{
        path before after }} }}
    byReference: deploymentRequest(reference: $reference, asOf: $asOf) {{ {past.REQUEST} }}
    atVersion: deploymentRequest(id: $id, version: $version, asOf: $asOf) {{ {past.REQUEST} }} }}"""
INCIDENT: Final = f"""query ($id: ID!, $reference: String!, $asOf: DateTime) {{
    byId: incident(id: $id, asOf: $asOf) {{ {past.INCIDENT} }}
    byReference: incident(reference: $reference, asOf: $asOf) {{ {past.INCIDENT} }} }}"""


@dataclass(frozen=True)
class Asked:
    """Asks the API what the past should tell."""

    register: ApiClient
    past: Past

    def ask(self, document: str, **variables: Any) -> Answer:
        who = self.past.who
        written = json.loads(json.dumps({**variables, "asOf": self.past.instant}, default=_written))
        note(f"{who.subject} of {who.authority}: {written}")
        return self.register.ask(Person(who.subject, who.authority, who.roles), document, **written)

    def pages(self, document: str, first: int, **variables: Any) -> tuple[list[Any], set[int]]:
        """All that the pages of a list have, and what they say that it has."""
        found, counted, after, more = [], set(), None, True
        while more:
            page = self.ask(document, first=first, after=after, **variables)["page"]
            assert len(page["edges"]) == first or not page["pageInfo"]["hasNextPage"]
            found += [(edge["node"]["id"], edge["node"]["version"]) for edge in page["edges"]]
            counted.add(page["totalCount"])
            after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
        return found, counted


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


class Present(Histories):
    """Histories in which what is due passes while they are being recorded."""

    def due(self) -> datetime:
        return datetime.now(UTC) + timedelta(milliseconds=self.random.randint(0, 300))


def instants(model: Model) -> st.SearchStrategy[datetime]:
    """When something began or was held, when anything was recorded, just before that, and a moment ago."""
    known = [recorded for recorded in model.log if isinstance(model.now[recorded.stream], DeploymentRequest | Incident)]
    began = [recorded for recorded in known if recorded.version == 1 or isinstance(recorded.event, RequestWithheld)]
    recorded = (st.sampled_from(began) | st.sampled_from(known)).map(lambda recorded: recorded.recorded_at)
    return recorded | recorded.map(lambda at: at - timedelta(microseconds=1)) | st.just(datetime.now(UTC))


def _ordered_by(request: DeploymentRequest, order: RequestOrder) -> datetime:
    if order is RequestOrder.DUE_ASC:
        return request.next_due() or datetime.max.replace(tzinfo=UTC)
    return request.submitted_at if order.is_by_submission else request.updated_at


@settings(max_examples=EXAMPLES, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(seed=st.integers(0, 2**32 - 1), length=st.integers(60, 160), data=st.data())
def test_every_past_is_a_fold_of_the_events_up_to_then(
    databases: Databases, seed: int, length: int, data: st.DataObject
) -> None:
    with (
        databases.fresh() as urls,
        closing(EventStore(urls.api)) as store,
        served(urls, follow=False) as register,
    ):
        world, histories = World(urls, store), Present(seed)
        world.append([histories.opening()])
        world.append(histories.item() for _ in range(length))
        world.apply()
        model = Model(world.log())
        for who in data.draw(st.permutations(sorted(PEOPLE)))[:3]:
            asked = Asked(register, Past(model, PEOPLE[who], data.draw(instants(model))))
            lists_of_requests(asked, data)
            lists_of_incidents(asked, data)
            situations(asked, data)
            single_requests(asked, data)
            single_incidents(asked, data)


def lists_of_requests(asked: Asked, data: st.DataObject) -> None:
    for wanted in data.draw(filters.filters(asked.past, filters.REQUESTS)):
        order, first = data.draw(st.sampled_from(list(RequestOrder))), data.draw(st.integers(2, 12))
        states: list[DeploymentRequest] = kept(asked.past, filters.REQUESTS, wanted, asked.past.requests)
        states.sort(key=lambda r: (_ordered_by(r, order), r.id), reverse=order.is_falling)
        found = asked.pages(REQUESTS, first, filter=wanted, order=order)
        assert found == (listed(states), {len(states)})


def lists_of_incidents(asked: Asked, data: st.DataObject) -> None:
    for wanted in data.draw(filters.filters(asked.past, filters.INCIDENTS)):
        states: list[Incident] = kept(asked.past, filters.INCIDENTS, wanted, asked.past.incidents)
        states.sort(key=lambda incident: (incident.occurred_at, incident.id), reverse=True)
        found = asked.pages(INCIDENTS, data.draw(st.integers(2, 12)), filter=wanted)
        assert found == (listed(states), {len(states)})


def listed(states: Iterable[DeploymentRequest | Incident]) -> list[tuple[str, int]]:
    return [(str(state.id), state.version) for state in states]


def situations(asked: Asked, data: st.DataObject) -> None:
    past = asked.past
    some = data.draw(st.lists(st.sampled_from(PLACES), max_size=3, unique=True))
    one = [data.draw(st.sampled_from(PLACES))]
    every = sorted({request.region for request in past.requests} | {incident.region for incident in past.incidents})
    for regions, expected in ((None, every), (some, some), (one, one)):
        found = asked.ask(SITUATION, regions=regions)["situation"]
        assert found == [situation(past, region) for region in expected]


def situation(past: Past, region: str) -> Answer:
    requests = Counter(request.status for request in past.requests if region in regions_of(request.region))
    incidents = Counter(incident.status for incident in past.incidents if region in regions_of(incident.region))
    by_status = [{"status": status, "count": requests[status]} for status in RequestStatus if requests[status]]
    return {"region": region, "openIncidents": incidents[AttributionStatus.OPEN], "requestsByStatus": by_status}


def single_requests(asked: Asked, data: st.DataObject) -> None:
    """By id, by reference, at a version, and what changed between two versions."""
    past = asked.past
    for request in each_kind(past, DeploymentRequest, data):
        last = past.states[request.id].version if past.sees(request.id) else 1
        version, first, second = data.draw(st.tuples(st.integers(0, last + 1), *[st.integers(1, last)] * 2))
        names = {"id": request.id, "reference": request.reference}
        found = asked.ask(REQUEST, **names, version=version, **{"from": first, "to": second})
        one = past.request(request.id)
        changed = one and {**one, "changes": past.changes(request.id, first, second)}
        assert found == {"byId": changed, "byReference": one, "atVersion": past.at_version(request.id, version)}


def single_incidents(asked: Asked, data: st.DataObject) -> None:
    for incident in each_kind(asked.past, Incident, data):
        one = asked.past.incident(incident.id)
        found = asked.ask(INCIDENT, id=incident.id, reference=incident.reference)
        assert found == {"byId": one, "byReference": one}


def each_kind(past: Past, kind: type[Any], data: st.DataObject) -> list[Any]:
    """Some of all that there ever were."""
    every = [state for state in past.model.now.values() if isinstance(state, kind)]
    return data.draw(st.permutations(every))[:6]
