"""An operation that selects a few fields decodes only these, and answers as one that reads whole states."""

from typing import Any, Final

import pytest
from graphql import GraphQLObjectType, get_named_type, is_leaf_type, is_required_argument

from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import Scenario, scenario
from tests.service.graphql.statements import counted

LISTS: Final = {"DeploymentRequest": "deploymentRequests", "Incident": "incidents"}
ITEMS: Final = {"DeploymentRequest": "endorsements { reason }", "Incident": "evidence { id }"}
"""By type: a field that needs items."""
WITH_ARGUMENTS: Final = {
    "changes": "changes(fromVersion: 1)",
    **{name: f"{name}(first: 2)" for name in ("deploymentRequests", "incidents", "history")},
}
WHOLE: Final = {
    "DeploymentRequest": "decision assignedTo hold endorsements extension availableActions explanation changes "
    "incidents",
    "Incident": "attribution corrections evidence dissents referredTo referrals deploymentRequests",
}
"""By type: the fields that need items, or below which one does (availableActions), or that not all may see whole."""
TABLES: Final = {"DeploymentRequest": "deployment_request_items", "Incident": "incident_items"}
FIELDS: Final = [(name, field) for name in LISTS for field in schema._schema.type_map[name].fields]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    """Requests at several stages, on incidents with and without a finding."""
    here = scenario(register)
    incident, awaited = here.attributed()["id"], here.incident()["id"]
    here.decided(incidents=[incident])
    request = here.request(incidents=[incident])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.approver, "assignDeploymentRequest", request, subject=here.reviewer.subject)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE", reason="why")
    here.on_request(here.reviewer, "withholdDeploymentRequest", request, awaiting=[awaited])
    return here


def selected(field: str, kind: Any, depth: int = 1) -> str:
    """A field with its scalars, and those of the objects below."""
    named = get_named_type(kind)
    text = WITH_ARGUMENTS.get(field, field) if depth else field
    if is_leaf_type(named):
        return text
    if not isinstance(named, GraphQLObjectType):
        return f"{text} {{ __typename }}"
    below = [
        selected(name, each.type, depth - 1)
        for name, each in named.fields.items()
        if not any(map(is_required_argument, each.args.values()))
        and (depth > 0 or is_leaf_type(get_named_type(each.type)))
    ]
    return f"{text} {{ __typename {' '.join(below)} }}"


EVERYWHERE: Final = {
    "DeploymentRequest": """
        deploymentRequests(first: 4, atLeast: $at, SCOPE) { edges { node { ...shown } } }
        deploymentRequest(reference: $reference, atLeast: $at) { ...shown }
        node(id: $id) { ...shown }
        incident(id: $incident) { deploymentRequests(first: 4) { ...shown } }
    """,
    "Incident": """
        incidents(first: 3, atLeast: $at, SCOPE) { edges { node { ...shown } } }
        incident(id: $incident, atLeast: $at) { ...shown }
        node(id: $incident) { ...shown }
        deploymentRequest(id: $id, reference: $reference) {
            incidents(first: 2) { ...shown }
            hold { awaiting(first: 2) { ...shown } }
        }
    """,
}
"""By type: all ways to its objects."""


def shown(here: Scenario, type_name: str, selection: str, arguments: str) -> tuple[Any, bool]:
    """What an operation shows of objects of a type, and whether it reads items."""
    document = f"""
        query ($at: Position, $id: ID!, $reference: String!, $incident: ID!) {{
            {EVERYWHERE[type_name].replace("SCOPE", arguments)}
        }}
        fragment shown on {type_name} {{ {selection} }}
    """
    with counted() as statements:
        found = here.ask(here.reviewer, document, **named(here))
    return found, any(TABLES[type_name] in each for each in statements)


def named(here: Scenario) -> dict[str, Any]:
    """A withheld request, and an incident that it names."""
    document = """query ($at: Position, $region: [String!]) {
        deploymentRequests(
            first: 1, atLeast: $at, filter: {region: $region, status: [WITHHELD_PENDING_ATTRIBUTION]}
        ) {
            edges { node { id reference incidents { id } } }
        }
    }"""
    [edge] = here.ask(here.reviewer, document, region=[here.name])["deploymentRequests"]["edges"]
    request = edge["node"]
    return {"id": request["id"], "reference": request["reference"], "incident": request["incidents"][0]["id"]}


@pytest.mark.parametrize(("type_name", "field"), FIELDS)
def test_each_field_is_the_same_either_way(here: Scenario, type_name: str, field: str) -> None:
    kind = schema._schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    selection = selected(field, kind.fields[field].type)
    last = "query ($at: Position) { deploymentRequests(first: 1, atLeast: $at) { edges { node { updatedAt } } } }"
    then = here.ask(here.reviewer, last)
    instant = then["deploymentRequests"]["edges"][0]["node"]["updatedAt"]
    for arguments in (
        f'filter: {{region: ["{here.name}"]}}',
        f'filter: {{region: ["{here.name}"]}}, asOf: "{instant}"',
    ):
        alone, read_items = shown(here, type_name, selection, arguments)
        whole, read_items_too = shown(here, type_name, f"{selection} other: {ITEMS[type_name]}", arguments)
        assert read_items is (field in WHOLE[type_name].split())
        assert read_items_too
        assert alone == without_other(whole)
        assert len(alone[LISTS[type_name]]["edges"]) > 1


def without_other(value: Any) -> Any:
    if isinstance(value, list):
        return [without_other(each) for each in value]
    if isinstance(value, dict):
        return {name: without_other(each) for name, each in value.items() if name != "other"}
    return value


@pytest.mark.parametrize(
    ("selection", "needs_items"),
    [("decision { outcome reason }", False), ("decision { outcome conditions { text } }", True)],
)
def test_items_below_a_field_are_read_if_they_are_selected(here: Scenario, selection: str, needs_items: bool) -> None:
    _, read_items = shown(here, "DeploymentRequest", selection, f'filter: {{region: ["{here.name}"]}}')
    assert read_items is needs_items


def test_what_is_internal_is_disclosed_in_part_to_others(here: Scenario) -> None:
    document = """query ($at: Position, $region: [String!]) {
        deploymentRequests(
            first: 1, atLeast: $at, filter: {region: $region, status: [WITHHELD_PENDING_ATTRIBUTION]}
        ) {
            edges { node { hold { heldBy { subject name } } assignedTo { subject } } }
        }
    }"""
    for who, subject in ((here.reviewer, here.reviewer.subject), (here.requester, "undisclosed")):
        [edge] = here.ask(who, document, region=[here.name])["deploymentRequests"]["edges"]
        assert edge["node"]["hold"]["heldBy"]["subject"] == subject
        assert edge["node"]["assignedTo"] == ({"subject": subject} if who == here.reviewer else None)
