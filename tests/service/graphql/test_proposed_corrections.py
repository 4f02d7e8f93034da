"""A correction of an incident that others propose, through the API."""

from typing import Any

import pytest

from domain.vocabulary import Role
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario

INCIDENT = """
    reference version kind description region location { latitude longitude description }
    corrections {
      id state changes { path before after } reason proposedBy { subject } proposedAt
      settledBy { subject } settledAt settledReason
    }
    history { edges { node { position type reason changes { path before after } payload redactions } } }
"""
CAUSES = "causes: history { edges { node { position causationId } } }"


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def shown(here: Scenario, who: Person, incident: str) -> Any:
    """The incident by a query, at least as of the last command."""
    query = f"query ($id: ID!, $at: Position) {{ incident(id: $id, atLeast: $at) {{ id {INCIDENT} }} }}"
    return here.ask(who, query, id=incident)["incident"]


def test_a_proposed_correction_is_shown_and_settled(here: Scenario) -> None:
    incident, colleague = here.incident(fields=INCIDENT)["id"], here.of("asker", "rico", Role.REQUESTER)
    moved, place = f"{here.name}/north/village", {"latitude": 42.95, "longitude": 20.7, "description": "EXERCISE"}
    where = {"region": moved, "location": place, "description": "EXERCISE: elsewhere."}
    proposed = here.on_incident(colleague, "proposeCorrection", incident, INCIDENT, **where)
    assert proposed.pop("__typename") == "IncidentRecorded", proposed
    assert proposed == shown(here, here.reviewer, incident)
    [correction] = proposed["corrections"]
    assert correction["changes"] == [
        {"path": "description", "before": "EXERCISE: a canal was damaged.", "after": "EXERCISE: elsewhere."},
        {"path": "region", "before": here.region, "after": moved},
        {"path": "location", "before": None, "after": place},
    ]
    assert (correction["state"], correction["proposedBy"]) == ("PROPOSED", {"subject": colleague.subject})
    settle: dict[str, Any] = {"correction": correction["id"], "accept": True}
    again = here.on_incident(colleague, "settleCorrection", incident, INCIDENT, **settle)
    assert again["__typename"] == "NotPermitted"
    accepted = here.on_incident(here.reviewer, "settleCorrection", incident, f"{INCIDENT} {CAUSES}", **settle)
    assert accepted.pop("__typename") == "IncidentRecorded", accepted
    causes = [edge["node"] for edge in accepted.pop("causes")["edges"]]
    assert causes[2]["causationId"] == causes[1]["position"]
    assert accepted == shown(here, here.reviewer, incident)
    assert (accepted["region"], accepted["location"], accepted["corrections"][0]["state"]) == (moved, place, "ACCEPTED")
    here.on_incident(colleague, "proposeCorrection", incident, kind="fire")
    correction = shown(here, here.reviewer, incident)["corrections"][1]
    discard = {"correction": correction["id"], "accept": False}
    discarded = here.on_incident(here.requester, "settleCorrection", incident, INCIDENT, **discard)
    assert discarded.pop("__typename") == "IncidentRecorded", discarded
    assert discarded == shown(here, here.reviewer, incident)
    assert (discarded["kind"], discarded["corrections"][1]["state"]) == ("explosion", "DISCARDED")
    assert shown(here, here.outsider, incident) is None
