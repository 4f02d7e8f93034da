"""How much one document may ask for: length, words, depth, aliases, and the cost of all that could be answered."""

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

from service.graphql.execution.field_charges import COST, charge_of_item, charge_told
from service.graphql.execution.field_comparisons import comparisons
from service.graphql.execution.graphql_errors import BadUserInput

LENGTH: Final = 100_000
"""Characters: 2,000 words need less."""
LINES: Final = 5_000
"""To tell the place of an error, lines are counted."""
TOKENS: Final = 2_000
"""Words and brackets."""
NAME: Final = 200
"""Characters of a name: errors quote it, and answers repeat it."""
SELECTIONS: Final = 150
"""Fields side by side: the time to compare them grows with their square."""
ALIASES: Final = 100
COMPARISONS: Final = 20_000
"""Of fields that validating takes: a tenth of a second."""
DEPTH: Final = 20
ITEMS: Final = 5

PAGE: Final = 20
LONGEST_PAGE: Final = 100

LONGEST_LIST: Final = 1_000
"""Items of a list in variables, so that what is refused for its length costs no more than to read it. The domain's own
limit is lower, and its refusal names the field of the command."""


@dataclass(frozen=True, slots=True)
class Variable:
    """One that says how long a page is. default: where it is left out."""

    name: str
    default: int


_PERHAPS_LONG: Final = re.compile(f"[_0-9A-Za-z]{{{NAME + 1}}}")

VariablePath = tuple[Any, str]
"""A place in variables: the trail of what it is in, None at the top, and its name there."""

Size = int | Variable
"""A number of items, or the variable that says it."""


@dataclass(slots=True)
class SelectionCost:
    """What a selection set asks for. depth: of its deepest field."""

    fields: list["Charged"] = field(default_factory=list)
    spread: list["SelectionCost"] = field(default_factory=list)
    depth: int = 0

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Of its answer, whose lists are full: a page counts as long as it may get, another list as ITEMS."""
        return self._cost(variables, {})

    def _cost(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        found = known.get(id(self))
        if found is None:
            own = sum(each.cost(variables, known) for each in self.fields)
            found = known[id(self)] = own + sum(fragment._cost(variables, known) for fragment in self.spread)
        return found


@dataclass(frozen=True, slots=True)
class Charged:
    """A field. charge: once, however many items it has. of_item: of each item, beside the fields of it."""

    charge: int
    size: Size
    of_item: int
    below: SelectionCost

    def cost(self, variables: Mapping[str, Any], known: dict[int, int]) -> int:
        return self.charge + _items(self.size, variables) * (self.of_item + self.below._cost(variables, known))


def too_long(text: str) -> GraphQLError | None:
    """What is to be known before a document is read."""
    if len(text) > LENGTH:
        return GraphQLError(f"A document has at most {LENGTH:,} characters: send values as variables.")
    if text.count("\n") + text.count("\r") > LINES:
        return GraphQLError(f"A document has at most {LINES:,} lines.")
    return None


def too_wide(text: str, document: DocumentNode) -> GraphQLError | None:
    """What is to be known before a document is validated, since validating compares fields with each other."""
    if _PERHAPS_LONG.search(text) and any(len(name.value) > NAME for name in _names(document)):
        return GraphQLError(f"A name has at most {NAME} characters.")
    aliases = 0
    for selection_set in _selection_sets(document):
        aliases += sum(isinstance(node, FieldNode) and node.alias is not None for node in selection_set.selections)
        if len(selection_set.selections) > SELECTIONS:
            return GraphQLError(f"More than {SELECTIONS} fields stand side by side: ask for less at once.")
    if aliases > ALIASES:
        return GraphQLError(f"{aliases} aliases are more than the {ALIASES} that are accepted.")
    if comparisons(document) > COMPARISONS:
        return GraphQLError("Too many fields of one name, or fragments, stand side by side: spread fewer at once.")
    return None


def measure(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> SelectionCost:
    """What an operation of a valid document asks for."""
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


def cost(selection: SelectionCost, variables: Mapping[str, Any] | None) -> int | GraphQLError:
    """What an operation costs at most, or why it is refused."""
    if (path := _too_long(variables or {})) is not None:
        return BadUserInput(path, f"At most {LONGEST_LIST:,} items are accepted in a list.")
    if selection.depth > DEPTH:
        return GraphQLError(f"Fields are nested {selection.depth} deep, {DEPTH} are accepted.")
    if (units := selection.cost(variables or {})) > COST:
        return GraphQLError(
            f"The answer could have as much to tell as {units:,} fields, {COST:,} are accepted: ask for shorter pages "
            "or fewer fields."
        )
    return units


class _Measure:
    """Every fragment is measured once, however often it is spread."""

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
        of_item = charge_of_item(kind) if node.selection_set else 0
        found.fields.append(Charged(charge_told(definition), size, of_item, below))
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
        """How many items a field has: a page as many as it asks for, its edges none of their own."""
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


def _items(size: Size, variables: Mapping[str, Any]) -> int:
    """A page that is longer than pages may be is refused where it is read: here it counts as the longest.

    40.0 is as good as 40 for JSON, and for GraphQL.
    """
    found = variables.get(size.name, size.default) if isinstance(size, Variable) else size
    if found is None:
        return PAGE
    return round(min(max(1, found), LONGEST_PAGE)) if isinstance(found, int | float) else LONGEST_PAGE


def _too_long(variables: Mapping[str, Any]) -> str | None:
    """Where in variables a list stands that is too long. They may be nested deeper than a function may call itself."""
    waiting: list[tuple[VariablePath, Any]] = [((None, name), value) for name, value in variables.items()]
    while waiting:
        trail, value = waiting.pop()
        if isinstance(value, list):
            if len(value) > LONGEST_LIST:
                return _path(trail)
            waiting.extend(((trail, str(index)), each) for index, each in enumerate(value))
        elif isinstance(value, dict):
            waiting.extend(((trail, name), each) for name, each in value.items())
    return None


def _path(trail: VariablePath | None) -> str:
    names = []
    while trail is not None:
        trail, name = trail
        names.append(name)
    return ".".join(reversed(names))
