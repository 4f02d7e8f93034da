"""The schema explains itself: whatever it has is described, and no description is left over."""

from collections.abc import Iterator

from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLScalarType, build_schema, graphql_sync

from service.graphql.root import schema
from service.graphql.schema.field_descriptions import ARGUMENTS, FIELDS
from service.graphql.schema.type_descriptions import TYPES
from service.graphql.schema.value_descriptions import VALUES

BUILT_IN = {"String", "Int", "Float", "Boolean", "ID"}
PRINTED = build_schema(schema.as_str())


def described() -> Iterator[tuple[str, str | None]]:
    """Everything that a client can ask about, and its description."""
    for name, type_ in PRINTED.type_map.items():
        if name.startswith("__") or name in BUILT_IN:
            continue
        yield name, type_.description
        if isinstance(type_, GraphQLScalarType):
            yield f"{name}, specified by", type_.specified_by_url
        if isinstance(type_, GraphQLEnumType):
            yield from ((f"{name}.{value}", each.description) for value, each in type_.values.items())
            continue
        for field_name, field in getattr(type_, "fields", {}).items():
            yield f"{name}.{field_name}", field.description
            for argument, each in getattr(field, "args", {}).items():
                yield f"{name}.{field_name}({argument})", each.description


def test_whatever_the_schema_has_is_described() -> None:
    assert [name for name, description in described() if not description] == []


def test_no_description_is_left_over() -> None:
    used = {description for _, description in described()}
    said = {
        **FIELDS,
        **ARGUMENTS,
        **TYPES,
        **{f"{enum}.{name}": said for enum in VALUES for name, said in VALUES[enum].items()},
    }
    assert [name for name, description in said.items() if description not in used] == []


def test_clients_read_what_is_printed() -> None:
    asked = '{ __type(name: "DeploymentRequest") { fields { name description } } }'
    answer = graphql_sync(schema._schema, asked).data
    assert answer is not None
    read = {each["name"]: each["description"] for each in answer["__type"]["fields"]}
    printed = PRINTED.get_type("DeploymentRequest")
    assert isinstance(printed, GraphQLObjectType)
    assert read == {name: field.description for name, field in printed.fields.items()}
