"""The page in a browser: nothing from elsewhere, and examples that work."""

import json
import re
from typing import Any

import pytest
from graphql import parse, validate

from service.graphql.http.graphiql import FOLDER
from service.graphql.root import schema
from tests.service.graphql.api_client import ApiClient
from tests.tidy.repository import ROOT

BROWSER = {"accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
EXAMPLES = json.loads((FOLDER / "examples.js").read_text().partition("window.EXAMPLES = ")[2].rstrip(";\n"))
BLOCKS = re.findall(r"```graphql as (\w+)\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
NAMED = re.compile(r"(query|mutation) (\w+?)\d? ?(?=[({])")


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
    named = re.findall(r'<(?:script|link)[^>]+(?:src|href)="([^"]+)"', page(register).text)
    files = [name for name in named if not name.startswith("data:")]
    assert len(files) == 8
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


def test_the_examples_are_those_of_the_readme_and_a_subscription() -> None:
    """With a name each, which titles its tab, and the person in its first line."""
    *examples, live = EXAMPLES
    assert "subscription EventsRecorded" in live["query"]
    assert len(examples) == len(BLOCKS)
    for example, (who, block) in zip(examples, BLOCKS, strict=True):
        first, _, document = example["query"].partition("\n")
        assert first.endswith(f", as {who}.")
        assert simple(NAMED.sub(r"\1", document)) in (simple(block), f"query{simple(block)}")
        assert json.loads(example.get("variables", "{}")).keys() == set(re.findall(r"\$(\w+):", block))


def test_no_two_tabs_have_one_title() -> None:
    titles = [re.findall(r"^(?:query|mutation|subscription) (\w+)", each["query"], re.MULTILINE) for each in EXAMPLES]
    assert all(len(each) == 1 for each in titles)
    assert len({each[0] for each in titles}) == len(titles)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_valid(example: dict[str, str]) -> None:
    assert validate(schema._schema, parse(example["query"])) == []


def simple(document: str) -> str:
    return "".join(document.split())
