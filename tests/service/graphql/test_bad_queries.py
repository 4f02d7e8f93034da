"""A query that cannot be answered says which argument is wrong; what does not exist is null."""

from typing import Any

import pytest

from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import Scenario, scenario

MEGABYTE = "x" * 1_000_000
NOWHERE = "00000000-0000-4000-8000-000000000000"


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    return scenario(register)


BAD_INSTANTS = [
    "2035-01-10T06:00:00",
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
def test_an_instant_that_is_none_is_bad_user_input_naming_the_path(here: Scenario, instant: Any) -> None:
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


def test_an_instant_in_the_document_itself_is_named_too(here: Scenario) -> None:
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
        ('{ incident(id: "x", atLeast: "-1") { id } }', "atLeast"),
        ('{ incident(id: "x", atLeast: "9223372036854775808") { id } }', "atLeast"),
        ('{ incident(id: "x", atLeast: "one") { id } }', "atLeast"),
        ('{ incident(id: "x", atLeast: "\\u0661") { id } }', "atLeast"),
        ("{ incident(id: \"x\", atLeast: 1.5) { id } }", "atLeast"),
        ("{ deploymentRequest { id } }", "id"),
        ("{ incident { id } }", "id"),
        ('{ deploymentRequest(reference: "\\u0000") { id } }', "reference"),
        ('{ authority(code: "\\u0000") { code } }', "code"),
        ('{ situation(regions: ["a", "\\u0000"]) { region } }', "regions.1"),
        ('{ situation(regions: ["xk", "ZZ!"]) { region } }', "regions.1"),
        ('{ deploymentRequests(filter: { text: "\\u0000" }) { totalCount } }', "filter.text"),
        ('{ deploymentRequests(filter: { region: ["\\u0000"] }) { totalCount } }', "filter.region.0"),
        ('{ deploymentRequests(filter: { region: ["xk", "AA BB"] }) { totalCount } }', "filter.region.1"),
        ('{ incidents(filter: { region: ["AA"] }) { totalCount } }', "filter.region.0"),
        ('{ incidents(filter: { kind: ["\\u0000"] }) { totalCount } }', "filter.kind.0"),
        ('{ auditTrail(filter: { type: ["NoSuchThing"] }) { edges { cursor } } }', "filter.type.0"),
        ('{ auditTrail(filter: { actor: "\\u0000" }) { edges { cursor } } }', "filter.actor"),
        ('{ auditTrail(filter: { subject: "kfor-2024-0001" }) { edges { cursor } } }', "filter.subject"),
        ('{ auditTrail(filter: { correlationId: "12" }) { edges { cursor } } }', "filter.correlationId"),
        ('{ auditTrail(filter: { authority: "KFOR" }) { edges { cursor } } }', "filter.authority"),
        ('{ accessLog(filter: { subject: "kfor-2024-0001" }) { edges { cursor } } }', "filter.subject"),
        ('{ accessLog(filter: { authority: "KFOR" }) { edges { cursor } } }', "filter.authority"),
        ('{ accessLog(filter: { what: ["export", "Export"] }) { edges { cursor } } }', "filter.what.1"),
        ('{ deploymentRequests(filter: { incident: "kfor-i-2024-0001" }) { totalCount } }', "filter.incident"),
        ('{ deploymentRequests(filter: { decidingAuthority: ["kfor", "KFOR"] }) { totalCount } }',
         "filter.decidingAuthority.1"),
        ('{ deploymentRequests(filter: { requestingAuthority: [""] }) { totalCount } }',
         "filter.requestingAuthority.0"),
        ('{ auditTrail(filter: { recordedFrom: "2024-02-30" }) { edges { cursor } } }', "filter.recordedFrom"),
        ('{ auditTrail(filter: { recordedFrom: "2024-03-02", recordedUntil: "2024-03-01" }) { totalCount } }',
         "filter.recordedUntil"),
        ('{ auditTrail(filter: { occurredFrom: "2024-03-02", occurredUntil: "2024-03-01" }) { totalCount } }',
         "filter.occurredUntil"),
        ('{ accessLog(filter: { from: "2024-03-02", until: "2024-03-01" }) { edges { cursor } } }', "filter.until"),
        ('{ deploymentRequests(filter: { submittedFrom: "2024-03-02", submittedUntil: "2024-03-01" }) { totalCount } }',
         "filter.submittedUntil"),
        ('{ incidents(filter: { occurredFrom: "2024-03-02", occurredUntil: "2024-03-01" }) { totalCount } }',
         "filter.occurredUntil"),
        ('{ deploymentRequests(asOf: "9999-12-31") { totalCount } }', "asOf"),
        ('{ auditTrail(filter: { correlationId: "\\u0000" }) { edges { cursor } } }', "filter.correlationId"),
        ("{ deploymentRequests(filter: { status: [NOTHING] }) { totalCount } }", "filter.status.0"),
        ("{ deploymentRequests(orderBy: SIDEWAYS) { totalCount } }", "orderBy"),
        ("{ deploymentRequest(id: \"x\", version: 99999999999) { id } }", "version"),
        ('{ deploymentRequests(filter: { colour: "red" }) { totalCount } }', "filter.colour"),
        ("{ deploymentRequests(sideways: true) { totalCount } }", "sideways"),
        ("{ node { id } }", "id"),
        ("mutation { beginReview { __typename } }", "input"),
        ('mutation { beginReview(input: "") { __typename } }', "input"),
        ("mutation { registerAuthority(input: { code: \"c\" }) { __typename } }", "name"),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_answered_names_the_argument(here: Scenario, document: str, path: str) -> None:
    [error] = here.register.errors(here.requester, document)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": path}
    assert error["message"].startswith(f"{path}: ")


def test_an_id_and_the_reference_of_another_one(here: Scenario) -> None:
    one, other = (here.request(fields="id reference") for _ in range(2))
    here.register.ask(
        here.requester,
        "query ($at: Position) { deploymentRequests(atLeast: $at) { totalCount } }",
        at=here.register.position,
    )
    document = "query ($id: ID, $reference: String) { deploymentRequest(id: $id, reference: $reference) { id } }"
    found = here.register.ask(here.requester, document, id=one["id"], reference=one["reference"])
    assert found == {"deploymentRequest": {"id": one["id"]}}
    values = {"id": one["id"], "reference": other["reference"]}
    [error] = here.register.errors(here.requester, document, **values)
    assert error["message"] == f"reference: The request with this id has another reference: {one['reference']}."
    assert here.register.ask(here.outsider, document, **values) == {"deploymentRequest": None}


SUBMISSION = {
    "force": "f",
    "strength": 1,
    "region": "a",
    "purpose": "p",
    "period": {"start": "2035-01-10T06:00:00Z", "end": "2035-02-10T06:00:00Z"},
}


@pytest.mark.parametrize(
    ("variables", "path"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": 7}, "input"),
        ({"input": {key: value for key, value in SUBMISSION.items() if key != "force"}}, "force"),
        ({"input": {**SUBMISSION, "period": {"start": "2035-01-10T06:00:00Z"}}}, "period.end"),
        ({"input": {**SUBMISSION, "period": {}}}, "period.start"),
        ({"input": {**SUBMISSION, "colour": "red"}}, "colour"),
        ({"input": {**SUBMISSION, "incidents": [None]}}, "incidents.0"),
    ],
)
def test_a_variable_that_lacks_a_field_or_has_one_too_many_names_it(
    here: Scenario, variables: dict[str, Any], path: str
) -> None:
    document = (
        "mutation ($input: SubmitDeploymentRequestInput!) { submitDeploymentRequest(input: $input) { __typename } }"
    )
    error = here.register.errors(here.requester, document, **variables)[0]
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
def test_what_no_database_can_hold_is_named(here: Scenario, field: str, path: str, value: str) -> None:
    [error] = here.register.errors(here.requester, f"query ($s: String!) {{ {field} }}", s=value)
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "argument": path}


def test_half_a_character_is_no_id_of_anything(here: Scenario) -> None:
    assert here.register.ask(here.requester, "query ($s: ID!) { node(id: $s) { id } }", s="\ud800") == {"node": None}


@pytest.mark.parametrize("many", [{"status": ["APPROVED"] * 101}, {"region": ["a"] * 101}, {"text": MEGABYTE}])
def test_a_filter_is_bounded(here: Scenario, many: dict[str, Any]) -> None:
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
        ('{ it: auditTrail(filter: { type: [] }) { edges { cursor } } }', {"edges": []}),
        ("{ it: deploymentRequests(filter: { status: [] }) { totalCount } }", {"totalCount": 0}),
    ],
)  # fmt: skip
def test_what_does_not_exist_is_null(here: Scenario, document: str, answer: Any) -> None:
    assert here.register.ask(here.requester, document)["it"] == answer


def test_an_input_of_another_form_is_bad_user_input(here: Scenario) -> None:
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


FORM = "An instant is written with its offset, as in '2024-11-29T18:00:00Z'; a day in UTC as '2024-11-29'."


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (
            "2035-01-01T00:00",
            f"until: {FORM} Found: '2035-01-01T00:00'.",
        ),
        ("2035-02-30", "until: There is no such instant, or it is outside the years 1 to 9999. Found: '2035-02-30'."),
        (None, "until: Expected value of non-null type 'DateTime!' not to be None."),
    ],
)  # fmt: skip
def test_an_error_of_a_value_says_what_is_wrong_with_it(here: Scenario, sent: str | None, message: str) -> None:
    document = "mutation ($i: AskExtensionInput!) { askExtension(input: $i) { __typename } }"
    [error] = here.register.errors(here.requester, document, i={"id": "x", "reason": "x", "until": sent})
    assert error["message"] == message
    if sent is not None:
        literal = f'mutation {{ askExtension(input: {{ id: "x", reason: "x", until: "{sent}" }}) {{ __typename }} }}'
        [error] = here.register.errors(here.requester, literal)
        assert error["message"] == message.replace(f"'{sent}'", f'"{sent}"')
