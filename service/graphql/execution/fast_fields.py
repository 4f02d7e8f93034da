"""Fast path for fields that are plain attributes: resolved without per-field overhead. Most fields are.

graphql-core builds a path, a resolve info and several checks for each field, which costs more than the value. Values of
an unexpected type fall back to graphql-core, which reports the error.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeGuard

from graphql import GraphQLEnumType, GraphQLField, GraphQLNonNull, GraphQLObjectType, GraphQLSchema, is_leaf_type
from strawberry.types.field import StrawberryField

from service.graphql.execution.field_charges import READ, charge


def format_instant(value: datetime) -> str:
    """'2024-11-29T18:00:00.000000Z'."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


LeafSerializer = Callable[[Any], Any]
"""Serialises a value for JSON; None: fall back to graphql-core."""


class AttributeResolver:
    """Resolver of an attribute. write: serialiser of a leaf, else None. optional: whether the field is nullable."""

    __slots__ = ("name", "optional", "write")

    def __init__(self, name: str, write: LeafSerializer | None, *, optional: bool) -> None:
        self.name = name
        self.write = write
        self.optional = optional

    def __call__(self, source: Any, info: Any) -> Any:
        return getattr(source, self.name)


def with_fast_fields(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema with attribute resolvers where possible, and with the cost of each field."""
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
    """A resolver that waits for the person's next slice before it starts."""

    async def paced(source: Any, info: Any, **arguments: Any) -> Any:
        await info.context.pace.point(READ)
        return await resolve(source, info, **arguments)

    return paced


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    """As graphql-core's is_awaitable, cached by type."""
    kind = type(value)
    cached = _AWAITABLE.get(kind)
    if cached is None:
        cached = _AWAITABLE[kind] = hasattr(kind, "__await__")
    return cached


_AWAITABLE: Final[dict[type[Any], bool]] = {}


def _attribute(field: GraphQLField, name: str) -> AttributeResolver:
    optional = not isinstance(field.type, GraphQLNonNull)
    kind = field.type if optional else field.type.of_type  # type: ignore[union-attr]
    return AttributeResolver(name, _serializer(kind) if is_leaf_type(kind) else None, optional=optional)


def _serializer(kind: Any) -> LeafSerializer | None:
    if isinstance(kind, GraphQLEnumType):
        members = kind.extensions["strawberry-definition"].wrapped_cls
        return {member: kind.coerce_output_value(member) for member in members}.get
    return _SERIALIZERS.get(kind.name)


_SERIALIZERS: Final[dict[str, LeafSerializer]] = {
    "String": lambda value: value if type(value) is str else None,
    "ID": lambda value: value if type(value) is str else None,
    "Boolean": lambda value: value if type(value) is bool else None,
    "Int": lambda value: value if type(value) is int and -(2**31) <= value < 2**31 else None,
    "DateTime": lambda value: format_instant(value) if type(value) is datetime else None,
    "Position": lambda value: str(value) if type(value) is int else None,
}
