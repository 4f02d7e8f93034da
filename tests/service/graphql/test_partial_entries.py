"""An operation that selects a few fields of events reads only these, and answers as one that reads whole entries."""

from typing import Any, Final, cast

import pytest
from graphql import GraphQLObjectType

from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario
from tests.service.graphql.statements import counted

BELOW: Final = {
    "actor": "actor { subject authority roles name }",
    "subject": "subject { __typename id }",
    "changes": "changes { path before after }",
}
EVENT: Final = cast("GraphQLObjectType", schema._schema.type_map["RecordedEvent"])
WHOLE: Final = frozenset({"payload", "redactions", "changes"})
"""The fields that need whole entries."""


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


@pytest.fixture(scope="module")
def subjects(here: Scenario) -> dict[str, str]:
    """An incident with evidence that only the reviewer may see, and a request with internal deliberations."""
    incident = here.incident()["id"]
    recorded = here.on_incident(here.reviewer, "recordEvidence", incident, "evidence { id }", marking="RED")
    here.on_incident(here.reviewer, "attributeIncident", incident, evidence=[recorded["evidence"][0]["id"]])
    request = here.request(incidents=[incident])["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.approver, "assignDeploymentRequest", request, subject=here.reviewer.subject)
    here.on_request(here.reviewer, "endorseDeploymentRequest", request, recommendation="APPROVE", reason="why")
    here.on_request(here.approver, "approveDeploymentRequest", request)
    return {"request": request, "incident": incident}


def events(here: Scenario, who: Person, subjects: dict[str, str], selection: str) -> tuple[list[Any], bool]:
    """What all ways to events show of them, and whether whole entries are read."""
    document = f"""
        query ($at: Position, $request: ID!, $incident: ID!) {{
            deploymentRequest(id: $request, atLeast: $at) {{ history {{ ...shown }} }}
            incident(id: $incident, atLeast: $at) {{ history {{ ...shown }} }}
            auditTrail(filter: {{subject: $request}}, atLeast: $at) {{ ...shown }}
        }}
        fragment shown on RecordedEventConnection {{ edges {{ node {{ {selection} }} }} }}
    """
    with counted() as statements:
        found = here.ask(who, document, **subjects)
    of_trail = [each for each in statements if "audit_trail.position" in each]
    pages = (found["deploymentRequest"]["history"], found["incident"]["history"], found["auditTrail"])
    shown = [edge["node"] for page in pages for edge in page["edges"]]
    return shown, any("audit_trail.mentions" in each for each in of_trail)


@pytest.mark.parametrize("field", EVENT.fields)
def test_each_field_is_the_same_either_way(here: Scenario, subjects: dict[str, str], field: str) -> None:
    selection = BELOW.get(field, field)
    for who in (here.requester, here.reviewer, here.auditor):
        alone, whole_entries = events(here, who, subjects, selection)
        whole, whole_entries_too = events(here, who, subjects, f"{selection} other: payload")
        assert (whole_entries, whole_entries_too) == (field in WHOLE, True)
        assert alone == [{name: value for name, value in each.items() if name != "other"} for each in whole]
        assert len(alone) > 9


def test_what_is_internal_is_withheld_from_partial_entries(here: Scenario, subjects: dict[str, str]) -> None:
    def shown(who: Person) -> set[tuple[str, str | None]]:
        found, _ = events(here, who, subjects, "type reason actor { subject }")
        return {(each["actor"]["subject"], each["reason"]) for each in found if each["type"] == "RequestEndorsed"}

    assert shown(here.reviewer) == {(here.reviewer.subject, "why")}
    assert shown(here.requester) == {("undisclosed", None)}
