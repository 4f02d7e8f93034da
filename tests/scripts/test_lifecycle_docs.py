"""The committed page of the lifecycle matches the tables."""

import re
from enum import StrEnum
from typing import Any

import pytest

from domain.deployment_request.lifecycle import STEPS
from domain.deployment_request.state import RequestStatus
from domain.incident.lifecycle import STEPS as INCIDENT_STEPS
from domain.incident.state import AttributionStatus
from scripts.lifecycle_docs.page import page
from scripts.lifecycle_docs.rows import incident_rows, label, request_rows
from tests.tidy.repository import ROOT


def test_what_is_committed_is_what_the_table_says() -> None:
    assert (ROOT / "docs" / "lifecycle.md").read_text() == page(), "make generate"


def test_every_step_of_both_tables_is_listed() -> None:
    assert [row.action for row in request_rows()] == [step.action for step in STEPS]
    assert [row.action for row in incident_rows()] == [step.action for step in INCIDENT_STEPS]
    for step in (*STEPS, *INCIDENT_STEPS):
        assert f"\n| `{step.action}` |" in page()


@pytest.mark.parametrize(
    ("number", "steps", "statuses", "initial"),
    [(0, STEPS, RequestStatus, "SUBMITTED"), (1, INCIDENT_STEPS, AttributionStatus, "OPEN")],
)
def test_a_diagram_has_every_status_and_every_change_of_status_and_no_other(
    number: int, steps: tuple[Any, ...], statuses: type[StrEnum], initial: str
) -> None:
    drawn = re.findall(r"```mermaid\n(.*?)```", page(), re.DOTALL)[number]
    assert re.findall(r'state "(.*)" as (\w+)', drawn) == [(label(status), status) for status in statuses]
    arrows = re.findall(r"(\S+) --> (\S+?)(?:: (.*))?\n", drawn)
    changes = {
        (start, end, label(step.action))
        for step in steps
        for start in step.states
        for end in step.leads_to
        if start != end
    }
    between = [(start, end, step) for start, end, step in arrows if "[*]" not in (start, end)]
    assert {(start, end, step.removesuffix(" (the register)")) for start, end, step in between} == changes
    assert len(between) == len(changes)
    assert [end for start, end, _ in arrows if start == "[*]"] == [initial]
    assert {start for start, end, _ in arrows if end == "[*]"} == set(statuses) - {start for start, *_ in changes}


def test_a_diagram_names_the_steps_that_only_the_register_takes() -> None:
    assert "APPROVED --> EXPIRED: expire (the register)" in page()
