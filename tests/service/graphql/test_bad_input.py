"""Bad input gets a clear refusal that names the field; nothing is recorded, and nothing is ever our fault."""

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from tests.service.graphql.register import Answer, Register
from tests.service.graphql.world import ADMINISTRATOR, World, world

MEGABYTE = "x" * 1_000_000
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def here(register: Register) -> World:
    return world(register)


@pytest.fixture
def _nothing_is_recorded(here: World) -> Iterator[None]:
    before = recorded(here)
    yield
    assert recorded(here) == before


def recorded(here: World) -> int:
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
def test_a_submission_names_the_field(here: World, values: dict[str, Any], path: str) -> None:
    assert path in named(here.request(**values))


@pytest.mark.usefixtures("_nothing_is_recorded")
def test_every_field_that_is_wrong_is_named_at_once(here: World) -> None:
    wrong = here.request(strength=0, force="", purpose="\x00", region="!")
    assert named(wrong) == ["force", "strength", "region", "purpose"]


def test_an_id_of_a_wrong_form_is_quoted_as_it_was_written(here: World) -> None:
    answer = here.request(incidents=["nonsense", NOWHERE])
    assert answer["message"] == f"incidents: There is no such incident that you may see: nonsense, {NOWHERE}."


@pytest.mark.usefixtures("_nothing_is_recorded")
def test_the_deciding_authority_asks_nobody(here: World) -> None:
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
def test_a_report_names_the_field(here: World, values: dict[str, Any], path: str) -> None:
    assert path in named(here.incident(**values))


@pytest.mark.parametrize(
    ("mutation", "values", "path"),
    [
        ("recordEvidence", {"summary": ""}, "summary"),
        ("recordEvidence", {"sha256": "A" * 64}, "sha256"),
        ("recordEvidence", {"sha256": ""}, "sha256"),
        ("recordEvidence", {"uri": "\x00"}, "uri"),
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
    here: World, mutation: str, values: dict[str, Any], path: str
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
    here: World, who: str, mutation: str, values: dict[str, Any], path: str
) -> None:
    request = here.request()["id"]
    here.on_request(here.reviewer, "beginReview", request)
    here.on_request(here.of("decider", "eve"), "endorseDeploymentRequest", request, recommendation="APPROVE")
    before = recorded(here)
    assert named(here.on_request(getattr(here, who), mutation, request, **values)) == [path]
    assert recorded(here) == before


def test_a_condition_that_is_not_there_is_named(here: World) -> None:
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
        ("grantMandate", "GrantMandateInput", {"validUntil": "2001-01-01T00:00:00Z"}, "validUntil"),
        ("endMandate", "EndMandateInput", {"region": "nowhere", "reason": "r"}, "region"),
    ],
)  # fmt: skip
def test_a_command_of_an_administrator_names_the_field(
    here: World, mutation: str, kind: str, values: dict[str, Any], path: str
) -> None:
    before = recorded(here)
    if mutation != "registerAuthority":
        values = {"authority": f"{here.name}-decider", "region": f"{here.name}/free", **values}
    if mutation == "grantMandate":
        values = {"legalBasis": "l", **values}
    assert named(here.register.command(ADMINISTRATOR, mutation, kind, values)) == [path]
    assert recorded(here) == before


def test_what_is_there_already_is_named(here: World) -> None:
    code = {"code": f"{here.name}-asker", "name": "again"}
    answer = here.register.command(ADMINISTRATOR, "registerAuthority", "RegisterAuthorityInput", code)
    assert named(answer) == ["code"]
    mandate = {"authority": f"{here.name}-other", "region": here.name, "legalBasis": "l"}
    answer = here.register.command(ADMINISTRATOR, "grantMandate", "GrantMandateInput", mandate)
    assert named(answer) == ["region"]


BAD_INSTANTS = [
    "2035-01-10T06:00:00",
    "2035-01-10",
    "tomorrow",
    "",
    "2035-13-10T06:00:00Z",
    "2035-01-10T25:00:00Z",
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2035-01-10T06:00:00\x00Z",
    "\ud800",
    20350110,
    {"year": 2035},
    [],
]


@pytest.mark.parametrize("instant", BAD_INSTANTS)
def test_an_instant_that_is_none_is_bad_user_input_naming_the_path(here: World, instant: Any) -> None:
    document = (
        "mutation ($input: SubmitDeploymentRequestInput!) { submitDeploymentRequest(input: $input) { __typename } }"
    )
    values = {
        "force": "f", "strength": 1, "region": here.region, "purpose": "p",
        "period": {"start": instant, "end": "2035-02-10T06:00:00Z"},
    }  # fmt: skip
    [error] = here.register.errors(here.requester, document, input=values)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "period.start"}
    assert error["message"].startswith("period.start: ")
    document = "query ($from: DateTime) { auditTrail(filter: { recordedFrom: $from }) { edges { cursor } } }"
    [error] = here.register.errors(here.requester, document, **{"from": instant})
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "filter.recordedFrom"}


def test_an_instant_in_the_document_itself_is_named_too(here: World) -> None:
    document = '{ deploymentRequests(filter: { submittedUntil: "2035-01-10T06:00:00" }) { totalCount } }'
    [error] = here.register.errors(here.requester, document)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": "filter.submittedUntil"}


@pytest.mark.parametrize(
    ("document", "path"),
    [
        ("{ deploymentRequests(first: 101) { totalCount } }", "first"),
        ("{ deploymentRequests(first: 0) { totalCount } }", "first"),
        ("{ incidents(first: -1) { totalCount } }", "first"),
        ("{ auditTrail(first: 1000000) { edges { cursor } } }", "first"),
        ("{ auditTrail(first: 3000000000) { edges { cursor } } }", "first"),
        ('{ deploymentRequests(after: "nonsense") { totalCount } }', "after"),
        ('{ deploymentRequests(after: "") { totalCount } }', "after"),
        ('{ deploymentRequests(after: "MQ==") { totalCount } }', "after"),
        ('{ incidents(after: "\\u0000") { totalCount } }', "after"),
        ('{ auditTrail(after: "AAAAAAAAAAgOnbfCFo4") { edges { cursor } } }', "after"),
        ('{ node(id: "x", atLeast: "-1") { id } }', "atLeast"),
        ('{ node(id: "x", atLeast: "9223372036854775808") { id } }', "atLeast"),
        ('{ node(id: "x", atLeast: "one") { id } }', "atLeast"),
        ('{ node(id: "x", atLeast: "\\u0661") { id } }', "atLeast"),
        ("{ node(id: \"x\", atLeast: 1.5) { id } }", "atLeast"),
        ("{ deploymentRequest { id } }", "id"),
        ("{ incident { id } }", "id"),
        ('{ deploymentRequest(reference: "\\u0000") { id } }', "reference"),
        ('{ authority(code: "\\u0000") { code } }', "code"),
        ('{ situation(regions: ["a", "\\u0000"]) { region } }', "regions.1"),
        ('{ deploymentRequests(filter: { text: "\\u0000" }) { totalCount } }', "filter.text"),
        ('{ deploymentRequests(filter: { region: ["\\u0000"] }) { totalCount } }', "filter.region.0"),
        ('{ incidents(filter: { kind: ["\\u0000"] }) { totalCount } }', "filter.kind.0"),
        ('{ auditTrail(filter: { actor: "\\u0000" }) { edges { cursor } } }', "filter.actor"),
        ('{ auditTrail(filter: { correlationId: "\\u0000" }) { edges { cursor } } }', "filter.correlationId"),
        ("{ deploymentRequests(filter: { status: [NOTHING] }) { totalCount } }", "filter.status.0"),
        ("{ deploymentRequests(orderBy: SIDEWAYS) { totalCount } }", "orderBy"),
        ("{ deploymentRequest(id: \"x\", version: 99999999999) { id } }", "version"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_answered_names_the_argument(here: World, document: str, path: str) -> None:
    [error] = here.register.errors(here.requester, document)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": path}
    assert error["message"].startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ("deploymentRequest(reference: $s) { id }", "reference"),
        ("incident(reference: $s) { id }", "reference"),
        ("authority(code: $s) { code }", "code"),
        ("situation(regions: [$s]) { region }", "regions.0"),
        ("auditTrail(after: $s) { edges { cursor } }", "after"),
        ("auditTrail(filter: { type: [$s] }) { edges { cursor } }", "filter.type.0"),
        ("auditTrail(filter: { authority: $s }) { edges { cursor } }", "filter.authority"),
        ("incidents(filter: { region: [$s] }) { totalCount }", "filter.region.0"),
        ("deploymentRequests(filter: { text: $s }) { totalCount }", "filter.text"),
        ("deploymentRequests(filter: { decidingAuthority: [$s] }) { totalCount }", "filter.decidingAuthority.0"),
    ],
)
@pytest.mark.parametrize("value", ["a\x00", "\ud800", "a\udfff"])
def test_what_no_database_can_hold_is_named(here: World, field: str, path: str, value: str) -> None:
    [error] = here.register.errors(here.requester, f"query ($s: String!) {{ {field} }}", s=value)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": path}


def test_half_a_character_is_no_id_of_anything(here: World) -> None:
    assert here.register.ask(here.requester, "query ($s: ID!) { node(id: $s) { id } }", s="\ud800") == {"node": None}


@pytest.mark.parametrize("many", [{"status": ["APPROVED"] * 101}, {"region": ["a"] * 101}, {"text": MEGABYTE}])
def test_a_filter_is_bounded(here: World, many: dict[str, Any]) -> None:
    document = "query ($f: DeploymentRequestFilter) { deploymentRequests(filter: $f) { totalCount } }"
    [error] = here.register.errors(here.requester, document, f=many)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": f"filter.{next(iter(many))}"}


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        ('{ it: node(id: "nonsense") { id } }', None),
        ('{ it: node(id: "") { id } }', None),
        ('{ it: node(id: "\\u0000") { id } }', None),
        ('{ it: deploymentRequest(id: "nonsense") { id } }', None),
        ('{ it: deploymentRequest(reference: "nobody-2024-0001") { id } }', None),
        (f'{{ it: deploymentRequest(id: "{NOWHERE}", version: -1) {{ id }} }}', None),
        ('{ it: incident(id: "nonsense") { id } }', None),
        ('{ it: authority(code: "nobody-knows") { code } }', None),
        ('{ it: authority(code: "") { code } }', None),
        ('{ it: auditTrail(filter: { subject: "nonsense" }) { edges { cursor } } }', {"edges": []}),
        ('{ it: auditTrail(filter: { correlationId: "nonsense" }) { edges { cursor } } }', {"edges": []}),
        ('{ it: auditTrail(filter: { type: [] }) { edges { cursor } } }', {"edges": []}),
        ('{ it: deploymentRequests(filter: { incident: "nonsense" }) { totalCount } }', {"totalCount": 0}),
        ("{ it: deploymentRequests(filter: { status: [] }) { totalCount } }", {"totalCount": 0}),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_null(here: World, document: str, answer: Any) -> None:
    assert here.register.ask(here.requester, document)["it"] == answer


def test_an_input_of_another_form_is_bad_user_input(here: World) -> None:
    document = "mutation ($input: DeploymentRequestCommandInput!) { beginReview(input: $input) { __typename } }"
    wrong: list[Any] = [
        {},
        {"id": "x"},
        {"id": "x", "reason": None},
        {"id": "x", "reason": 5},
        {"id": "x", "a": 1},
        [],
        7,
    ]
    for values in wrong:
        [error, *_] = here.register.errors(here.requester, document, input=values)
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
