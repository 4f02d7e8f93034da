"""Every block of the README works as pasted, in its order, each as the person named above it."""

import re
from pathlib import Path
from typing import Any

import pytest

from service.demo.case import Case
from tests.e2e.serving import Served

README = Path(__file__).parents[2] / "README.md"
BLOCKS = re.findall(r"```graphql as (\w+)\n(.*?)```", README.read_text(), re.DOTALL)
WHO = {
    "clerk": ("clerk", "secretariat", "administrator"),
    "requester": ("requester", "pristina", "requester"),
    "reviewer": ("reviewer", "kfor", "reviewer"),
    "auditor": ("auditor", "kfor", "auditor"),
}


def test_the_blocks_work_as_pasted(served: Served, told_case: Case) -> None:
    assert len(BLOCKS) >= 5
    known: dict[str, Any] = {}
    for who, document in BLOCKS:
        wanted = set(re.findall(r"\$(\w+)", document.split("{")[0]))
        assert wanted <= known.keys(), f"an answer before this block should have told {wanted - known.keys()}"
        data = served.data(served.token(*WHO[who]), document, **{name: known[name] for name in wanted})
        for answer in data.values():
            assert answer is not None, document
            if str(answer.get("__typename", "Recorded")).endswith("Recorded"):
                known |= _told(answer)
            else:
                pytest.fail(f"{document}\n{answer}")


def test_the_commands_that_it_names_exist(served: Served) -> None:
    for line in set(re.findall(r"\.venv/bin/mandate ([^#\n]+)", README.read_text())):
        words = line.split()
        command = words[:2] if words[0] == "parked" else words[:1]
        said = served.run(*command, "--help", check=False)
        assert said.returncode == 0, line
        for option in re.findall(r"--[a-z-]+", line):
            assert option in said.stdout, line


def test_an_operators_day_goes_as_it_is_told(served: Served, told_case: Case) -> None:
    """On the register of the case: each command of the section, in its order, on the case's own request."""
    document = "query ($id: ID!) { deploymentRequest(id: $id) { reference } }"
    request = served.data(served.token(*WHO["reviewer"]), document, id=told_case.request)["deploymentRequest"]
    told = README.read_text().split("## Replay")[1].split("## More")[0]
    for line in re.findall(r"\.venv/bin/mandate ([^#\n]+)", told):
        words = [request["reference"] if re.fullmatch(r"[a-z]+-\d{4}-\d{4}", word) else word for word in line.split()]
        said = served.run(*words, check=False)
        assert said.returncode == 0, f"{line}\n{said.stdout}{said.stderr}"


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """What a reader would copy from an answer: the request's id and the position."""
    request = answer.get("deploymentRequest") or {}
    told = {"id": request.get("id"), "position": answer.get("position")}
    return {name: value for name, value in told.items() if value is not None}
