"""JSON Schemas of what the API takes and answers: leaf types by name, objects as a document selects them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
    get_nullable_type,
    is_abstract_type,
    is_enum_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from service.graphql.compiled.collect import fragments_of

Schema = dict[str, Any]
REFERENCE: Final = "#/components/schemas/{}"
SCALARS: Final[Mapping[str, Schema]] = {
    "ID": {"type": "string"},
    "String": {"type": "string"},
    "Int": {"type": "integer", "format": "int32"},
    "Float": {"type": "number", "format": "double"},
    "Boolean": {"type": "boolean"},
    "DateTime": {"type": "string", "format": "date-time"},
    "Position": {"type": "string", "pattern": "^[0-9]{1,19}$"},
    "JSON": {},
}
INSTANT_OR_DAY: Final[Schema] = {
    "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}]
}
"""What a parameter takes where an answer has a DateTime."""
PLAIN: Final = frozenset({"ID", "String", "Int", "Float", "Boolean"})
"""Written out where they occur: they have no description of their own."""


class AnswerSchemas:
    """Schemas of types. leaves: those that were referred to so far, by name."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.leaves: dict[str, Schema] = {}
        self._schema = schema

    def of_input(self, kind: Any) -> Schema:
        """Of a parameter, which is not null if it is given."""
        nullable = get_nullable_type(kind)
        if is_list_type(nullable):
            return {"type": "array", "items": self.of_input(nullable.of_type)}
        return INSTANT_OR_DAY if nullable.name == "DateTime" else self._leaf(nullable)

    def of_answer(self, document: DocumentNode) -> Schema:
        """Of the one field that a document's operation selects, if it is not null."""
        fragments = fragments_of(document)
        kind, selections = self._answer(document, fragments)
        return self._of_value(get_nullable_type(kind), selections, fragments)

    def may_be_null(self, document: DocumentNode) -> bool:
        """Whether that field may be null: there is nothing, or nothing that may be seen."""
        kind, _ = self._answer(document, fragments_of(document))
        return not is_non_null_type(kind)

    def _answer(
        self, document: DocumentNode, fragments: Mapping[str, FragmentDefinitionNode]
    ) -> tuple[Any, list[FieldNode]]:
        """The type of the field, and its nodes."""
        [operation] = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
        query = self._schema.query_type
        assert query is not None
        [answer] = _fields(self._schema, query, [operation], fragments).values()
        return answer

    def _of(self, kind: Any, nodes: list[Any], fragments: Mapping[str, FragmentDefinitionNode]) -> Schema:
        if is_non_null_type(kind):
            return self._of_value(kind.of_type, nodes, fragments)
        return {"anyOf": [self._of_value(kind, nodes, fragments), {"type": "null"}]}

    def _of_value(self, kind: Any, nodes: list[Any], fragments: Mapping[str, FragmentDefinitionNode]) -> Schema:
        if is_list_type(kind):
            return {"type": "array", "items": self._of(kind.of_type, nodes, fragments)}
        if is_leaf_type(kind):
            return self._leaf(kind)
        if is_abstract_type(kind):
            return {"anyOf": [self._object(each, nodes, fragments) for each in self._schema.get_possible_types(kind)]}
        return self._object(kind, nodes, fragments)

    def _object(
        self, kind: GraphQLObjectType, nodes: list[Any], fragments: Mapping[str, FragmentDefinitionNode]
    ) -> Schema:
        properties: dict[str, Schema] = {}
        for name, (found, below) in _fields(self._schema, kind, nodes, fragments).items():
            if name == "__typename":
                properties[name] = {"const": kind.name}
                continue
            described = kind.fields[below[0].name.value].description
            properties[name] = {
                **({"description": described} if described else {}),
                **self._of(found, below, fragments),
            }
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def _leaf(self, kind: GraphQLNamedType) -> Schema:
        if kind.name in PLAIN:
            return dict(SCALARS[kind.name])
        self.leaves[kind.name] = _described(kind)
        return {"$ref": REFERENCE.format(kind.name)}


def _described(kind: GraphQLNamedType) -> Schema:
    schema = {"type": "string", "enum": list(kind.values)} if is_enum_type(kind) else dict(SCALARS[kind.name])
    return {**({"description": kind.description} if kind.description else {}), **schema}


def _fields(
    schema: GraphQLSchema,
    kind: GraphQLObjectType,
    nodes: Iterable[Any],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> dict[str, tuple[Any, list[FieldNode]]]:
    """Response name to the field's type and nodes, of those that apply to objects of a type."""
    found: dict[str, tuple[Any, list[FieldNode]]] = {}
    for node in nodes:
        for field in _selected(schema, kind, node.selection_set.selections, fragments):
            name = (field.alias or field.name).value
            field_type = None if field.name.value == "__typename" else kind.fields[field.name.value].type
            found.setdefault(name, (field_type, []))[1].append(field)
    return found


def _selected(
    schema: GraphQLSchema,
    kind: GraphQLObjectType,
    selections: Iterable[SelectionNode],
    fragments: Mapping[str, FragmentDefinitionNode],
) -> Iterator[FieldNode]:
    for each in selections:
        if isinstance(each, FieldNode):
            yield each
            continue
        fragment = fragments[each.name.value] if isinstance(each, FragmentSpreadNode) else each
        assert isinstance(fragment, FragmentDefinitionNode | InlineFragmentNode)
        condition = fragment.type_condition
        if condition is None or _applies(schema, condition.name.value, kind):
            yield from _selected(schema, kind, fragment.selection_set.selections, fragments)


def _applies(schema: GraphQLSchema, condition: str, kind: GraphQLObjectType) -> bool:
    wanted = schema.type_map[condition]
    return wanted is kind or (is_abstract_type(wanted) and schema.is_sub_type(wanted, kind))
