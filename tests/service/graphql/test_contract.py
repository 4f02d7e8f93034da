"""The served schema holds the contract, name for name, type for type, default for default."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_schema,
    extend_schema,
    get_named_type,
    is_required_argument,
    is_required_input_field,
    parse,
)
from graphql.utilities.print_schema import print_input_value

from domain.deployment_request.lifecycle import STEPS
from service.graphql.root import schema
from service.graphql.schema.requests.actions import RequestAction
from tests.tidy.repository import ROOT

CONTRACT = ROOT.parent / "shared" / "contract.graphql"
ADDITIONS = ROOT.parent / "shared" / "contract-next.graphql"
SECTIONS = ("access", "surface", "work")
"""Those of the additions that are served as a whole."""

OF_EVERY_INPUT = '"Every input of a command gains onBehalfOf: the subject of the principal for whom a deputy acts."'

MISSING = {"Query.node(atLeast)"}
"""What the contract promises and is not served. Relay's compiler accepts a `node` with an id alone, and no other."""


def test_the_served_schema_holds_the_contract() -> None:
    if not CONTRACT.exists():
        pytest.skip("the contract lies beside the repository")
    lacking = set(_lacking(build_schema(CONTRACT.read_text()), schema._schema))
    assert lacking == MISSING


@pytest.mark.parametrize("section", SECTIONS)
def test_the_served_schema_holds_the_additions(section: str) -> None:
    if not ADDITIONS.exists():
        pytest.skip("the contract lies beside the repository")
    text = ADDITIONS.read_text().replace(f"{OF_EVERY_INPUT}\n", "")  # a description of nothing
    parts = re.split(r"^# -+ (\w+)$", text, flags=re.MULTILINE)
    added = dict(zip(parts[1::2], parts[2::2], strict=True))[section]
    wanted = extend_schema(build_schema(CONTRACT.read_text()), parse(added))
    assert set(_lacking(wanted, schema._schema)) == MISSING


def test_nothing_that_is_served_asks_for_more_than_the_contract() -> None:
    if not CONTRACT.exists():
        pytest.skip("the contract lies beside the repository")
    assert set(_tightened(build_schema(CONTRACT.read_text()), schema._schema)) == set()


def test_the_committed_schema_is_the_served_one() -> None:
    assert (ROOT / "schema.graphql").read_text().rstrip() == schema.as_str().rstrip(), "run make generate"


def test_every_action_of_the_lifecycle_is_one_of_the_api() -> None:
    assert [action.value for action in RequestAction] == [step.action for step in STEPS if step.offered]


def test_every_field_that_is_not_plain_by_its_name_is_described() -> None:
    fields = schema._schema.query_type.fields if schema._schema.query_type else {}
    commands = schema._schema.mutation_type.fields if schema._schema.mutation_type else {}
    assert [name for name, field in {**fields, **commands}.items() if not field.description] == []


def _lacking(contract: GraphQLSchema, served: GraphQLSchema) -> Iterator[str]:
    """What the contract has and the served schema has not, or has otherwise."""
    for name, wanted in contract.type_map.items():
        if name.startswith("__"):
            continue
        found = served.type_map.get(name)
        if not isinstance(found, type(wanted)):
            yield name
        else:
            yield from _lacking_in(name, wanted, found)


def _lacking_in(name: str, wanted: Any, found: Any) -> Iterator[str]:
    if isinstance(wanted, GraphQLEnumType):
        yield from (f"{name}.{value}" for value in wanted.values if value not in found.values)
    elif isinstance(wanted, GraphQLUnionType):
        members = {member.name for member in found.types}
        yield from (f"{name} = {member.name}" for member in wanted.types if member.name not in members)
    elif isinstance(wanted, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
        interfaces = {each.name for each in getattr(found, "interfaces", ())}
        for each in getattr(wanted, "interfaces", ()):
            if each.name not in interfaces:
                yield f"{name} implements {each.name}"
        for field_name, field in wanted.fields.items():
            yield from _lacking_field(f"{name}.{field_name}", field, found.fields.get(field_name))


def _lacking_field(name: str, wanted: Any, found: Any) -> Iterator[str]:
    if found is None:
        yield name
        return
    if _signature(wanted) != _signature(found):
        yield f"{name}: {_signature(found)} is not {_signature(wanted)}"
    for argument, each in getattr(wanted, "args", {}).items():
        served = found.args.get(argument)
        if served is None:
            yield f"{name}({argument})"
        elif _signature(each) != _signature(served):
            yield f"{name}({argument}: {_signature(served)} is not {_signature(each)})"


def _signature(field: Any) -> str:
    """The type, and the default as the schema prints it."""
    if isinstance(field, GraphQLField):
        return str(field.type)
    return print_input_value("", field)


def _tightened(contract: GraphQLSchema, served: GraphQLSchema) -> Iterator[str]:
    """What the served schema requires of a client that knows the contract alone."""
    for name, wanted in contract.type_map.items():
        found = served.type_map.get(name)
        if name.startswith("__") or found is None:
            continue
        if isinstance(wanted, GraphQLInputObjectType) and isinstance(found, GraphQLInputObjectType):
            for field, each in found.fields.items():
                if field not in wanted.fields and is_required_input_field(each):
                    yield f"{name}.{field}"
        if isinstance(wanted, GraphQLObjectType) and isinstance(found, GraphQLObjectType):
            for field_name, output in found.fields.items():
                known = wanted.fields[field_name].args if field_name in wanted.fields else output.args
                for argument, given in output.args.items():
                    if argument not in known and is_required_argument(given):
                        yield f"{name}.{field_name}({argument})"


def test_every_command_can_be_given_on_behalf_of_a_principal() -> None:
    mutation = schema._schema.mutation_type
    assert mutation is not None
    inputs = [get_named_type(field.args["input"].type) for field in mutation.fields.values() if "input" in field.args]
    assert len(inputs) == len(mutation.fields) - 1, "all but rebuildProjection, which records no event"
    assert [each.name for each in inputs if "onBehalfOf" not in each.fields] == []
