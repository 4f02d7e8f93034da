"""`mandate import` on a register that is being served: what it says, what it lists, and what follows afterwards."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serving import Served
from tests.waiting import until

EXAMPLES = Path(__file__).parents[2] / "examples" / "import"

REQUEST = """
query ($reference: String!) {
  deploymentRequest(reference: $reference) {
    status submittedAt updatedAt decision { decidedAt decidedBy { subject roles } grantedStrength }
    history(first: 100) { edges { node { type recordedAt occurredAt causationId correlationId actor { subject } } } }
  }
}"""


def imported(served: Served, *arguments: str) -> str:
    said = served.run("import", *arguments)
    return " ".join(said.stdout.split())


def request(served: Served, reference: str) -> Any:
    auditor = served.token("auditor", "exercise-upland", "auditor")
    return served.data(auditor, REQUEST, reference=reference)["deploymentRequest"]


def types(found: Any) -> list[str]:
    return [edge["node"]["type"] for edge in found["history"]["edges"]] if found else []


def test_a_history_is_imported_and_policies_act_on_it_afterwards(served: Served, tmp_path: Path) -> None:
    report = tmp_path / "report.jsonl"
    file = str(EXAMPLES / "exercise.jsonl")
    dry = imported(served, file, "--report", str(tmp_path / "dry.jsonl"), "--dry-run")
    assert "14 lines: 13 would be recorded in 4 histories, 1 would be refused" in dry
    assert "Nothing was recorded." in dry
    said = imported(served, file, "--report", str(report))
    assert (report.stat().st_mode & 0o777, (tmp_path / "dry.jsonl").stat().st_mode & 0o777) == (0o600, 0o600)
    assert "14 lines: 13 recorded in 4 histories, 1 refused" in said
    assert "line 11, patrol: 0 of 1 endorsement of revision 1" in said
    [refused] = [told for told in map(json.loads, report.read_text().splitlines()) if "refusal" in told]
    assert (refused["line"], refused["refusal"]) == (11, "TransitionRefused")
    reference = "exercise-lowland-2017-0001"
    until(lambda: "ApprovalExpired" in types(found := request(served, reference)) and found["status"] == "EXPIRED")
    found = request(served, reference)
    assert found["submittedAt"] == "2017-03-03T08:00:00.000000Z"
    assert found["decision"]["decidedAt"] == "2017-03-12T10:00:00.000000Z"
    assert found["decision"]["decidedBy"] == {"subject": "colonel", "roles": ["APPROVER"]}
    *events, expired = [edge["node"] for edge in found["history"]["edges"]]
    assert expired["type"] == "ApprovalExpired"
    assert expired["occurredAt"] is None
    assert expired["actor"]["subject"] == "system"
    assert [event["occurredAt"] for event in events] == sorted(event["occurredAt"] for event in events)
    assert {event["causationId"] for event in events} == {None}
    assert len({event["correlationId"] for event in events}) == 1
    assert found["updatedAt"] == expired["recordedAt"]
    again = imported(served, file, "--report", str(report))
    assert "14 lines: 0 recorded in 0 histories, 0 refused, 14 in 4 histories that were there before." in again
    assert "Lines of those histories that were refused then: 1." in again
    columns = str(EXAMPLES / "exercise.toml")
    table = imported(served, str(EXAMPLES / "exercise.csv"), "--mapping", columns, "--report", str(report))
    assert "8 lines: 8 recorded in 3 histories" in table


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.jsonl"], "none.jsonl: No such file or directory"),
        (["histories.xlsx"], ".jsonl or .csv"),
        (["none.csv", "--mapping", "none.toml"], "none.toml: No such file or directory"),
        (["none.jsonl", "--mapping", "none.toml"], "a mapping is for a CSV file"),
        (["{folder}/folder.jsonl"], "folder.jsonl is no file"),
        (["{folder}/folder.csv"], "folder.csv is no file"),
        (["{folder}/twice.csv", "--mapping", "{folder}/twice.toml"], "'actor.subject' is in columns and in fixed"),
        (["{folder}/twice.jsonl", "--report", "{folder}/folder.csv"], "folder.csv cannot be written"),
        (["{folder}/twice.csv", "--mapping", "{folder}/folder.csv"], "folder.csv: it is no file"),
    ],
)
def test_what_cannot_be_read_is_said_in_one_line(
    served: Served, tmp_path: Path, arguments: list[str], said: str
) -> None:
    for name in ("folder.jsonl", "folder.csv"):
        (tmp_path / name).mkdir()
    (tmp_path / "twice.csv").write_text("history,at,Who\na,2017-03-01T12:00:00Z,ana\n")
    (tmp_path / "twice.toml").write_text(
        "columns = { 'actor.subject' = 'Who' }\n[[line]]\nfixed = { 'actor.subject' = 'bea' }\n"
    )
    (tmp_path / "twice.jsonl").write_text("{}")
    answer = served.run("import", *(each.format(folder=tmp_path) for each in arguments), check=False)
    assert answer.returncode in (1, 2)
    assert said in " ".join(answer.stderr.replace("│", "").split())
    assert "Traceback" not in answer.stderr


def test_what_is_read_is_not_written_to(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "histories.jsonl"
    file.write_text("{}")
    answer = served.run("import", str(file), "--report", str(file), check=False)
    assert (answer.returncode, file.read_text()) == (2, "{}")
    assert "is an input file: name another file" in " ".join(answer.stderr.split())
