"""Every block of the README works as pasted, in its order, each as the person named above it."""

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from service.cli.demo.case import DemoCase
from tests.e2e.serving import Served
from tests.waiting import until

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```graphql as (\w+)\n(.*?)```", README.read_text(), re.DOTALL)
WHO = {
    "clerk": ("clerk", "secretariat", "administrator"),
    "requester": ("requester", "pristina", "requester"),
    "reviewer": ("reviewer", "kfor", "reviewer"),
    "deputy": ("deputy", "kfor", "reviewer"),
    "approver": ("approver", "kfor", "approver"),
    "auditor": ("auditor", "kfor", "auditor"),
}


def test_the_blocks_work_as_pasted(served: Served, demo_case: DemoCase) -> None:
    assert len(BLOCKS) >= 5
    known: dict[str, Any] = {}
    for who, document in BLOCKS:
        wanted = set(re.findall(r"\$(\w+)", document.split("{")[0]))
        assert wanted <= known.keys(), f"an answer before this block lacks {wanted - known.keys()}"
        until(partial(has_reached, served, int(known.get("position", 0))))
        data = served.data(served.token(*WHO[who]), document, **{name: known[name] for name in wanted})
        for answer in data.values():
            assert answer is not None, document
            if str(answer.get("__typename", "Recorded")).endswith("Recorded"):
                known |= _named_values(answer)
            else:
                pytest.fail(f"{document}\n{answer}")


def has_reached(served: Served, position: int) -> bool:
    """Whether the views are where they are by the time that a person has copied an answer."""
    views = served.data(served.token(*WHO["auditor"]), "{ projections { position } }")["projections"]
    return all(int(view["position"]) >= position for view in views)


def test_the_commands_that_it_names_exist(served: Served) -> None:
    for line in set(re.findall(r"\.venv/bin/mandate ([^#\n]+)", README.read_text())):
        words = line.split()
        command = words[:2] if words[0] == "parked" else words[:1]
        said = served.invoke(*command, "--help")
        assert said.exit_code == 0, line
        for option in re.findall(r"--[a-z-]+", line):
            assert option in said.stdout, line


SHELL_NOW = '"$(date -u +%FT%TZ)"'


@pytest.mark.parametrize(("section", "end"), [("## Audit", "## Replay"), ("## Replay", "## More")])
def test_the_readmes_commands_succeed(
    served: Served, demo_case: DemoCase, tmp_path: Path, section: str, end: str
) -> None:
    """On the register of the case: each command of a section, in its order, on the case's own request and its time."""
    document = "query ($id: ID!) { deploymentRequest(id: $id) { reference updatedAt } }"
    request = served.data(served.token(*WHO["reviewer"]), document, id=demo_case.request)["deploymentRequest"]
    excerpt = README.read_text().split(section)[1].split(end)[0]
    lines = re.findall(r"\.venv/bin/mandate ([^#\n]+)", excerpt)
    assert len(lines) >= 5
    for line in (line.replace(SHELL_NOW, request["updatedAt"]) for line in lines):
        words = [re.sub(r"[a-z]+-\d{4}-\d{4}", request["reference"], word) for word in line.split()]
        words = [request["updatedAt"] if re.match(r"\d{4}-\d{2}-\d{2}T", word) else word for word in words]
        words = [str(tmp_path / word) if word.endswith((".json", ".pdf")) else word for word in words]
        said = served.run(*words, check=False)
        assert said.returncode == 0, f"{line}\n{said.stdout}{said.stderr}"


def _named_values(answer: dict[str, Any]) -> dict[str, Any]:
    """What a reader would copy from an answer: the ids, the position, and when something was recorded."""
    request, incident = answer.get("deploymentRequest") or {}, answer.get("incident") or {}
    correction: dict[str, Any] = next(iter(incident.get("corrections", ())), {})
    recorded = [edge["node"]["recordedAt"] for edge in answer.get("history", {}).get("edges", ())]
    values = {
        "id": request.get("id"),
        "incident": incident.get("id"),
        "correction": correction.get("id"),
        "position": answer.get("position"),
        "then": next(iter(recorded), None),
    }
    return {name: value for name, value in values.items() if value is not None}
