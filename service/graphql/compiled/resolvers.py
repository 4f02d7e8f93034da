"""Fields with a resolver: their arguments, and how their value is obtained."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, cast

import strawberry
from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLScalarType, get_nullable_type
from graphql.execution import Executor, get_argument_values
from graphql.language import Visitor, visit
from graphql.pyutils import Path
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from service.graphql.compiled.collect import NotCompilable
from service.graphql.compiled.leaves import DEFINITION

PATH: Final = "path"
"""Metadata of a field that is an attribute of an attribute: the path from the object."""
READ: Final = "read"
"""Attribute of a resolver: the function of the object that it calls."""
READS: Final = "reads"
"""Metadata of a field: the names that it reads of the state behind an object, by type; None stands for its own type.
Without it, a field may read anything of its own type."""
ANYTHING: Final = "*"
"""In place of names."""


def is_read_at_once(definition: StrawberryField) -> bool:
    """Whether the value of a field depends on its object alone, and is not awaited."""
    base = definition.base_resolver
    if base is None:
        return definition.is_basic_field
    is_alone = not (definition.is_async or definition.arguments or base.info_parameter or base.parent_parameter)
    return is_alone and bool(base.self_parameter or base.root_parameter)


def definition_of(field: GraphQLField) -> StrawberryField:
    """Raises NotCompilable."""
    found = field.extensions.get(DEFINITION)
    if not isinstance(found, StrawberryField) or found.extensions:
        raise NotCompilable("a field that Strawberry does not resolve alone")
    return found


class Resolver:
    """The resolver of one selected field.

    complete: writes its value into the response; set when the source is compiled. is_async: whether the call returns
    an awaitable.
    """

    complete: Callable[[Any, Any], Any]

    def __init__(
        self,
        schema: strawberry.Schema,
        parent: GraphQLObjectType,
        key: str,
        field: GraphQLField,
        nodes: Sequence[FieldNode],
    ) -> None:
        """Raises NotCompilable."""
        definition = definition_of(field)
        base = definition.base_resolver
        if base is None or base.root_parameter or base.parent_parameter:
            raise NotCompilable("a resolver with a parameter that is not supported")
        self.key = key
        self.is_async = definition.is_async
        self._schema, self._definition, self._parent = schema, definition, parent
        self._field, self._nodes = field, list(nodes)
        self._function = cast("Callable[..., Any]", base.wrapped_func)
        self._takes_source = base.self_parameter is not None
        self._info_name = base.info_parameter.name if base.info_parameter else None
        if self._info_name and parent not in _roots(schema):
            raise NotCompilable("a resolver that reads its path")
        self._scalars = _scalar_arguments(schema, field, definition)
        self._constant = None if _uses_variables(nodes[0]) else self._coerce(None)

    def arguments(self, executor: Executor[Any]) -> Mapping[str, Any]:
        """Raises GraphQLError."""
        found = self._coerce(executor) if self._constant is None else self._constant
        return {**found, self._info_name: self._info(executor)} if self._info_name else found

    def call(self, source: object, arguments: Mapping[str, Any]) -> Any | Awaitable[Any]:
        return self._function(source, **arguments) if self._takes_source else self._function(**arguments)

    def _coerce(self, executor: Executor[Any] | None) -> dict[str, Any]:
        if not self._field.args:
            return {}
        values = get_argument_values(self._field, self._nodes[0], executor.variable_values if executor else None)
        if values.keys() <= self._scalars.keys():
            return {self._scalars[name]: value for name, value in values.items()}
        registry, config = self._schema.schema_converter.scalar_registry, self._schema.config
        return convert_arguments(values, self._definition.arguments, registry, config)

    def _info(self, executor: Executor[Any]) -> strawberry.Info[Any, Any]:
        path = Path(None, self.key, self._parent.name)
        raw = executor.build_resolve_info(self._field, self._nodes, self._parent, path)
        return self._schema.config.info_class(_raw_info=raw, _field=self._definition)


def _scalar_arguments(schema: strawberry.Schema, field: GraphQLField, definition: StrawberryField) -> Mapping[str, str]:
    """The arguments whose values Strawberry passes on as they are: by name, their names in Python."""
    names = {schema.config.name_converter.get_graphql_name(each): each for each in definition.arguments}
    return {
        name: names[name].python_name
        for name, argument in field.args.items()
        if isinstance(get_nullable_type(argument.type), GraphQLScalarType) and not names[name].is_maybe
    }


class _Variables(Visitor):
    found = False

    def enter_variable(self, *_: Any) -> None:
        self.found = True


def _uses_variables(node: FieldNode) -> bool:
    visitor = _Variables()
    for argument in node.arguments or ():
        visit(argument, visitor)
    return visitor.found


def _roots(schema: strawberry.Schema) -> tuple[Any, ...]:
    core = schema._schema
    return core.query_type, core.mutation_type, core.subscription_type
