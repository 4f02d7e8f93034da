"""What the command line prints of a request: what became of an approval, and every text of its timeline."""

import json
from pathlib import Path
from typing import Any

import pytest

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served

HISTORY = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
  reference history(first: 100) { edges { node { recordedAt type } } } } }"""
TEXTS = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) {
  reference purpose history(first: 100) { edges { node { reason } } } } }"""
WHY = {"reason": "EXERCISE"}


def said_of(served: Served, folder: Path, reference: str, *options: str) -> tuple[str, str]:
    """What `explain` says, and the dossier before its first section."""
    page = folder / "case.html"
    explained = served.run("explain", reference, *options).stdout
    served.run("dossier", reference, "--output", str(page), *options)
    return " ".join(explained.split()), " ".join(page.read_text().partition("<h2")[0].split())


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("ApprovalQuestioned", ["It is questioned since", "and waits to be confirmed or revoked."]),
        ("ApprovalConfirmed", ["It was questioned on", "It was confirmed on"]),
    ],
)
def test_an_approval_that_was_questioned(
    served: Served, demo_case: DemoCase, tmp_path: Path, event: str, expected: list[str]
) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    request: Any = served.data(auditor, HISTORY, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    at = {edge["node"]["type"]: edge["node"]["recordedAt"] for edge in request["history"]["edges"]}
    for said in said_of(served, tmp_path, request["reference"], "--as-of", at[event]):
        assert all(words in said for words in ["Approved, with conditions, on", *expected]), said


def test_an_approval_that_was_revoked(served: Served, tmp_path: Path) -> None:
    def line(history: str, command: str, day: int, role: str, values: Any) -> str:
        authority = "exercise-shore" if role == "REQUESTER" else "exercise-highland"
        actor = {"subject": role.lower(), "authority": authority, "roles": [role]}
        at = f"2017-03-{day:02}T12:00:00Z"
        return json.dumps({"history": history, "command": command, "at": at, "actor": actor, "input": values})

    submission = {
        "force": "EXERCISE: river guard", "strength": 5, "region": "highland", "purpose": "EXERCISE",
        "period": {"start": "2017-04-01T00:00:00Z", "end": "2017-05-01T00:00:00Z"},
    }  # fmt: skip
    mandate = {"authority": "exercise-highland", "region": "highland", "legalBasis": "EXERCISE"}
    decider, asker = ({"code": code, "name": f"EXERCISE {code}"} for code in ("exercise-highland", "exercise-shore"))
    file = tmp_path / "revoked.jsonl"
    file.write_text(
        "\n".join(
            (
                line("highland", "registerAuthority", 1, "ADMINISTRATOR", decider),
                line("highland", "grantMandate", 1, "ADMINISTRATOR", mandate),
                line("shore", "registerAuthority", 1, "ADMINISTRATOR", asker),
                line("asked", "submitDeploymentRequest", 2, "REQUESTER", submission),
                line("asked", "beginReview", 3, "REVIEWER", WHY),
                line("asked", "endorseDeploymentRequest", 3, "REVIEWER", {**WHY, "recommendation": "APPROVE"}),
                line("asked", "approveDeploymentRequest", 4, "APPROVER", WHY),
                line("asked", "revokeApproval", 5, "APPROVER", WHY),
            )
        )
    )
    imported = served.run("import", str(file)).stdout
    assert "8 lines: 8 recorded" in imported, imported
    for said in said_of(served, tmp_path, "exercise-shore-2017-0001"):
        assert "Approved on" in said
        assert "It was revoked on" in said


def test_a_piped_timeline_has_every_text_in_full(served: Served, demo_case: DemoCase) -> None:
    auditor = served.token("auditor", "kfor", "auditor")
    request: Any = served.data(auditor, TEXTS, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    reasons = [edge["node"]["reason"] for edge in request["history"]["edges"]]
    texts = [" ".join(text.split()) for text in (*reasons, request["purpose"]) if text]
    assert max(map(len, texts)) > 150
    for command in (["history", request["reference"]], ["trail", "--subject", request["reference"]]):
        said = " ".join(served.run(*command).stdout.split())
        assert not [text for text in texts if text not in said]


EVENTS = """query ($id: ID!, $at: Position) { deploymentRequest(id: $id, atLeast: $at) { reference history(first: 100) {
  edges { node { position version type recordedAt occurredAt reason payload
  actor { subject issuer authority name onBehalfOf { subject issuer name } }
  redactions changes { path before after } } } } } }"""


@pytest.mark.parametrize("role", ["auditor", "requester"])
def test_json_lines_say_the_same_as_the_api(served: Served, demo_case: DemoCase, role: str) -> None:
    token = served.token(role, "kfor" if role == "auditor" else "pristina", role)
    request: Any = served.data(token, EVENTS, id=demo_case.request, at=demo_case.position)["deploymentRequest"]
    expected = [edge["node"] for edge in request["history"]["edges"]]
    for actor in (event["actor"] for event in expected):
        if actor["onBehalfOf"] is None:
            del actor["onBehalfOf"]
    reference = request["reference"]
    trail = ["trail", "--subject", reference]
    newest = [*trail, "--newest-first", "--before", str(int(expected[3]["position"])), "--limit", "2"]
    found = served.invoke(*newest, "--json", "--token", token)
    assert [str(json.loads(line)["position"]) for line in found.stdout.splitlines()] == [
        event["position"] for event in expected[2:0:-1]
    ]
    assert f"There is more: --before {int(expected[0]['position']) + 1}," in found.stderr
    for command in (["history", reference], trail):
        result = served.invoke(*command, "--json", "--token", token)
        events = [json.loads(line) for line in result.stdout.splitlines()]
        assert len(events) == len(expected) > 5
        for event, wanted in zip(events, expected, strict=True):
            assert str(event.pop("position")) == wanted["position"]
            assert event.pop("subject")["id"] == demo_case.request
            assert event == {name: value for name, value in wanted.items() if name != "position"}
