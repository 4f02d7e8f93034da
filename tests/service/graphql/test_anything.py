"""Whatever a client sends, it is never our fault: every field is asked with values of its types, the odd ones first."""

import json
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
)
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import Scenario, scenario

ODD = [
    "",
    " ",
    "\x00",
    "\ud800",
    "a\udfff",
    "é",
    "\U0001f600",
    "%",
    "_",
    "'",
    '"',
    "\\",
    "../..",
    "null",
    "{}",
    "x" * 300,
]
TEXTS = st.sampled_from(ODD) | st.text(max_size=30)
INTEGERS = st.sampled_from([0, 1, -1, 100, 101, 2**31 - 1, -(2**31), 2**31, 2**63, 2**64]) | st.integers(0, 20)
INSTANTS = st.sampled_from(
    ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "2024-02-29T00:00:00+14:00", "2024-02-30T00:00:00Z", ""]
) | st.datetimes().map(lambda at: at.isoformat() + "Z")
FIELDS = [
    (operation, name, field)
    for operation, root in (("query", schema._schema.query_type), ("mutation", schema._schema.mutation_type))
    for name, field in (root.fields.items() if root else ())
]


@pytest.fixture(scope="module")
def here(register: ApiClient) -> Scenario:
    here = scenario(register)
    here.decided(incidents=[here.attributed()["id"]])
    return here


@pytest.mark.parametrize(("operation", "name", "field"), FIELDS, ids=[name for _, name, _ in FIELDS])
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_field_fails_on_any_value(here: Scenario, operation: str, name: str, field: GraphQLField, data: Any) -> None:
    declared = ", ".join(f"${argument}: {each.type}" for argument, each in field.args.items())
    passed = ", ".join(f"{argument}: ${argument}" for argument in field.args)
    call = f"{name}({passed})" if passed else name
    document = f"{operation} Q{f'({declared})' if declared else ''} {{ {call} {{ __typename }} }}"
    who = here.of("decider", "eve")
    variables = {argument: data.draw(values(each.type, here)) for argument, each in field.args.items()}
    variables.pop("atLeast", None)
    response = here.register.post(who, document, variables)
    assert response.status_code < 500, response.text
    answer = response.json()
    codes = [error["extensions"]["code"] for error in answer.get("errors", ())]
    assert set(codes) <= {"BAD_USER_INPUT"}, answer


def values(kind: Any, here: Scenario) -> st.SearchStrategy[Any]:
    if isinstance(kind, GraphQLNonNull):
        return _present(kind.of_type, here)
    return st.none() | _present(kind, here)


def _present(kind: Any, here: Scenario) -> st.SearchStrategy[Any]:
    if isinstance(kind, GraphQLList):
        return st.lists(values(kind.of_type, here), max_size=3)
    if isinstance(kind, GraphQLEnumType):
        return st.sampled_from([*kind.values, "NOTHING"])
    if isinstance(kind, GraphQLInputObjectType):
        needed = {name: values(each.type, here) for name, each in kind.fields.items()}
        required = {name: each for name, each in needed.items() if isinstance(kind.fields[name].type, GraphQLNonNull)}
        optional = {name: each for name, each in needed.items() if name not in required}
        return st.fixed_dictionaries(required, optional=optional)
    known = st.sampled_from([here.region, f"{here.name}-decider", f"{here.name}-asker-2026-0001", here.name])
    return {
        "Int": INTEGERS,
        "Float": st.floats(allow_nan=False, allow_infinity=False),
        "Boolean": st.booleans(),
        "DateTime": INSTANTS,
        "Position": INTEGERS.map(str) | TEXTS,
        "ID": TEXTS | st.uuids().map(str),
    }.get(kind.name, TEXTS | known)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=st.text(max_size=60) | st.sampled_from(["{ viewer { subject } }"]), variables=JSON, operation=JSON)
@example(query="{ viewer { subject } }", variables={"": {"\ud800": []}}, operation="\ud800")
def test_no_body_is_our_fault(register: ApiClient, query: str, variables: Any, operation: Any) -> None:
    body = json.dumps({"query": query, "variables": variables, "operationName": operation}).encode()
    headers = {**register.headers(Person("ana", "somewhere")), "content-type": "application/json"}
    response = register.client.post("/graphql", content=body, headers=headers)
    assert response.status_code in (200, 400)
    assert {error["extensions"]["code"] for error in response.json().get("errors", ())} <= {"BAD_USER_INPUT"}


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.binary(max_size=200))
def test_no_bytes_are_our_fault(register: ApiClient, body: bytes) -> None:
    headers = {**register.headers(Person("ana", "somewhere")), "content-type": "application/json"}
    assert register.client.post("/graphql", content=body, headers=headers).status_code in (200, 400)
