"""`mandate import` on a register that is being served: what it says, what it lists, and what follows afterwards."""

import json
import resource
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
    [refused] = [entry for entry in map(json.loads, report.read_text().splitlines()) if "refusal" in entry]
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


HOSTILE = {
    "parts.csv": f"history,at,input.{'a.' * 2_000}a\nx,y,z\n",
    "columns.csv": ",".join(f"c{n}" for n in range(20_000)),
    "delimiter.toml": 'delimiter = "\\n"',
    "nested.toml": "x = " + "[\n" * 30_000,
    "tables.toml": "".join(f"[{'a.' * 900}b{n}]\n" for n in range(35)),
}
BEYOND_START_UP = 1.0
"""Seconds of processor time. A command takes one to start, so that the line comes within two on an idle machine."""


def processor_time() -> float:
    """Of the child processes that have ended, in seconds."""
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime


@pytest.fixture(scope="module")
def start_up(served: Served) -> float:
    """Processor time of a refusal that reads no file, in seconds."""
    before = processor_time()
    assert served.run("import", "histories.xlsx", check=False).returncode == 2
    return processor_time() - before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["none.jsonl"], "none.jsonl: No such file or directory"),
        (["none.csv", "--mapping", "none.toml"], "none.toml: No such file or directory"),
        (["none.jsonl", "--mapping", "none.toml"], "a mapping is for a CSV file"),
        (["{folder}/folder.jsonl"], "folder.jsonl is no file"),
        (["{folder}/twice.csv", "--mapping", "{folder}/twice.toml"], "'actor.subject' is in columns and in fixed"),
        (["{folder}/twice.jsonl", "--report", "{folder}/folder.jsonl"], "folder.jsonl cannot be written"),
        (["{folder}/parts.csv"], "has too many parts"),
        (["{folder}/columns.csv"], "line 1 names 20,000 columns: at most 1,000 are read"),
        (["{folder}/twice.csv", "--mapping", "{folder}/delimiter.toml"], "delimiter is no quote, no line break"),
        (["{folder}/twice.csv", "--mapping", "{folder}/nested.toml"], "it is nested too deeply"),
        (["{folder}/twice.csv", "--mapping", "{folder}/tables.toml"], "there is no key 'a'"),
    ],
)
def test_an_unreadable_file_is_reported_in_one_line_at_once(
    served: Served, start_up: float, tmp_path: Path, arguments: list[str], said: str
) -> None:
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "twice.csv").write_text("history,at,Who\na,2017-03-01T12:00:00Z,ana\n")
    (tmp_path / "twice.toml").write_text(
        "columns = { 'actor.subject' = 'Who' }\n[[line]]\nfixed = { 'actor.subject' = 'bea' }\n"
    )
    (tmp_path / "twice.jsonl").write_text("{}")
    for name, text in HOSTILE.items():
        (tmp_path / name).write_text(text)
    spent = processor_time()
    answer = served.run("import", *(each.format(folder=tmp_path) for each in arguments), check=False)
    spent = processor_time() - spent
    assert answer.returncode in (1, 2)
    assert said in " ".join(answer.stderr.replace("│", "").split())
    assert "Traceback" not in answer.stderr
    assert spent < start_up + BEYOND_START_UP


def test_the_report_cannot_overwrite_the_input(served: Served, tmp_path: Path) -> None:
    file = tmp_path / "histories.jsonl"
    file.write_text("{}")
    answer = served.run("import", str(file), "--report", str(file), check=False)
    assert (answer.returncode, file.read_text()) == (2, "{}")
    assert "is an input file: name another file" in " ".join(answer.stderr.split())
