"""`history` of what was imported, at its own time, and in either order."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.serving import Served

REFERENCE = "exercise-vale-2017-0001"
EVENTS = ["RequestSubmitted", "ReviewBegun", "RequestEndorsed", "RequestDenied"]


@pytest.fixture(scope="module")
def imported(served: Served, tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A request of 2 to 5 March 2017."""
    file: Path = tmp_path_factory.mktemp("imported") / "vale.jsonl"
    why, asks, decides = {"reason": "EXERCISE"}, "exercise-vale", "exercise-moor"

    def line(history: str, command: str, day: int, role: str, values: Any) -> str:
        actor = {"subject": role.lower(), "authority": asks if role == "REQUESTER" else decides, "roles": [role]}
        at = f"2017-03-{day:02}T12:00:00Z"
        return json.dumps({"history": history, "command": command, "at": at, "actor": actor, "input": values})

    submission = {
        "force": "EXERCISE", "strength": 5, "region": "moor", "purpose": "EXERCISE", "marking": "CLEAR",
        "period": {"start": "2017-04-01T00:00:00Z", "end": "2017-05-01T00:00:00Z"},
    }  # fmt: skip
    mandate = {"authority": decides, "region": "moor", "legalBasis": "EXERCISE"}
    lines = [
        line("moor", "registerAuthority", 1, "ADMINISTRATOR", {"code": decides, "name": "EXERCISE moor"}),
        line("moor", "grantMandate", 1, "ADMINISTRATOR", mandate),
        line("vale", "registerAuthority", 1, "ADMINISTRATOR", {"code": asks, "name": "EXERCISE vale"}),
        line("asked", "submitDeploymentRequest", 2, "REQUESTER", submission),
        line("asked", "beginReview", 3, "REVIEWER", why),
        line("asked", "endorseDeploymentRequest", 4, "REVIEWER", {**why, "recommendation": "DENY"}),
        line("asked", "denyDeploymentRequest", 5, "APPROVER", why),
    ]
    file.write_text("\n".join(lines))
    assert "7 lines: 7 recorded" in served.run("import", str(file)).stdout
    return served


def types(served: Served, *options: str) -> list[str]:
    printed = served.run("history", REFERENCE, "--json", *options).stdout
    return [json.loads(line)["type"] for line in printed.splitlines()]


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        ("2017-03-02", EVENTS[:1]),
        ("2017-03-03T11:59:59Z", EVENTS[:1]),
        ("2017-03-03T12:00:00Z", EVENTS[:2]),
        ("2017-03-04", EVENTS[:3]),
        ("2020-01-01", EVENTS),
    ],
)
def test_a_history_is_shown_as_it_had_happened(imported: Served, instant: str, expected: list[str]) -> None:
    remote = ("--token", imported.token("auditor", "kfor", "auditor"), "--url", imported.url)
    for where in ((), remote):
        assert types(imported, "--as-happened", instant, *where) == expected
        assert types(imported, "--as-happened", instant, "--newest-first", *where) == expected[::-1]


def test_what_was_recorded_later_is_not_there_as_of_then(imported: Served) -> None:
    for option in ("--as-of", "--as-happened"):
        result = imported.invoke("history", REFERENCE, option, "2017-03-01")
        assert (result.exit_code, "by then" in result.stderr) == (2, True)
    assert imported.invoke("history", REFERENCE, "--as-of", "2020-01-01").exit_code == 2


def test_the_instant_is_one_and_has_come(imported: Served) -> None:
    both = imported.invoke("history", REFERENCE, "--as-of", "2020-01-01", "--as-happened", "2020-01-01")
    assert (both.exit_code, "give it without --as-of" in both.stderr) == (2, True)
    ahead = imported.invoke("history", REFERENCE, "--as-happened", "2999-01-01")
    assert (ahead.exit_code, "has not come yet" in ahead.stderr) == (2, True)
