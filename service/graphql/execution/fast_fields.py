"""Fields that are attributes of what was found, told without the ceremony of a resolver: most fields are.

The library's executor makes a path, a resolve info and several checks for each field, which cost more than the value.
What is not exactly as expected here goes the library's way, which says what is wrong with it.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

from graphql import GraphQLEnumType, GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, is_leaf_type
from strawberry.types.field import StrawberryField

from service.graphql.execution.field_charges import READ, charge


def written_instant(value: datetime) -> str:
    """'2024-11-29T18:00:00.000000Z'."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


LeafSerializer = Callable[[Any], Any]
"""A value as JSON says it; None where it has to go the library's way."""


class AttributeResolver:
    """The resolver of a field that is an attribute. write: where it is a leaf. optional: whether it may be null."""

    __slots__ = ("name", "optional", "write")

    def __init__(self, name: str, write: LeafSerializer | None, *, optional: bool) -> None:
        self.name = name
        self.write = write
        self.optional = optional

    def __call__(self, source: Any, info: Any) -> Any:
        return getattr(source, self.name)


def with_fast_fields(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema, with attributes for resolvers where that is all that they get, and what each field costs."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, field in kind.fields.items():
                definition = field.extensions.get("strawberry-definition")
                is_attribute = isinstance(definition, StrawberryField) and definition.is_basic_field and not field.args
                charge(kind.name, name, field, is_attribute=is_attribute)
                if is_attribute:
                    field.resolve = _attribute(field, definition.python_name)
                elif isinstance(definition, StrawberryField) and definition.is_async and field.resolve:
                    field.resolve = _paced(field.resolve)
    return schema


def _paced(resolve: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    """A resolver that begins when its turn has come. What it computes beside, it spends itself."""

    async def paced(source: Any, info: Any, **arguments: Any) -> Any:
        await info.context.pace.point(READ)
        return await resolve(source, info, **arguments)

    return paced


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    """As the library's own, but asked once for each type."""
    kind = type(value)
    known = _AWAITABLE.get(kind)
    if known is None:
        known = _AWAITABLE[kind] = hasattr(kind, "__await__")
    return known


_AWAITABLE: Final[dict[type[Any], bool]] = {}


def _attribute(field: GraphQLField, name: str) -> AttributeResolver:
    optional = not isinstance(field.type, GraphQLNonNull)
    kind = field.type if optional else field.type.of_type  # type: ignore[union-attr]
    return AttributeResolver(name, _writer(kind) if is_leaf_type(kind) else None, optional=optional)


def _writer(kind: Any) -> LeafSerializer | None:
    if isinstance(kind, GraphQLEnumType):
        members = kind.extensions["strawberry-definition"].wrapped_cls
        return {member: kind.coerce_output_value(member) for member in members}.get
    return _WRITERS.get(kind.name)


_WRITERS: Final[dict[str, LeafSerializer]] = {
    "String": lambda value: value if type(value) is str else None,
    "ID": lambda value: value if type(value) is str else None,
    "Boolean": lambda value: value if type(value) is bool else None,
    "Int": lambda value: value if type(value) is int and -(2**31) <= value < 2**31 else None,
    "DateTime": lambda value: written_instant(value) if type(value) is datetime else None,
    "Position": lambda value: str(value) if type(value) is int else None,
}
