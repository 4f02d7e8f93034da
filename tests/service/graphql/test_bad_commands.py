"""Bad input gets a clear refusal that names the field; nothing is recorded, and nothing is ever our fault."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.service.graphql.api_client import Answer, ApiClient
from tests.service.graphql.scenario import ADMINISTRATOR, Scenario, scenario

MEGABYTE = "x" * 1_000_000
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


@pytest.fixture
def _nothing_is_recorded(here: Scenario) -> Iterator[None]:
    before = recorded(here)
    yield
    assert recorded(here) == before


def recorded(here: Scenario) -> int:
    with psycopg.connect(here.register.urls.owner) as connection:
        row = connection.execute("SELECT count(*) FROM event_store.events").fetchone()
        assert row is not None
        return int(row[0])


def named(answer: Answer) -> list[str]:
    assert answer["__typename"] == "InvalidInput", answer
    assert all(problem["message"] for problem in answer["fields"])
    return [problem["path"] for problem in answer["fields"]]


def period(start: str, end: str) -> dict[str, str]:
    return {"start": start, "end": end}


@pytest.mark.usefixtures("_nothing_is_recorded")
@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"strength": -1}, "strength"),
        ({"strength": 0}, "strength"),
        ({"strength": 1_000_001}, "strength"),
        ({"force": ""}, "force"),
        ({"force": " \n\t "}, "force"),
        ({"force": "x" * 201}, "force"),
        ({"force": "a\x00b"}, "force"),
        ({"purpose": ""}, "purpose"),
        ({"purpose": "   "}, "purpose"),
        ({"purpose": MEGABYTE}, "purpose"),
        ({"purpose": "x" * 20_001}, "purpose"),
        ({"purpose": "a\x00b"}, "purpose"),
        ({"purpose": "a\ud800b"}, "purpose"),
        ({"purpose": "\udfff"}, "purpose"),
        ({"region": "Nowhere"}, "region"),
        ({"region": ""}, "region"),
        ({"region": "a/../b"}, "region"),
        ({"region": "a\x00"}, "region"),
        ({"region": "\ud800"}, "region"),
        ({"region": "no-mandate/here"}, "region"),
        ({"period": period("2035-02-01T00:00:00Z", "2035-01-01T00:00:00Z")}, "period.end"),
        ({"period": period("2035-02-01T00:00:00Z", "2035-02-01T01:00:00+01:00")}, "period.end"),
        ({"incidents": [NOWHERE]}, "incidents"),
        ({"incidents": ["nonsense"]}, "incidents"),
        ({"incidents": ["\x00"]}, "incidents"),
        ({"incidents": ["\ud800"]}, "incidents"),
        ({"incidents": [NOWHERE] * 101}, "incidents"),
        ({"recipients": ["somebody"]}, "recipients"),
        ({"marking": "RED", "recipients": [""]}, "recipients.0"),
        ({"marking": "RED", "recipients": ["a", "\ud800"]}, "recipients.1"),
        ({"marking": "RED", "recipients": ["a"] * 101}, "recipients"),
    ],
)
def test_a_submission_names_the_field(here: Scenario, values: dict[str, Any], path: str) -> None:
    assert path in named(here.request(**values))


@pytest.mark.usefixtures("_nothing_is_recorded")
def test_every_field_that_is_wrong_is_named_at_once(here: Scenario) -> None:
    wrong = here.request(strength=0, force="", purpose="\x00", region="!")
    assert named(wrong) == ["force", "strength", "region", "purpose"]


def test_an_id_of_a_wrong_form_is_quoted_as_it_was_written(here: Scenario) -> None:
    answer = here.request(incidents=["nonsense", NOWHERE])
    assert answer["message"] == f"incidents: There is no such incident that you may see: nonsense, {NOWHERE}."


@pytest.mark.usefixtures("_nothing_is_recorded")
def test_the_deciding_authority_cannot_submit_to_itself(here: Scenario) -> None:
    assert named(here.request(here.of("decider", "dan"))) == ["region"]


@pytest.mark.usefixtures("_nothing_is_recorded")
@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"kind": ""}, "kind"),
        ({"description": " "}, "description"),
        ({"description": MEGABYTE}, "description"),
        ({"location": {"latitude": 91, "longitude": 0}}, "location.latitude"),
        ({"location": {"latitude": 0, "longitude": -180.5}}, "location.longitude"),
        ({"location": {"latitude": 0, "longitude": 1e300}}, "location.longitude"),
        ({"location": {"latitude": 0, "longitude": 0, "description": ""}}, "location.description"),
    ],
)
def test_a_report_names_the_field(here: Scenario, values: dict[str, Any], path: str) -> None:
    assert path in named(here.incident(**values))


@pytest.mark.parametrize(
    ("mutation", "values", "path"),
    [
        ("recordEvidence", {"summary": ""}, "summary"),
        ("recordEvidence", {"sha256": "A" * 64}, "sha256"),
        ("recordEvidence", {"sha256": ""}, "sha256"),
        ("recordEvidence", {"uri": "cabinet 17"}, "uri"),
        ("recordEvidence", {"marking": "CLEAR"}, "marking"),
        ("attributeIncident", {"evidence": [NOWHERE]}, "evidence"),
        ("attributeIncident", {"evidence": ["nonsense"]}, "evidence"),
        ("attributeIncident", {"basis": "\ud800"}, "basis"),
        ("attributeIncident", {"responsibleParty": "  "}, "responsibleParty"),
        ("retractAttribution", {"reason": ""}, "reason"),
        ("referIncident", {"authority": "nobody-knows"}, "authority"),
        ("referIncident", {"authority": "NOT A CODE"}, "authority"),
    ],
)
def test_a_command_on_an_incident_names_the_field(
    here: Scenario, mutation: str, values: dict[str, Any], path: str
) -> None:
    incident = here.attributed()["id"]
    before = recorded(here)
    assert named(here.on_incident(here.reviewer, mutation, incident, **values)) == [path]
    assert recorded(here) == before


@pytest.mark.parametrize(
    ("who", "mutation", "values", "path"),
    [
        ("requester", "amendDeploymentRequest", {}, "force"),
        ("requester", "amendDeploymentRequest", {"strength": -5}, "strength"),
        ("requester", "amendDeploymentRequest", {"incidents": ["nonsense"]}, "incidents"),
        ("requester", "amendDeploymentRequest", {"strength": 1, "reason": MEGABYTE}, "reason"),
        ("reviewer", "withholdDeploymentRequest", {"awaiting": []}, "awaiting"),
        ("reviewer", "withholdDeploymentRequest", {"awaiting": [NOWHERE]}, "awaiting"),
        ("reviewer", "endorseDeploymentRequest", {"recommendation": "DENY", "reason": ""}, "reason"),
        ("reviewer", "remarkOnDeploymentRequest", {"reason": "\x00"}, "reason"),
        ("approver", "approveDeploymentRequest", {"conditions": [{"text": "a"}, {"text": ""}]}, "conditions.1.text"),
        ("approver", "approveDeploymentRequest", {"conditions": [{"text": "a"}] * 101}, "conditions"),
        ("approver", "approveDeploymentRequest", {"strength": 61}, "strength"),
        ("approver", "approveDeploymentRequest",
         {"period": period("2035-01-01T00:00:00Z", "2035-01-20T00:00:00Z")}, "period"),
    ],
)  # fmt: skip
def test_a_command_on_a_request_names_the_field(
    here: Scenario, who: str, mutation: str, values: dict[str, Any], path: str
) -> None:
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.of("decider", "eve"), "endorseDeploymentRequest", request, recommendation="APPROVE")
    before = recorded(here)
    assert named(here.on_request(getattr(here, who), mutation, request, **values)) == [path]
    assert recorded(here) == before


def test_a_condition_that_is_not_there_is_named(here: Scenario) -> None:
    request = here.decided()["id"]
    for condition in (NOWHERE, "nonsense", "\ud800"):
        answer = here.on_request(here.requester, "reportFulfilment", request, condition=condition, report="EXERCISE")
        assert named(answer) == ["condition"]


@pytest.mark.parametrize(
    ("mutation", "kind", "values", "path"),
    [
        ("registerAuthority", "RegisterAuthorityInput", {"code": "Bad Code", "name": "n"}, "code"),
        ("registerAuthority", "RegisterAuthorityInput", {"code": "register", "name": "n"}, "code"),
        ("registerAuthority", "RegisterAuthorityInput", {"code": "\ud800", "name": "n"}, "code"),
        ("registerAuthority", "RegisterAuthorityInput", {"code": "fine", "name": " "}, "name"),
        ("grantMandate", "GrantMandateInput", {"authority": "nobody-knows"}, "authority"),
        ("grantMandate", "GrantMandateInput", {"endorsementsRequired": 0}, "endorsementsRequired"),
        ("grantMandate", "GrantMandateInput", {"endorsementsRequired": 11}, "endorsementsRequired"),
        ("grantMandate", "GrantMandateInput", {"answerWithinDays": 0}, "answerWithinDays"),
        ("grantMandate", "GrantMandateInput", {"answerWithinDays": 367}, "answerWithinDays"),
        ("grantMandate", "GrantMandateInput", {"validUntil": "2001-01-01T00:00:00Z"}, "validUntil"),
        ("endMandate", "EndMandateInput", {"region": "nowhere", "reason": "r"}, "region"),
    ],
)  # fmt: skip
def test_a_command_of_an_administrator_names_the_field(
    here: Scenario, mutation: str, kind: str, values: dict[str, Any], path: str
) -> None:
    before = recorded(here)
    if mutation != "registerAuthority":
        values = {"authority": f"{here.name}-decider", "region": f"{here.name}/free", **values}
    if mutation == "grantMandate":
        values = {"legalBasis": "l", **values}
    assert named(here.register.command(ADMINISTRATOR, mutation, kind, values)) == [path]
    assert recorded(here) == before


def test_what_is_there_already_is_named(here: Scenario) -> None:
    code = {"code": f"{here.name}-asker", "name": "again"}
    answer = here.register.command(ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", code)
    assert named(answer) == ["code"]
    mandate = {"authority": f"{here.name}-other", "region": here.name, "legalBasis": "l"}
    answer = here.register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", mandate)
    assert named(answer) == ["region"]
