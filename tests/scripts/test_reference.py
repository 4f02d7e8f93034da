"""The reference pages leave nothing out."""

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType

from domain.catalogue import EVENTS
from scripts.reference.__main__ import PAGES
from scripts.reference.errors_page import MEANINGS
from service.cli import COMMANDS
from service.graphql.root import schema
from service.rest.problems import STATUSES

TYPES = schema._schema.type_map


def test_every_command_is_described_with_its_options() -> None:
    page = PAGES["commands.md"]()
    for name in (name for commands in COMMANDS.values() for name in commands):
        assert f"### `mandate {name}`" in page
    assert "### `mandate parked retry`" in page
    assert "| `--as-of` |" in page
    assert "--while-parent-lives" not in page


def test_every_event_is_described_with_its_fields() -> None:
    page = PAGES["events.md"]()
    for name in EVENTS:
        assert f"### `{name}`" in page
    assert "| `alternatives.responsibleParty` | text, optional |" in page
    assert "| `period.start` | instant |" in page


def test_every_type_of_the_schema_is_described() -> None:
    page = PAGES["schema.md"]()
    for name, kind in TYPES.items():
        if not name.startswith("__"):
            assert f"\n### {name}\n" in page
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            assert name.startswith("__") or all(f"\n| `{field}`" in page for field in kind.fields)
        elif isinstance(kind, GraphQLEnumType) and not name.startswith("__"):
            assert all(f"| `{value}` |" in page for value in kind.values)


def test_every_code_and_every_refusal_has_a_meaning() -> None:
    assert MEANINGS.keys() == STATUSES.keys()
    page = PAGES["errors.md"]()
    refusals = [each for each in TYPES.values() if isinstance(each, GraphQLObjectType) and each.interfaces]
    for kind in (each for each in refusals if each.interfaces[0].name == "Refusal"):
        assert f"| `{kind.name}` |" in page
