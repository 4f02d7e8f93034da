"""The list of requests is the same on the command line as through the API, now and as of then."""

import json
from typing import Any

import pytest

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served

LIST = """query ($filter: DeploymentRequestFilter, $order: DeploymentRequestOrder, $asOf: DateTime, $at: Position) {
  deploymentRequests(filter: $filter, orderBy: $order, asOf: $asOf, atLeast: $at, first: 100) { edges { node {
    reference status requestingAuthority { code } decidingAuthority { code } region force strength submittedAt
  } } } }"""
FIRST = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
  submittedAt incidents { reference id } history(first: 1) { edges { node { recordedAt } } } } }"""


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        ([], {}),
        (["--order", "updated-asc", "--region", "xk"], {"filter": {"region": ["xk"]}, "order": "UPDATED_AT_ASC"}),
        (["--order", "due-asc"], {"order": "DUE_ASC"}),
        (["--status", "DENIED", "--status", "APPROVED"], {"filter": {"status": ["DENIED", "APPROVED"]}}),
        (["--requesting", "pristina", "--deciding", "kfor"],
         {"filter": {"requestingAuthority": ["pristina"], "decidingAuthority": ["kfor"]}}),
        (["--text", "canal", "--not-questioned"], {"filter": {"text": "canal", "questioned": False}}),
        (["--overdue"], {"filter": {"overdue": True}}),
        (["--submitted-until", "2001-01-01T00:00:00Z"], {"filter": {"submittedUntil": "2001-01-01T00:00:00Z"}}),
        (["--submitted-from", "2001-01-01"], {"filter": {"submittedFrom": "2001-01-01"}}),
    ],
)  # fmt: skip
def test_the_command_and_the_api_list_the_same_requests(
    served: Served, demo_case: DemoCase, options: list[str], wanted: dict[str, Any]
) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    assert printed(served, auditor, *options) == listed(served, auditor, at=demo_case.position, **wanted)


def test_by_incident_and_as_of_then(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    first: Any = served.data(auditor, FIRST, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    [incident] = first["incidents"]
    then = first["history"]["edges"][0]["node"]["recordedAt"]
    found = printed(served, auditor, "--incident", incident["reference"], "--as-of", then)
    assert found == listed(served, auditor, at=demo_case.position, filter={"incident": incident["id"]}, asOf=then)
    assert [each["status"] for each in found] == ["SUBMITTED"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--status", "OPEN"], "--status: no status is called 'OPEN': SUBMITTED"),
        (["--region", "XK"], "--region: 'XK'"),
        (["--incident", "kfor-i-2001-0001"], "kfor-i-2001-0001"),
        (["--text", "\udcff"], "not valid UTF-8"),
        (["--requesting", "\udcff"], "not valid UTF-8"),
        (["--submitted-from", "2024"], "--submitted-from: '2024' is not an instant"),
        (
            ["--submitted-from", "2024-03-02", "--submitted-until", "2024-03-01"],
            "--submitted-until: it must lie after --submitted-from",
        ),
    ],
)
def test_impossible_values_are_refused(served: Served, options: list[str], said: str) -> None:
    result = served.invoke("list", *options)
    assert result.exit_code == 2
    assert said in result.stderr


def printed(served: Served, token: str, *options: str) -> list[Any]:
    result = served.invoke("list", "--json", "--token", token, *options)
    assert result.exit_code == 0, result.stderr
    found: list[Any] = json.loads(result.stdout)
    return found


def listed(served: Served, token: str, **variables: Any) -> list[Any]:
    edges = served.data(token, LIST, **variables)["deploymentRequests"]["edges"]
    return [
        {
            **edge["node"],
            "requestingAuthority": edge["node"]["requestingAuthority"]["code"],
            "decidingAuthority": edge["node"]["decidingAuthority"]["code"],
        }
        for edge in edges
    ]
