"""The page in a browser: nothing from elsewhere, and examples that work."""

import re
from typing import Any

import pytest

from service.graphql.http.graphiql import FOLDER
from tests.service.graphql.api_client import ApiClient, Person

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
EXAMPLES = re.findall(r"`([^`]+)`", (FOLDER / "examples.js").read_text())


def page(register: ApiClient) -> Any:
    return register.client.get("/graphql", headers=BROWSER)


def test_a_browser_gets_the_page_without_a_token(register: ApiClient) -> None:
    response = page(register)
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert 'id="token"' in response.text
    assert (response.headers["cache-control"], response.headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_its_policy_lets_nothing_in_from_elsewhere(register: ApiClient) -> None:
    policy = dict(part.split(" ", 1) for part in page(register).headers["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not any(word in source for source in policy.values() for word in ("http", "*", "unsafe"))


def test_every_asset_that_it_names_is_served_by_us(register: ApiClient) -> None:
    named = re.findall(r'(?:src|href)="([^"]+)"', page(register).text)
    files = [name for name in named if not name.startswith("data:")]
    assert len(files) == 7
    for name in files:
        assert name.startswith("/graphiql/")
        response = register.client.get(name)
        assert response.status_code == 200
        assert len(response.content) > 100
        assert (response.headers["cache-control"], response.headers["x-content-type-options"]) == (
            "no-cache",
            "nosniff",
        )
    assert "<script>" not in page(register).text


@pytest.mark.parametrize("path", ["/graphiql/nothing.js", "/graphiql/library/../page.py", "/graphiql/"])
def test_nothing_else_is_served_beside_it(register: ApiClient, path: str) -> None:
    assert register.client.get(path).status_code == 404


def test_there_are_examples_of_reading_and_of_writing() -> None:
    assert [re.findall(r"^(query|mutation) (\w+)", example, re.MULTILINE) for example in EXAMPLES] == [
        [("query", "Overview")],
        [("query", "Withheld")],
        [("query", "Trail")],
        [("mutation", "Register")],
        [("mutation", "Submit")],
    ]


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_answered(register: ApiClient, example: str) -> None:
    assert register.ask(Person("adm", "hq"), example)
