"""The inbox reads the same on the command line as through the API, now and as of then."""

import json
from typing import Any

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served

HISTORY = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
  history(first: 100) { edges { node { recordedAt } } } } }"""
INBOX = """query ($asOf: DateTime, $at: Position) { inbox(asOf: $asOf, atLeast: $at) { edges { node {
  action why subject { ... on DeploymentRequest { reference } } } } } }"""


def test_the_command_and_the_api_list_the_same_items(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    history: Any = served.data(auditor, HISTORY, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    submitted = history["history"]["edges"][0]["node"]["recordedAt"]
    listed = []
    for who in (
        served.token("somebody", "kfor", "reviewer", "approver"),
        served.token("anybody", "pristina", "requester"),
    ):
        for instant in (None, submitted):
            found: Any = served.data(who, INBOX, at=demo_case.position, asOf=instant)["inbox"]
            nodes = [edge["node"] for edge in found["edges"]]
            expected = [(each["action"], each["subject"]["reference"], each["why"]) for each in nodes]
            then = () if instant is None else ("--as-of", instant)
            printed = json.loads(served.run("inbox", "--json", "--token", who, *then).stdout)
            assert [(each["action"], each["reference"], each["why"]) for each in printed] == expected
            listed += expected
    assert "BEGIN_REVIEW" in {action for action, *_ in listed}


def test_the_operator_is_told_to_name_a_person(served: Served) -> None:
    ran = served.run("inbox", check=False)
    assert ran.returncode == 2
    assert "--token" in ran.stderr
