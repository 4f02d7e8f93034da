"""The response to several commands says which of them were recorded, and which were not executed."""

from typing import Any

import pytest

from tests.service.graphql.api_client import ApiClient
from tests.service.graphql.scenario import Scenario, scenario

REMARK = 'remarkOnDeploymentRequest(input: {id: $id, reason: "r"})'


@pytest.fixture
def here(register: ApiClient) -> Scenario:
    return scenario(register)


def answer(here: Scenario, selection: str, request: str, fragment: str = "") -> Any:
    document = f"mutation ($id: ID!) {{ {selection} }} {fragment}"
    response = here.register.post(here.requester, document, {"id": request})
    assert response.status_code == 200
    return response.json()


def positions(found: Any) -> dict[str, int]:
    return {each["path"][0]: int(each["position"]) for each in found["extensions"]["recorded"]}


def test_all_that_were_recorded_are_named(here: Scenario) -> None:
    found = answer(here, f"a: {REMARK} {{ __typename }} b: {REMARK} {{ __typename }}", here.request()["id"])
    assert "errors" not in found
    assert [*positions(found)] == ["a", "b"]
    assert "notExecuted" not in found["extensions"]


def test_a_refused_command_is_not_among_them(here: Scenario) -> None:
    refused = 'c: remarkOnDeploymentRequest(input: {id: $id, reason: ""}) { __typename }'
    found = answer(here, f"{refused} b: {REMARK} {{ __typename }}", here.request()["id"])
    assert found["data"]["c"]["__typename"] == "InvalidInput"
    assert [*positions(found)] == ["b"]


def test_a_part_that_fails_loses_the_response_but_not_which_were_recorded(here: Scenario) -> None:
    part = "{ ... on DeploymentRequestRecorded { deploymentRequest { changes(fromVersion: 99) { path } } } }"
    selection = f"b: {REMARK} {{ __typename }} a: {REMARK} {part} c: {REMARK} {{ __typename }}"
    found = answer(here, selection, here.request()["id"])
    assert found["data"] is None
    [error] = found["errors"]
    assert [*positions(found)] == ["b", "a"]
    assert error["extensions"]["position"] == str(positions(found)["a"])
    assert found["extensions"]["notExecuted"] == [{"path": ["c"]}]


def test_a_response_that_is_too_long_says_which_were_recorded(here: Scenario) -> None:
    texts = " ".join(f"t{number}: purpose" for number in range(90))
    fragment = f"fragment F on DeploymentRequestRecorded {{ deploymentRequest {{ {texts} }} }}"
    commands = " ".join(f"a{number}: {REMARK} {{ ...F }}" for number in range(4))
    found = answer(here, commands, here.request(purpose="x" * 20_000)["id"], fragment)
    assert found["data"] is None
    assert "more than 4,194,304 bytes" in found["errors"][0]["message"]
    assert [*positions(found)] == ["a0", "a1", "a2"]
    assert found["extensions"]["notExecuted"] == [{"path": ["a3"]}]
