"""Fields that are attributes of what was found, told without the ceremony of a resolver: most fields are.

The library's executor makes a path, a resolve info and several checks for each field, which cost more than the value.
What is not exactly as expected here goes the library's way, which says what is wrong with it.
"""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any, Final, TypeGuard

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    is_leaf_type,
)
from graphql.execution import Executor
from strawberry.types.field import StrawberryField

from service.graphql.limits import COST
from service.graphql.scalars import written_instant

Writer = Callable[[Any], Any]
"""A value as JSON says it; None where it has to go the library's way."""


class TooMuch(GraphQLError):
    """The answer grew beyond what is accepted: none of it is told."""

    def __init__(self) -> None:
        super().__init__(f"The answer has more than {COST:,} fields: ask for shorter pages or fewer fields.")


class Attribute:
    """The resolver of a field that is an attribute. write: where it is a leaf. optional: whether it may be null."""

    __slots__ = ("name", "optional", "write")

    def __init__(self, name: str, write: Writer | None, *, optional: bool) -> None:
        self.name = name
        self.write = write
        self.optional = optional

    def __call__(self, source: Any, info: Any) -> Any:
        return getattr(source, self.name)


class PlainExecutor(Executor[None]):
    """The library's executor, which answers attributes at once, and no more fields than may be asked for.

    What a document could cost is judged beforehand by how long lists are as a rule: here it is what they are.
    """

    _told = 0

    def execute_field(self, parent_type: Any, source: Any, field_details_list: Any, path: Any, position: Any) -> Any:
        self._told += 1
        if self._told > COST:
            raise TooMuch
        field = parent_type.fields.get(field_details_list[0].node.name.value)
        resolve = field.resolve if field is not None else None
        if type(resolve) is Attribute and (write := resolve.write) is not None:
            value = getattr(source, resolve.name, None)
            if value is None:
                if resolve.optional:
                    return None
            elif (written := write(value)) is not None:
                return written
        return super().execute_field(parent_type, source, field_details_list, path, position)


def plainly(schema: GraphQLSchema) -> GraphQLSchema:
    """The schema, with attributes for resolvers where that is all that they get."""
    for kind in schema.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for field in kind.fields.values():
                definition = field.extensions.get("strawberry-definition")
                if isinstance(definition, StrawberryField) and definition.is_basic_field and not field.args:
                    field.resolve = _attribute(field, definition.python_name)
    return schema


def is_awaitable(value: Any) -> TypeGuard[Awaitable[Any]]:
    """As the library's own, but asked once for each type."""
    kind = type(value)
    known = _AWAITABLE.get(kind)
    if known is None:
        known = _AWAITABLE[kind] = hasattr(kind, "__await__")
    return known


_AWAITABLE: Final[dict[type[Any], bool]] = {}


def _attribute(field: GraphQLField, name: str) -> Attribute:
    optional = not isinstance(field.type, GraphQLNonNull)
    kind = field.type if optional else field.type.of_type  # type: ignore[union-attr]
    return Attribute(name, _writer(kind) if is_leaf_type(kind) else None, optional=optional)


def _writer(kind: Any) -> Writer | None:
    if isinstance(kind, GraphQLEnumType):
        members = kind.extensions["strawberry-definition"].wrapped_cls
        return {member: kind.coerce_output_value(member) for member in members}.get
    return _WRITERS.get(kind.name)


_WRITERS: Final[dict[str, Writer]] = {
    "String": lambda value: value if type(value) is str else None,
    "ID": lambda value: value if type(value) is str else None,
    "Boolean": lambda value: value if type(value) is bool else None,
    "Int": lambda value: value if type(value) is int and -(2**31) <= value < 2**31 else None,
    "DateTime": lambda value: written_instant(value) if type(value) is datetime else None,
    "Position": lambda value: str(value) if type(value) is int else None,
}
