"""`changed` is `dataclasses.replace`, but for its speed."""

from dataclasses import dataclass, field, fields, replace

import pytest

from domain.deployment_request.decision import Condition, Decision
from domain.deployment_request.state import DeploymentRequest
from domain.fast_replace import fast_replace
from domain.incident.state import Incident


@dataclass(frozen=True, kw_only=True)
class State:
    version: int
    status: str = "OPEN"
    parts: tuple[int, ...] = field(default_factory=tuple)


def test_it_answers_what_replace_does() -> None:
    state = State(version=1, parts=(1, 2))
    assert fast_replace(state, version=2, status="CLOSED") == replace(state, version=2, status="CLOSED")
    assert fast_replace(state) == state
    assert state == State(version=1, parts=(1, 2)), "what it began with stays as it was"


@pytest.mark.parametrize("cls", [DeploymentRequest, Decision, Condition, Incident])
def test_it_is_used_where_nothing_is_computed_when_a_state_is_made(cls: type) -> None:
    assert not hasattr(cls, "__post_init__")
    assert not hasattr(cls, "__slots__")
    assert all(each.init for each in fields(cls))
