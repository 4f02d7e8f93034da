"""Paths of values in a request, in names of the API: 'filter.submittedFrom', 'period.start'."""

import re
from collections.abc import Iterator
from typing import Final

from graphql import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectFieldNode,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
)

_WITHIN_VARIABLE: Final = re.compile(r"^Variable '\$\w+' has invalid value at ((?:\.\w+|\[\d+\])+):")
_OF_VARIABLE: Final = re.compile(r"^Variable '\$\w+' has invalid value(?: at (?:\.\w+|\[\d+\])+)?: ")
_OF_SCALAR: Final = re.compile(r"^Expected value of type '\S+', but encountered error '(.*)'; found: (.*)$", re.DOTALL)
_OF_OBJECT: Final = re.compile(r" to include (?:required|unknown) field '(\w+)', found: ")
_NOT_GIVEN: Final = re.compile(r"^Argument '[\w.]+\((\w+):\)' of type '\S+' is required")
_INPUT: Final = "input"


def argument_path(error: GraphQLError, document: DocumentNode | None) -> str | None:
    """The path of the argument that caused a parsing or validation error; None if none did.

    graphql-core reports missing and unknown fields at the object that contains them; this resolves the field.
    """
    if document is None or not error.nodes:
        return None
    match error.nodes[0]:
        case VariableDefinitionNode() as node:
            return _of_variable(error.message, node.variable.name.value, document)
        case FieldNode():
            not_given = _NOT_GIVEN.match(error.message)
            return not_given[1] if not_given else None
        case ArgumentNode() | ObjectFieldNode() as node:
            return _of_value(node.value, document)
        case ValueNode() as node:
            return _of_value(node, document, _field_of(error.message))
        case _:
            return None


def value_problem(message: str) -> str:
    """What is wrong with a value, without the place, which the path names. As it is if nothing of that is in it."""
    problem = _OF_VARIABLE.sub("", message)
    of_scalar = _OF_SCALAR.match(problem)
    return f"{of_scalar[1]} Found: {of_scalar[2]}" if of_scalar else problem


def _of_variable(message: str, name: str, document: DocumentNode) -> str | None:
    within = _WITHIN_VARIABLE.match(message)
    path = re.sub(r"\[(\d+)\]", r".\1", within[1]).lstrip(".") if within else ""
    for place, value in _values(document):
        if isinstance(value, VariableNode) and value.name.value == name:
            return _joined(place, path, _field_of(message))
    return None


def _of_value(wanted: ValueNode, document: DocumentNode, *inside: str) -> str | None:
    return next((_joined(place, *inside) for place, value in _values(document) if value is wanted), None)


def _field_of(message: str) -> str:
    """The object field named in a message, '' if none."""
    found = _OF_OBJECT.search(message)
    return found[1] if found else ""


def _joined(*parts: str) -> str:
    return ".".join(filter(None, parts)) or _INPUT


def _values(document: DocumentNode) -> Iterator[tuple[str, Node]]:
    """Every argument value in the document, with its path."""
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
