"""Imported history, read at its own time: requests and incidents as they had happened by an instant."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner

from domain.vocabulary import Role
from service.cli import application
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario

FIELDS = """reference version status submittedAt hold { reason awaiting { attributionStatus version } }
  incidents { reference attributionStatus } decision { outcome grounds { responsibleParty } }
  history(first: 2) { totalCount pageInfo { hasNextPage } edges { node { type version } } }
  explanation { status because { type } } availableActions"""
REQUEST = f"""query ($reference: String, $id: ID, $then: DateTime, $asOf: DateTime, $version: Int, $at: Position) {{
  deploymentRequest(reference: $reference, id: $id, asHappened: $then, asOf: $asOf, version: $version, atLeast: $at)
  {{ id {FIELDS} }} }}"""
INCIDENT = """query ($reference: String, $then: DateTime, $at: Position) {
  incident(reference: $reference, asHappened: $then, atLeast: $at) { version attributionStatus
    attribution { responsibleParty } evidence { summary } deploymentRequests { status version }
    history { totalCount edges { node { type } } } } }"""
WHY = {"reason": "EXERCISE"}


@dataclass(frozen=True)
class Imported:
    """A request of 2017 that was withheld for an incident of 2016, released and approved; and one of now."""

    here: Scenario
    request: str
    incident: str

    def then(self, day: str | None, who: Person | None = None, **variables: Any) -> Any:
        found = self.here.ask(who or self.here.reviewer, REQUEST, reference=self.request, then=day, **variables)
        return found["deploymentRequest"]

    def incident_then(self, day: str | None, who: Person | None = None) -> Any:
        return self.here.ask(who or self.here.reviewer, INCIDENT, reference=self.incident, then=day)["incident"]


@pytest.fixture(scope="module")
def imported(register: ApiClient, tmp_path_factory: pytest.TempPathFactory) -> Imported:
    here = scenario(register)
    region = f"{here.name}/old"
    mandate = {"authority": f"{here.name}-decider", "region": region, "legalBasis": "EXERCISE"}
    mandate["validFrom"] = "2015-01-01T00:00:00Z"
    register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", mandate)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MANDATE_DATABASE_URL", register.urls.api)
        file = tmp_path_factory.mktemp("import") / "old.jsonl"
        file.write_text("\n".join(_lines(here, region)))
        result = CliRunner().invoke(application("import"), ["import", str(file)])
    assert "10 lines: 10 recorded" in result.output, result.output
    here.request()
    return Imported(here, f"{here.name}-asker-2017-0001", f"{here.name}-decider-i-2016-0001")


def _lines(here: Scenario, region: str) -> Iterator[str]:
    asker, decider = f"{here.name}-asker", f"{here.name}-decider"

    def line(history: str, command: str, day: str, who: str, authority: str, role: str, values: Any) -> str:
        actor = {"subject": f"{here.name}-{who}", "authority": authority, "roles": [role]}
        at = f"{day}T12:00:00Z"
        return json.dumps({"history": history, "command": command, "at": at, "actor": actor, "input": values})

    incident = {
        "kind": "explosion",
        "description": "EXERCISE",
        "region": region,
        "occurredAt": "2016-02-01T00:00:00Z",
        "marking": "GREEN",
    }
    yield line("cause", "reportIncident", "2016-02-02", "irma", decider, "INVESTIGATOR", incident)
    grades = {"sourceReliability": "B", "informationCredibility": "TWO"}
    yield line(
        "cause",
        "recordEvidence",
        "2016-03-01",
        "irma",
        decider,
        "INVESTIGATOR",
        {"summary": "EXERCISE: hidden", "marking": "RED", **grades},
    )
    found = {"responsibleParty": "A party", "likelihood": "VERY_LIKELY", "confidence": "HIGH", "basis": "EXERCISE"}
    yield line("cause", "attributeIncident", "2017-03-20", "irma", decider, "INVESTIGATOR", found)
    yield line(
        "asked",
        "submitDeploymentRequest",
        "2017-03-01",
        "rita",
        asker,
        "REQUESTER",
        {
            "force": "EXERCISE: guard",
            "strength": 5,
            "region": region,
            "purpose": "EXERCISE",
            "incidents": ["cause"],
            "period": {"start": "2017-06-01T00:00:00Z", "end": "2017-07-01T00:00:00Z"},
        },
    )
    yield line("asked", "beginReview", "2017-03-02", "rob", decider, "REVIEWER", WHY)
    yield line(
        "asked", "withholdDeploymentRequest", "2017-03-10", "rob", decider, "REVIEWER", {**WHY, "awaiting": ["cause"]}
    )
    yield line("asked", "resumeReview", "2017-03-21", "rob", decider, "REVIEWER", WHY)
    yield line(
        "asked",
        "endorseDeploymentRequest",
        "2017-03-22",
        "rob",
        decider,
        "REVIEWER",
        {**WHY, "recommendation": "APPROVE"},
    )
    yield line("asked", "approveDeploymentRequest", "2017-04-01", "ada", decider, "APPROVER", WHY)
    yield line("asked", "remarkOnDeploymentRequest", "2017-04-02", "ada", decider, "APPROVER", WHY)


@pytest.mark.parametrize(
    ("day", "version", "status", "attribution"),
    [
        ("2017-03-01", 1, "SUBMITTED", "OPEN"),
        ("2017-03-01T12:00:00Z", 1, "SUBMITTED", "OPEN"),
        ("2017-03-10", 3, "WITHHELD_PENDING_ATTRIBUTION", "OPEN"),
        ("2017-03-20", 3, "WITHHELD_PENDING_ATTRIBUTION", "ATTRIBUTED"),
        ("2017-03-21", 4, "UNDER_REVIEW", "ATTRIBUTED"),
        ("2017-04-01", 6, "APPROVED", "ATTRIBUTED"),
    ],
)
def test_a_request_is_read_with_what_it_names_as_it_had_happened(
    imported: Imported, day: str, version: int, status: str, attribution: str
) -> None:
    found = imported.then(day)
    assert (found["version"], found["status"], found["explanation"]["status"]) == (version, status, status)
    assert [each["attributionStatus"] for each in found["incidents"]] == [attribution]
    assert found["history"]["totalCount"] == version
    assert [edge["node"]["version"] for edge in found["history"]["edges"]] == list(range(1, version + 1))[:2]
    assert found["availableActions"] == imported.then(None)["availableActions"]
    if status == "WITHHELD_PENDING_ATTRIBUTION":
        assert [each["attributionStatus"] for each in found["hold"]["awaiting"]] == [attribution]
        assert [each["type"] for each in found["explanation"]["because"]] == [
            *("RequestSubmitted", "ReviewBegun", "RequestWithheld")
        ]
    if status == "APPROVED":
        assert found["decision"]["grounds"] == [{"responsibleParty": "A party"}]
    assert imported.here.ask(imported.here.reviewer, REQUEST, id=found["id"], then=day)["deploymentRequest"] == found


def test_an_incident_is_read_with_the_requests_that_had_been_made(imported: Imported) -> None:
    found = imported.incident_then("2016-12-31")
    assert (found["version"], found["attributionStatus"], found["attribution"]) == (2, "OPEN", None)
    assert found["deploymentRequests"] == []
    assert imported.incident_then("2016-02-15")["version"] == 1
    later = imported.incident_then("2017-03-20")
    assert later["attribution"] == {"responsibleParty": "A party"}
    assert later["deploymentRequests"] == [{"status": "WITHHELD_PENDING_ATTRIBUTION", "version": 3}]


def test_what_had_not_happened_is_null(imported: Imported) -> None:
    assert imported.then("2017-02-28") is None
    assert imported.incident_then("2016-02-01") is None
    assert imported.then("2017-03-01T11:59:59Z") is None


def test_visibility_is_that_of_now(imported: Imported) -> None:
    here = imported.here
    assert imported.then("2017-04-01", here.outsider) is None
    for who, types in (
        (here.reviewer, ["IncidentReported"]),
        (here.of("decider", "irma", Role.INVESTIGATOR), ["IncidentReported", "EvidenceRecorded"]),
    ):
        found = imported.incident_then("2016-12-31", who)
        assert found["version"] == 2
        assert found["history"]["totalCount"] == len(types)
        assert [edge["node"]["type"] for edge in found["history"]["edges"]] == types
        assert len(found["evidence"]) == len(types) - 1


def test_what_is_recorded_as_it_happens_is_the_same_as_of_the_instant(imported: Imported) -> None:
    here = imported.here
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    document = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
      history { edges { node { recordedAt } } } } }"""
    events = here.ask(here.reviewer, document, id=request)["deploymentRequest"]["history"]["edges"]
    first = events[0]["node"]["recordedAt"]
    happened, recorded = (
        here.ask(here.reviewer, REQUEST, id=request, **{name: first})["deploymentRequest"] for name in ("then", "asOf")
    )
    assert happened == recorded
    assert happened["version"] == 1


def test_it_is_refused_with_another_instant_or_version_and_ahead_of_time(imported: Imported) -> None:
    ahead = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
    for variables in (
        {"then": "2017-03-01", "asOf": "2018-01-01"},
        {"then": "2017-03-01", "version": 1},
        {"then": ahead},
    ):
        [error] = imported.here.register.errors(
            imported.here.reviewer, REQUEST, reference=imported.request, **variables
        )
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "asHappened"}
