"""Publishes the cost of fields in the schema, by the directives of IBM's GraphQL cost specification (draft of 2021).

A field without `@cost` costs 1, also if it is a scalar; an object of a list costs 1 more if its type has no `@cost`.
"""

import strawberry
from graphql import GraphQLField, GraphQLObjectType, get_named_type, get_nullable_type, is_list_type
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from service.graphql.execution.field_charges import charge_of_field, charge_of_item
from service.graphql.execution.query_cost import slicing_arguments, usual_size

DEFINITION = "strawberry-definition"


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION, Location.OBJECT],
    description="The cost of a field; of a type, that of each of its objects in a list, besides its fields.",
)
class Cost:
    weight: str


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="How many items count: assumedSize if no argument says it."
)
class ListSize:
    assumed_size: int
    slicing_arguments: list[str] | None = strawberry.UNSET
    sized_fields: list[str] | None = strawberry.UNSET
    require_one_slicing_argument: bool | None = strawberry.UNSET


def publish_costs(schema: strawberry.Schema) -> None:
    """Adds the directives to the printed schema. The costs of its fields are set already."""
    kinds = [
        each
        for each in schema._schema.type_map.values()
        if isinstance(each, GraphQLObjectType) and not each.name.startswith("__")
    ]
    for kind in kinds:
        for name, field in kind.fields.items():
            definition = field.extensions.get(DEFINITION)
            if isinstance(definition, StrawberryField):
                definition.directives = [*_cost(charge_of_field(field)), *_list_size(name, field)]
    pages = {get_named_type(kind.fields["edges"].type): kind for kind in kinds if "edges" in kind.fields}
    for kind in kinds:
        if kind not in pages.values():
            kind.extensions[DEFINITION].directives = _cost(charge_of_item(kind) + _of_page(pages.get(kind)))


def _of_page(connection: GraphQLObjectType | None) -> int:
    """What each item of a page costs besides its own type: the schema has no directive for it but that of the edge."""
    return charge_of_item(connection) if connection is not None else 0


def _cost(units: int) -> list[object]:
    return [Cost(weight=str(units))] if units != 1 else []


def _list_size(name: str, field: GraphQLField) -> list[object]:
    size = usual_size(name, field)
    if not (slicing := slicing_arguments(field)):
        return [ListSize(assumed_size=size)] if size > 1 else []
    is_list = is_list_type(get_nullable_type(field.type))
    sized = strawberry.UNSET if is_list else ["edges"]
    return [
        ListSize(assumed_size=size, slicing_arguments=slicing, sized_fields=sized, require_one_slicing_argument=False)
    ]
