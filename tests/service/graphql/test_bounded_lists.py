"""A list of which no selected field needs items reads none, and answers as one that reads whole states."""

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
WITH_ARGUMENTS: Final = {"changes": "changes(fromVersion: 1)"}
BOUNDED: Final = {
    "DeploymentRequest": "id reference status version revision requestingAuthority decidingAuthority force strength "
    "region purpose period marking recipients hold submittedAt updatedAt",
    "Incident": "id reference version kind description region location occurredAt reportedAt reportedBy marking "
    "recipients",
}
"""By type: the fields that need no items."""
FIELDS: Final = [(name, field) for name in LISTS for field in schema._schema.type_map[name].fields]  # type: ignore[attr-defined]


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    """Requests at several stages, on incidents with and without a finding."""
    here = scenario(register)
    incident, awaited = here.attributed()["id"], here.incident()["id"]
    here.decided(incidents=[incident])
    request = here.request(incidents=[incident])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE", reason="why")
    here.on_request(here.reviewer, "withholdDeploymentRequest", request, awaiting=[awaited])
    return here


def selected(field: str, kind: Any, depth: int = 1) -> str:
    """A field with its scalars, and those of the objects below."""
    named = get_named_type(kind)
    text = WITH_ARGUMENTS.get(field, field)
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


def listed(here: Scenario, type_name: str, selection: str, arguments: str) -> tuple[list[Any], bool]:
    """The nodes of a list, and whether items were read for it."""
    nodes = f"edges {{ node {{ {selection} }} }}"
    document = f"query ($at: Position) {{ {LISTS[type_name]}(first: 4, atLeast: $at, {arguments}) {{ {nodes} }} }}"
    with counted() as statements:
        edges = here.ask(here.reviewer, document)[LISTS[type_name]]["edges"]
    page = next(each for each in statements if "page" in each)
    return [edge["node"] for edge in edges], "_items" in page


@pytest.mark.parametrize(("type_name", "field"), FIELDS)
def test_each_field_is_the_same_either_way(here: Scenario, type_name: str, field: str) -> None:
    kind = schema._schema.type_map[type_name]
    assert isinstance(kind, GraphQLObjectType)
    selection = selected(field, kind.fields[field].type)
    then = here.ask(here.reviewer, "{ deploymentRequests(first: 1) { edges { node { updatedAt } } } }")
    instant = then["deploymentRequests"]["edges"][0]["node"]["updatedAt"]
    for arguments in (
        f'filter: {{region: ["{here.name}"]}}',
        f'filter: {{region: ["{here.name}"]}}, asOf: "{instant}"',
    ):
        alone, read_items = listed(here, type_name, selection, arguments)
        whole, read_items_too = listed(here, type_name, f"{selection} other: {ITEMS[type_name]}", arguments)
        assert read_items is (field not in BOUNDED[type_name].split())
        assert read_items_too
        for node in whole:
            del node["other"]
        assert alone == whole
        assert len(alone) > 1
