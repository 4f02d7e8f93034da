"""Every list is paginated, with cursors or `first` and `offset`, except those that the rules keep short."""

from typing import Any

import pytest
from graphql import GraphQLObjectType, get_nullable_type, is_list_type

from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario

SHORT = {
    "AccessLogEntry.subjects": "those of one response, of which the cost is bounded",
    "Actor.roles": "there are seven",
    "ActionOutlook.rules": "those of one step of the lifecycle",
    "Deputy.roles": "five can be named",
    "DeploymentRequest.availableActions": "the steps of the lifecycle",
    "DeploymentRequest.recipients": "100 are accepted",
    "Explanation.actions": "the steps of the lifecycle",
    "InboxChange.came": "100 are sent",
    "InboxChange.went": "1,000 items are followed",
    "Incident.recipients": "100 are accepted",
    "InvalidInput.fields": "one for each value of an input, of which there are so many at most",
    "MailSubscription.roles": "there are seven",
    "MailSubscription.types": "the types of events",
    "Query.projections": "the read models",
    "RecordedEvent.redactions": "items of lists in one event, of which 100 are accepted",
    "Region.names": "20 are accepted",
    "RegionSituation.requestsByStatus": "the statuses",
    "TransitionRefused.available": "the steps of the lifecycle",
    "WebhookEndpoint.roles": "there are seven",
    "WebhookEndpoint.types": "the types of events",
}


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register, endorsements=3)


def test_every_list_is_reported_in_parts() -> None:
    whole = set()
    for kind in schema._schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                if is_list_type(get_nullable_type(field.type)) and name != "edges" and "first" not in field.args:
                    whole.add(f"{kind.name}.{name}")
    assert whole == set(SHORT)


def evidence(here: Scenario, incident: str, arguments: str) -> list[Any]:
    field = f"it: evidence{arguments} {{ summary }}"
    document = f"query ($id: ID!, $at: Position) {{ incident(id: $id, atLeast: $at) {{ {field} }} }}"
    found: list[Any] = here.ask(here.reviewer, document, id=incident)["incident"]["it"]
    return [each["summary"] for each in found]


def test_a_part_of_the_evidence(here: Scenario) -> None:
    incident = here.incident()["id"]
    for number in range(5):
        here.on_incident(here.reviewer, "recordEvidence", incident, summary=f"EXERCISE {number}")
    every = [f"EXERCISE {number}" for number in range(5)]
    assert evidence(here, incident, "") == every
    assert evidence(here, incident, "(first: null, offset: null)") == every
    assert evidence(here, incident, "(first: 2)") == every[:2]
    assert evidence(here, incident, "(first: 2, offset: 3)") == every[3:]
    assert evidence(here, incident, "(offset: 9)") == []


@pytest.mark.parametrize(
    ("arguments", "named"), [("first: 0", "first"), ("first: 101", "first"), ("offset: -1", "offset")]
)
def test_a_part_that_is_none(here: Scenario, arguments: str, named: str) -> None:
    [error] = here.register.errors(ADMINISTRATOR, f"{{ authorities({arguments}) {{ code }} }}")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": named}


@pytest.mark.parametrize(("declared", "first", "given"), [("", "100", {}), ("($n: Int)", "$n", {"n": 100})])
def test_a_list_costs_as_long_as_it_is_asked_for(
    here: Scenario, declared: str, first: str, given: dict[str, Any]
) -> None:
    fields = f"evidence(first: {first}) {{ id summary uri sha256 marking }}"
    document = f"query {declared} {{ incidents(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}"
    [error] = here.register.errors(here.reviewer, document, **given)
    assert "The answer could cost" in error["message"]
    assert here.register.ask(here.reviewer, "{ incidents(first: 100) { edges { node { evidence { id } } } } }")
