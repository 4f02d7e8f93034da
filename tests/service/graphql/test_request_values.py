"""The JSON values of a request are bounded, and parsed at the expense of the person who sends them."""

import json

import pytest
from graphql import get_introspection_query

from service.graphql.execution.pace import Pace
from tests.service.graphql.api_client import ApiClient, Person

ANA = Person("ana", "somewhere")


def test_introspection_is_refused_by_the_types_that_it_would_list(register: ApiClient) -> None:
    fields = "types { name fields { name args { name } type { name ofType { name } } } }"
    document = "{ " + " ".join(f"a{number}: __schema {{ {fields} }}" for number in range(20)) + " }"
    [error] = register.errors(ANA, document)
    assert "could cost" in error["message"], "before it is executed"
    assert register.ask(ANA, f"{{ __schema {{ {fields} }} }}")
    assert register.ask(ANA, get_introspection_query())


def test_values_are_counted_before_they_are_read(register: ApiClient) -> None:
    body = f'{{"query": "{{ viewer {{ subject }} }}", "variables": {{"a": [{"[]," * 60_000}1]}}}}'
    headers = {**register.headers(ANA), "content-type": "application/json"}
    response = register.client.post("/graphql", content=body, headers=headers)
    assert response.status_code == 400
    assert "more than 10,000 values" in response.text


@pytest.mark.parametrize("key", ["variables", "x"])
def test_values_that_nothing_declares_are_counted_too(register: ApiClient, key: str) -> None:
    body = {"query": "{ viewer { subject } }", key: {f"k{n}": {"a": [1, 2, 3]} for n in range(16_000)}}
    response = register.client.post("/graphql", json=body, headers=register.headers(ANA))
    assert "more than 10,000 values" in response.text


def test_commas_in_texts_are_no_values(register: ApiClient) -> None:
    text = 'first, second, [third], \\ "fourth", ' * 400
    body = {"query": "{ viewer { subject } }", "extensions": {"texts": [text] * 100}}
    assert register.client.post("/graphql", json=body, headers=register.headers(ANA)).json()["data"]


def test_only_declared_variables_are_checked(register: ApiClient) -> None:
    document = "query ($at: Position) { deploymentRequests(atLeast: $at) { totalCount } }"
    [error] = register.errors(ANA, document, at=[0] * 1_001)
    assert error["message"] == "at: At most 1,000 items are accepted in a list."
    assert register.ask(ANA, document, other=[0] * 1_001)


@pytest.mark.parametrize("sent", ["body", "query"])
def test_parsing_is_charged_to_the_person(register: ApiClient, sent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    charged: list[int] = []
    point = Pace.point

    async def counted(pace: Pace, units: int = 0) -> None:
        charged.append(units)
        await point(pace, units)

    monkeypatch.setattr(Pace, "point", counted)
    variables = json.dumps({"a": [0] * 5_000})
    if sent == "body":
        register.post(ANA, "{ viewer { subject } }", json.loads(variables))
    else:
        params = {"query": "{ viewer { subject } }", "variables": variables}
        register.client.get("/graphql", params=params, headers=register.headers(ANA))
    assert max(charged) >= len(variables) // 10
