"""Limits on one document: length, tokens, depth, aliases, and the cost of the largest possible response."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    NameNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

from service.graphql.execution.cost_model import ITEMS, PAGE, FieldCost, OperationCost, SelectionCost, Size, Variable
from service.graphql.execution.field_charges import COST, charge_of_field, charge_of_item, introspected_items
from service.graphql.execution.field_comparisons import comparisons
from service.graphql.execution.graphql_errors import BadUserInput

LENGTH: Final = 100_000
"""Characters: enough for 2,000 tokens."""
LINES: Final = 5_000
"""Error locations need a line index."""
TOKENS: Final = 2_000
"""Tokens as the GraphQL lexer counts them."""
NAME: Final = 200
"""Characters of a name: errors and responses repeat it."""
SELECTIONS: Final = 150
"""Selections of one set: the time to compare them is quadratic."""
ALIASES: Final = 100
COMPARISONS: Final = 20_000
"""Field comparisons during validation: 0.1 seconds."""
DEPTH: Final = 20
SLICING: Final = ("first", "last")
LONGEST_LIST: Final = 1_000
"""Items of a list in variables, so that refusing a list costs no more than parsing it. The domain's limit is lower, and
its refusal names the field of the command."""


_LONG_NAME: Final = re.compile(f"[_0-9A-Za-z]{{{NAME + 1}}}")

VariablePath = tuple[Any, str]
"""A path in variables as a linked list: the parent path (None at the top) and the name."""


def too_long(text: str) -> GraphQLError | None:
    """The error of a document that is too long to parse, else None."""
    if len(text) > LENGTH:
        return GraphQLError(f"A document has at most {LENGTH:,} characters: pass values as variables.")
    if text.count("\n") + text.count("\r") > LINES:
        return GraphQLError(f"A document has at most {LINES:,} lines.")
    return None


def too_wide(text: str, document: DocumentNode) -> GraphQLError | None:
    """The error of a document that is too expensive to validate, else None."""
    if _LONG_NAME.search(text) and any(len(name.value) > NAME for name in _names(document)):
        return GraphQLError(f"A name has at most {NAME} characters.")
    aliases = 0
    for selection_set in _selection_sets(document):
        aliases += sum(isinstance(node, FieldNode) and node.alias is not None for node in selection_set.selections)
        if len(selection_set.selections) > SELECTIONS:
            return GraphQLError(f"More than {SELECTIONS} fields in one selection set: ask for less at once.")
    if aliases > ALIASES:
        return GraphQLError(f"{aliases} aliases exceed the limit of {ALIASES}.")
    if comparisons(document) > COMPARISONS:
        return GraphQLError("Too many fields with one name, or fragments, in one selection set: spread fewer at once.")
    return None


def measure(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> OperationCost:
    """The cost model of an operation of a valid document."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    root = schema.get_root_type(operation.operation)
    defaults = {
        definition.variable.name.value: _page(definition.default_value)
        for definition in operation.variable_definitions or ()
    }
    measured = _Measure(schema, fragments, defaults)
    selection = measured.selection(operation.selection_set, root)
    return OperationCost(selection, measured.sizes)


def cost(selection: OperationCost, variables: Mapping[str, Any]) -> int | GraphQLError:
    """The maximum cost of an operation, or the error that refuses it. variables: those that it declares."""
    if (path := _too_long(variables)) is not None:
        return BadUserInput(path, f"At most {LONGEST_LIST:,} items are accepted in a list.")
    if selection.depth > DEPTH:
        return GraphQLError(f"Fields are nested {selection.depth} levels deep; the limit is {DEPTH}.")
    if (units := selection.cost(variables)) > COST:
        return GraphQLError(
            f"The answer could cost {units:,} fields; the limit is {COST:,}: ask for shorter pages or fewer fields."
        )
    return units


def usual_size(name: str, field: GraphQLField) -> int:
    """The items of a field whose arguments do not say how many; 1 for edges, which the connection already counts."""
    is_list = is_list_type(get_nullable_type(field.type))
    if not slicing_arguments(field):
        return ITEMS if is_list and name != "edges" else 1
    return ITEMS if is_list else PAGE


def slicing_arguments(field: GraphQLField) -> list[str]:
    """The arguments that set the size of a field's page."""
    return [name for name in SLICING if name in field.args]


class _Measure:
    """Builds cost models. Each fragment is measured once."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], defaults: Mapping[str, int]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._defaults = defaults
        self._measured: dict[str, SelectionCost] = {}
        self.sizes: set[str] = set()

    def selection(self, selection_set: SelectionSetNode | None, parent: Any) -> SelectionCost:
        found = SelectionCost()
        for node in selection_set.selections if selection_set else ():
            if isinstance(node, FieldNode):
                below = self._field(node, parent, found)
                found.depth = max(found.depth, 1 + below.depth)
            else:
                part = self._fragment(node, parent)
                found.spread.append(part)
                found.depth = max(found.depth, part.depth)
        return found

    def _field(self, node: FieldNode, parent: Any, found: SelectionCost) -> SelectionCost:
        definition = self._definition(node, parent)
        kind = get_named_type(definition.type) if definition else None
        below = self.selection(node.selection_set, kind)
        size = self._size(node, definition)
        if getattr(parent, "name", "").startswith("__"):
            size = introspected_items(self._schema).get(node.name.value, 1.0)
        of_item = charge_of_item(kind) if node.selection_set else 0
        found.fields.append(FieldCost(charge_of_field(definition), size, of_item, below))
        return below

    def _fragment(self, node: object, parent: Any) -> SelectionCost:
        if isinstance(node, InlineFragmentNode):
            kind = self._schema.get_type(node.type_condition.name.value) if node.type_condition else parent
            return self.selection(node.selection_set, kind)
        assert isinstance(node, FragmentSpreadNode)
        name = node.name.value
        if name not in self._measured:
            fragment = self._fragments[name]
            kind = self._schema.get_type(fragment.type_condition.name.value)
            self._measured[name] = self.selection(fragment.selection_set, kind)
        return self._measured[name]

    def _size(self, node: FieldNode, definition: GraphQLField | None) -> Size:
        """Number of items of a field: its page size, or the usual one."""
        if definition is None:
            return 1
        usual = usual_size(node.name.value, definition)
        given = [each.value for each in node.arguments or () if each.name.value in slicing_arguments(definition)]
        sizes = tuple(self._page_size(value, usual) for value in given)
        return sizes if len(sizes) > 1 else sizes[0] if sizes else usual

    def _page_size(self, value: ValueNode, usual: int) -> Size:
        if isinstance(value, VariableNode):
            name = value.name.value
            self.sizes.add(name)
            return Variable(name, self._defaults.get(name, usual))
        return int(value.value) if isinstance(value, IntValueNode) else usual

    def _definition(self, node: FieldNode, parent: Any) -> GraphQLField | None:
        if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType):
            return self._schema.get_field(parent, node.name.value)
        return None


def _names(document: DocumentNode) -> Iterator[NameNode]:
    stack: list[Any] = [document]
    while stack:
        node = stack.pop()
        if isinstance(node, NameNode):
            yield node
        elif isinstance(node, Node):
            stack.extend(getattr(node, key, None) for key in node.keys)
        elif isinstance(node, list | tuple):
            stack.extend(node)


def _selection_sets(document: DocumentNode) -> Iterator[SelectionSetNode]:
    stack: list[Any] = list(document.definitions)
    while stack:
        selection_set = getattr(stack.pop(), "selection_set", None)
        if selection_set is not None:
            yield selection_set
            stack.extend(selection_set.selections)


def _page(value: Any) -> int:
    return int(value.value) if isinstance(value, IntValueNode) else PAGE


def _too_long(variables: Mapping[str, Any]) -> str | None:
    """The path of a list in variables that is too long, else None. Iterative: values may be nested deeply."""
    waiting: list[tuple[VariablePath, Any]] = [((None, name), value) for name, value in variables.items()]
    while waiting:
        path, value = waiting.pop()
        if isinstance(value, list) and len(value) > LONGEST_LIST:
            return _path(path)
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        waiting.extend(((path, str(key)), each) for key, each in items if isinstance(each, dict | list))
    return None


def _path(path: VariablePath | None) -> str:
    names = []
    while path is not None:
        path, name = path
        names.append(name)
    return ".".join(reversed(names))
