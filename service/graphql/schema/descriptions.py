"""Describes what the classes of the schema leave undescribed: what a name means is said once, for all its places."""

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema

from service.graphql.schema.field_descriptions import ARGUMENTS, FIELDS
from service.graphql.schema.type_descriptions import EDGE, INPUT, TYPES
from service.graphql.schema.value_descriptions import VALUES


def describe(schema: GraphQLSchema) -> None:
    """Sets missing descriptions."""
    assert schema.mutation_type is not None
    inputs = ((name, field.args.get("input")) for name, field in schema.mutation_type.fields.items())
    mutations = {str(input_.type).rstrip("!"): name for name, input_ in inputs if input_ is not None}
    for name, type_ in schema.type_map.items():
        type_.description = type_.description or TYPES.get(name) or _by_kind(name, mutations)
        if isinstance(type_, GraphQLEnumType):
            for value, member in type_.values.items():
                member.description = member.description or VALUES.get(name, {}).get(value)
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            for field_name, field in type_.fields.items():
                field.description = field.description or _field(name, field_name)
                for argument_name, argument in field.args.items():
                    special = ARGUMENTS.get(f"{name}.{field_name}({argument_name})")
                    argument.description = argument.description or special or ARGUMENTS.get(argument_name)
        if isinstance(type_, GraphQLInputObjectType):
            for field_name, input_field in type_.fields.items():
                input_field.description = input_field.description or _field(name, field_name)


def _field(type_name: str, name: str) -> str | None:
    return FIELDS.get(f"{type_name}.{name}") or FIELDS.get(name)


def _by_kind(name: str, mutations: dict[str, str]) -> str | None:
    if name.endswith("Edge"):
        return EDGE
    return INPUT.format(mutation=mutations[name]) if name in mutations else None
