"""Limits on one document: length, tokens, depth, aliases, and the cost of the largest possible response."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

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
ITEMS: Final = 5

PAGE: Final = 20
LONGEST_PAGE: Final = 100

LONGEST_LIST: Final = 1_000
"""Items of a list in variables, so that refusing a list costs no more than parsing it. The domain's limit is lower, and
its refusal names the field of the command."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable that sets a page size. default: its value if omitted."""

    name: str
    default: int


_LONG_NAME: Final = re.compile(f"[_0-9A-Za-z]{{{NAME + 1}}}")

VariablePath = tuple[Any, str]
"""A path in variables as a linked list: the parent path (None at the top) and the name."""

Size = int | float | Variable
"""A page size, a mean number of items, or the variable that sets a page size."""


@dataclass(slots=True)
class SelectionCost:
    """Cost model of a selection set. depth: of its deepest field."""

    fields: list["FieldCost"] = field(default_factory=list)
    spread: list["SelectionCost"] = field(default_factory=list)
    depth: int = 0

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Maximum cost: pages count with their page size, other lists with ITEMS items."""
        return round(self._cost(variables, {}))

    def _cost(self, variables: Mapping[str, Any], memo: dict[int, float]) -> float:
        found = memo.get(id(self))
        if found is None:
            own = sum(each.cost(variables, memo) for each in self.fields)
            found = memo[id(self)] = own + sum(fragment._cost(variables, memo) for fragment in self.spread)
        return found


@dataclass(frozen=True, slots=True)
class FieldCost:
    """Cost of a field. charge: once per field. of_item: per item, in addition to the item's fields."""

    charge: int
    size: Size
    of_item: int
    below: SelectionCost

    def cost(self, variables: Mapping[str, Any], memo: dict[int, float]) -> float:
        return self.charge + _items(self.size, variables) * (self.of_item + self.below._cost(variables, memo))


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


def measure(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> SelectionCost:
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
    return _Measure(schema, fragments, defaults).selection(operation.selection_set, root)


def cost(selection: SelectionCost, variables: Mapping[str, Any]) -> int | GraphQLError:
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


class _Measure:
    """Builds cost models. Each fragment is measured once."""

    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], defaults: Mapping[str, int]
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._defaults = defaults
        self._measured: dict[str, SelectionCost] = {}

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
        """Number of items of a field: its page size; 1 for edges, which the connection already counts."""
        if definition is None:
            return 1
        is_list = is_list_type(get_nullable_type(definition.type))
        if "first" not in definition.args:
            return ITEMS if is_list and node.name.value != "edges" else 1
        usual = ITEMS if is_list else PAGE
        first = next((argument.value for argument in node.arguments or () if argument.name.value == "first"), None)
        if isinstance(first, VariableNode):
            name = first.name.value
            return Variable(name, self._defaults.get(name, usual))
        return int(first.value) if isinstance(first, IntValueNode) else usual

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


def _items(size: Size, variables: Mapping[str, Any]) -> float:
    """Page size, limited to LONGEST_PAGE: the resolver refuses longer pages.

    Accepts 40.0 for 40, as JSON and GraphQL do.
    """
    if isinstance(size, float):
        return size
    found = variables.get(size.name, size.default) if isinstance(size, Variable) else size
    if found is None:
        return PAGE
    return round(min(max(1, found), LONGEST_PAGE)) if isinstance(found, int | float) else LONGEST_PAGE


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
