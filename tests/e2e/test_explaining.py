"""An explanation reads the same on the command line as through the API, now and as of then."""

import json
import re
from typing import Any

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served

EXPLANATION = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { reference explanation {
  status because { type } actions { action possible availableToViewer rules { met description } } } } }"""


def test_the_command_and_the_api_explain_alike(served: Served, demo_case: DemoCase) -> None:
    approver = served.token("approver", "kfor", "approver")
    request = served.data(approver, EXPLANATION, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    said = unwrapped(served, "explain", request["reference"], "--token", approver)
    for event in request["explanation"]["because"]:
        assert event["type"] in said
    for action in request["explanation"]["actions"]:
        assert f"{action['action']} {'open to you' if action['availableToViewer'] else 'not open to you'}" in said
        for rule in action["rules"]:
            assert f"{'met' if rule['met'] else 'not met'} {rule['description']}" in said


def test_json_says_the_same_as_the_api(served: Served, demo_case: DemoCase) -> None:
    approver = served.token("approver", "kfor", "approver")
    request = served.data(approver, EXPLANATION, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    result = served.invoke("explain", request["reference"], "--token", approver, "--json")
    said = json.loads(result.stdout)
    expected = request["explanation"]
    assert said["status"] == expected["status"]
    assert [each["type"] for each in said["because"]][: len(expected["because"])] == [
        each["type"] for each in expected["because"]
    ]
    for action, shown in zip(expected["actions"], said["actions"], strict=True):
        assert shown["action"] == action["action"]
        assert (shown["possible"], shown["availableToViewer"]) == (action["possible"], action["availableToViewer"])
        described = [{"met": each["met"], "description": each["description"]} for each in shown["rules"]]
        assert described == action["rules"]
    unseen = json.loads(served.invoke("explain", request["reference"], "--json").stdout)
    assert {each["availableToViewer"] for each in unseen["actions"]} == {None}


def test_an_auditor_reads_which_actions_are_possible(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    request: Any = served.data(auditor, EXPLANATION, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    said = unwrapped(served, "explain", request["reference"])
    for action in request["explanation"]["actions"]:
        assert f"{action['action']} {'possible' if action['possible'] else 'not possible'}" in said
    assert "You are" not in said


def test_as_of_an_instant_the_past_status_is_explained(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    document = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
        reference history(first: 4) { edges { node { recordedAt type } } } } }"""
    request = served.data(auditor, document, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    withheld = request["history"]["edges"][2]["node"]
    assert withheld["type"] == "RequestWithheld"
    said = unwrapped(served, "explain", request["reference"], "--as-of", withheld["recordedAt"])
    assert "WITHHELD_PENDING_ATTRIBUTION, version 3" in said
    assert "not met The hold awaits" in said
    assert "RESUME_REVIEW possible" in said


HISTORY = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
  reference history(first: 100) { edges { node { recordedAt type } } } } }"""


def test_an_explanation_names_who_confirmed_the_approval(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    request: Any = served.data(auditor, HISTORY, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    said = unwrapped(served, "explain", request["reference"])
    assert "ApprovalConfirmed Approving officer [approver] (kfor)" in said


def test_a_past_status_is_not_reported_as_current(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    request: Any = served.data(auditor, HISTORY, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    for edge in request["history"]["edges"]:
        said = unwrapped(served, "explain", request["reference"], "--as-of", edge["node"]["recordedAt"])
        assert not re.search(r"\b(now|today|currently)\b", said), said


def test_a_bad_argument_is_reported_in_one_line(served: Served, demo_case: DemoCase) -> None:
    for arguments in (("none-2024-0001",), ("x",), ("pristina-2024-0001", "--as-of", "yesterday")):
        ran = served.run("explain", *arguments, check=False)
        assert ran.returncode == 2
        assert len(ran.stderr.strip().splitlines()) == 1, ran.stderr


def unwrapped(served: Served, *arguments: str) -> str:
    """What a command says, however wide its terminal."""
    result = served.invoke(*arguments)
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())
