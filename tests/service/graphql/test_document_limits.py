"""What is too long, too wide or too many is refused before it is parsed; what is said of it is short."""

import json

import pytest
from graphql import Lexer, Source, TokenKind

from service.graphql.execution.graphql_errors import ERRORS
from service.graphql.execution.query_cost import LENGTH, TOKENS
from tests.service.graphql.api_client import ApiClient, Person
from tests.service.graphql.scenario import scenario

ANA = Person("ana", "somewhere")


def refused(register: ApiClient, document: str) -> str:
    [error] = register.errors(ANA, document)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    return str(error["message"])


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ("{ viewer { subject } } #" + "x" * 100_000, "at most 100,000 characters"),
        ("{ no document" + " " * 100_000, "at most 100,000 characters"),
        ("{ viewer { subject } }" + "\n" * 5_001, "at most 5,000 lines"),
        ("{ no document" + "\n" * 5_001, "at most 5,000 lines"),
        (f"query {'n' * 201} {{ viewer {{ subject }} }}", "at most 200 characters"),
        (f"{{ {'n' * 201}: viewer {{ subject }} }}", "at most 200 characters"),
        (f'{{ node(id: "{"n" * 201}") {{ ... on {"N" * 201} {{ id }} }} }}', "at most 200 characters"),
        ("{ viewer { " + "subject " * 150 + "} }", "with one name"),
        (
            "{ viewer { " + " ".join(f"...F{n}" for n in range(120)) + " } } "
            + " ".join(f"fragment F{n} on Actor {{ subject authority }}" for n in range(120)),
            "with one name",
        ),
    ],
)  # fmt: skip
def test_a_document_is_refused_before_it_is_parsed(register: ApiClient, document: str, message: str) -> None:
    assert message in refused(register, document)


def test_a_long_text_in_a_document_is_no_long_name(register: ApiClient) -> None:
    assert register.ask(ANA, f'{{ node(id: "{"n" * 5_000}") {{ id }} }}') == {"node": None}


def test_so_many_errors_are_reported_and_no_more(register: ApiClient) -> None:
    errors = register.errors(ANA, "{ " + " ".join(f"nothing{n}" for n in range(99)) + " }")
    assert len(errors) == ERRORS
    here = scenario(register)
    request = here.request()["id"]
    fields = " ".join(f"a{n}: changes(fromVersion: 77) {{ path }}" for n in range(90))
    document = f"query ($id: ID!, $at: Position) {{ deploymentRequest(id: $id, atLeast: $at) {{ {fields} }} }}"
    assert len(register.errors(here.requester, document, id=request, at=register.position)) <= ERRORS + 1


def test_a_message_that_quotes_what_was_sent_is_short(register: ApiClient) -> None:
    values = [{"a" * 200: "b" * 100_000}] * 100
    document = "query ($f: DeploymentRequestFilter) { deploymentRequests(filter: $f) { totalCount } }"
    response = register.post(ANA, document, {"f": {"status": values, **{"n" * 190 + str(n): n for n in range(500)}}})
    assert len(response.content) < 100_000


@pytest.mark.parametrize(
    "field",
    ["availableActions", "explanation { status }", "changes(fromVersion: 1) { path }", "history { edges { cursor } }"],
)
def test_what_is_computed_is_charged_what_it_costs(register: ApiClient, field: str) -> None:
    fields = " ".join(f"a{n}: {field}" for n in range(10))
    document = f"{{ deploymentRequests(first: 100) {{ edges {{ node {{ {fields} }} }} }} }}"
    assert "The answer could cost" in refused(register, document)


def test_a_page_of_a_hundred_with_what_one_may_do_is_answered(register: ApiClient) -> None:
    document = "{ deploymentRequests(first: 100) { totalCount edges { node { id reference availableActions } } } }"
    assert register.ask(ANA, document)["deploymentRequests"]


@pytest.mark.parametrize("body", [b"{" * 5_000_000, b"\xff" * 5_000_000])
def test_a_body_that_is_too_long_is_refused_in_json_before_it_is_parsed(register: ApiClient, body: bytes) -> None:
    headers = {**register.headers(ANA), "content-type": "application/json"}
    for content in (body, iter([body])):
        response = register.client.post("/graphql", content=content, headers=headers)
        assert response.status_code == 413
        [error] = json.loads(response.text)["errors"]
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        assert error["message"] == "A request has at most 4,194,304 bytes."


def test_two_thousand_tokens_in_almost_as_many_characters_as_may_be_are_answered(register: ApiClient) -> None:
    lists = 16
    regions = " ".join(f'"{"r" * 40}{n}"' for n in range(100))
    fields = " ".join(
        f"a{n}: deploymentRequests(filter: {{ region: [{regions}] }}) {{ totalCount }}" for n in range(lists)
    )
    document = f"{{ {fields} viewer {{ subject }}"
    padding = " roles" * (TOKENS - tokens_of(document) - 1)
    document = document.replace("subject", "subject" + padding) + " }"
    document += " " * (LENGTH - len(document))
    assert (tokens_of(document), len(document)) == (2_000, 100_000)
    answer = register.ask(ANA, document)
    assert answer["viewer"]["subject"] == "ana"
    assert len(answer) == lists + 1
    assert "2000 tokens" in refused(register, document.replace("subject ", "subject subject ", 1)[:LENGTH])


def tokens_of(document: str) -> int:
    """As the lexer counts them, without the end."""
    lexer, number = Lexer(Source(document)), 0
    while lexer.advance().kind is not TokenKind.EOF:
        number += 1
    return number
