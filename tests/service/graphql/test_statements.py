"""A page costs a bounded number of statements, however many items it has and whatever is asked of each."""

from typing import Any

import pytest

from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario
from tests.service.graphql.statements import counted
from tests.waiting import until

ACTOR = "{ subject name authority roles }"
EVENT = f"""position type version recordedAt actor {ACTOR} reason payload redactions changes {{ path before after }}
    subject {{ __typename id ... on DeploymentRequest {{ reference }} ... on Incident {{ reference }} }}"""
INCIDENT = f"""id reference attributionStatus reportedBy {ACTOR} referredTo {{ name }}
    evidence {{ summary recordedBy {ACTOR} }} attribution {{ basis foundBy {ACTOR} evidence {{ id }} }}"""
REQUEST = f"""id reference status availableActions
    requestingAuthority {{ name mandates {{ region }} }} decidingAuthority {{ name mandates {{ region }} }}
    incidents {{ {INCIDENT} deploymentRequests {{ reference }} }}
    hold {{ awaiting {{ {INCIDENT} }} heldBy {ACTOR} }} endorsements {{ by {ACTOR} }}
    decision {{ decidedBy {ACTOR} grounds {{ basis incident {{ reference }} evidence {{ id }} foundBy {ACTOR} }} }}
    history(first: 5) {{ pageInfo {{ hasNextPage }} edges {{ node {{ {EVENT} }} }} }}"""


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    """Twelve requests, each on incidents of its own, some withheld, some decided."""
    here = scenario(register)
    for number in range(12):
        incident, awaited = here.attributed()["id"], here.incident()["id"]
        if number % 3:
            here.decided(incidents=[incident])
        else:
            request = here.request(incidents=[incident])["id"]
            here.on_request(here.reviewer, "beginReview", request)
            here.on_request(here.reviewer, "withholdDeploymentRequest", request, awaiting=[awaited])
    return here


def statements(here: Scenario, who: Person, document: str, **variables: Any) -> int:
    with counted() as found:
        here.register.ask(who, document, **variables)
    return len(found)


@pytest.mark.parametrize(
    ("field", "most"),
    [
        (f"deploymentRequests(first: $first) {{ totalCount edges {{ node {{ {REQUEST} }} }} }}", 48),
        (f"incidents(first: $first) {{ totalCount edges {{ node {{ {INCIDENT} deploymentRequests {{ id }} }} }} }}", 8),
        (f"auditTrail(first: $first) {{ edges {{ node {{ {EVENT} }} }} }}", 8),
        ("deploymentRequests(first: $first) { edges { node { id reference requestingAuthority { code } } } }", 2),
        ("deploymentRequests(first: $first) { edges { node { availableActions } } }", 10),
    ],
)
@pytest.mark.parametrize("who", ["reviewer", "approver", "outsider"])
def test_a_page_costs_so_many_statements_at_most(here: Scenario, who: str, field: str, most: int) -> None:
    document = f"query ($first: Int) {{ {field} }}"
    few, many = (statements(here, getattr(here, who), document, first=first) for first in (4, 12))
    assert max(few, many) <= most


def test_one_item_costs_one_statement(here: Scenario) -> None:
    """Who asks is known until the view of authorities changes."""
    listed = "query ($at: Position) { deploymentRequests(first: 1, atLeast: $at) { edges { node { id } } } }"
    [edge] = here.ask(here.reviewer, listed)["deploymentRequests"]["edges"]
    document = "query ($id: ID!) { deploymentRequest(id: $id) { reference status strength decision { reason } } }"
    until(lambda: statements(here, here.reviewer, document, id=edge["node"]["id"]) == 1)


def test_a_command_reads_no_view(here: Scenario) -> None:
    with counted() as found:
        here.request()
    assert found == []


def test_fields_that_ask_for_the_same_share_a_statement(here: Scenario) -> None:
    document = "{ " + " ".join(f'a{n}: authority(code: "{here.name}-asker") {{ name }}' for n in range(20)) + " }"
    until(lambda: statements(here, here.reviewer, document) == 1)
