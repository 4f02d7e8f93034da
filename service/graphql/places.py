"""Where in a request a value stands, in the names of the contract: 'filter.submittedFrom', 'period.start'."""

import re
from collections.abc import Iterator
from typing import Final

from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
)

_WITHIN_VARIABLE: Final = re.compile(r"^Variable '\$\w+' has invalid value at ((?:\.\w+|\[\d+\])+):")
_INPUT: Final = "input"


def place_of(error: GraphQLError, document: DocumentNode | None) -> str | None:
    """The argument that an error of parsing or validating values is about, None where it is about none."""
    if document is None or not error.nodes:
        return None
    node = error.nodes[0]
    if isinstance(node, VariableDefinitionNode):
        return _of_variable(error.message, node.variable.name.value, document)
    if isinstance(node, ValueNode):
        return next((place for place, value in _values(document) if value is node), None)
    return None


def _of_variable(message: str, name: str, document: DocumentNode) -> str | None:
    within = _WITHIN_VARIABLE.match(message)
    path = re.sub(r"\[(\d+)\]", r".\1", within[1]).lstrip(".") if within else ""
    for place, value in _values(document):
        if isinstance(value, VariableNode) and value.name.value == name:
            return ".".join(part for part in (place, path) if part) or None
    return None


def _values(document: DocumentNode) -> Iterator[tuple[str, Node]]:
    """Every value that an argument of the document holds, with its place."""
    stack: list[tuple[str, Node]] = [("", document)]
    while stack:
        place, node = stack.pop()
        if isinstance(node, ValueNode):
            yield place, node
        for child_place, child in _children(place, node):
            stack.append((child_place, child))


def _children(place: str, node: Node) -> Iterator[tuple[str, Node]]:
    if isinstance(node, ListValueNode):
        yield from ((_join(place, str(index)), value) for index, value in enumerate(node.values))
        return
    for key in node.keys:
        value = getattr(node, key, None)
        for child in value if isinstance(value, tuple | list) else (value,):
            if isinstance(child, ArgumentNode):
                yield "" if child.name.value == _INPUT else child.name.value, child
            elif isinstance(child, ObjectFieldNode):
                yield _join(place, child.name.value), child
            elif isinstance(child, Node) and not isinstance(child, VariableDefinitionNode):
                yield place, child


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
