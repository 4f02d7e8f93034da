"""Collects the fields of a selection for one object type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    is_abstract_type,
)

SKIP: Final = "skip"
INCLUDE: Final = "include"


class NotCompilable(Exception):
    """The operation uses what is not compiled: graphql-core executes it."""


@dataclass(frozen=True, slots=True)
class Collector:
    """variables: coerced values of the variables that directives use."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]

    def fields(self, kind: GraphQLObjectType, sets: Iterable[SelectionSetNode]) -> dict[str, list[FieldNode]]:
        """By response key, in the order of the response: the nodes of each field, merged."""
        found: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for selection_set in sets:
            self._collect(kind, selection_set, found, spread)
        return found

    def _collect(
        self,
        kind: GraphQLObjectType,
        selection_set: SelectionSetNode,
        found: dict[str, list[FieldNode]],
        spread: set[str],
    ) -> None:
        for node in selection_set.selections:
            if not self._is_included(node):
                continue
            if isinstance(node, FieldNode):
                found.setdefault((node.alias or node.name).value, []).append(node)
            elif isinstance(node, InlineFragmentNode):
                if self._applies(node, kind):
                    self._collect(kind, node.selection_set, found, spread)
            elif isinstance(node, FragmentSpreadNode):
                name = node.name.value
                if name not in spread and self._applies(self.fragments[name], kind):
                    spread.add(name)
                    self._collect(kind, self.fragments[name].selection_set, found, spread)

    def _applies(self, fragment: InlineFragmentNode | FragmentDefinitionNode, kind: GraphQLObjectType) -> bool:
        if fragment.type_condition is None:
            return True
        condition = self.schema.type_map[fragment.type_condition.name.value]
        return condition is kind or (is_abstract_type(condition) and self.schema.is_sub_type(condition, kind))

    def _is_included(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name not in (SKIP, INCLUDE):
                raise NotCompilable(f"@{name}")
            [value] = [argument.value for argument in directive.arguments or ()]
            holds = self.variables.get(value.name.value) if isinstance(value, VariableNode) else _constant(value)
            if type(holds) is not bool:
                raise NotCompilable(f"@{name} without a value")
            if holds is (name == SKIP):
                return False
        return True


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    return {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}


def conditions(document: DocumentNode) -> tuple[str, ...]:
    """The names of the variables that decide what is selected, in any operation of the document."""
    names: dict[str, None] = {}
    waiting: list[Any] = list(document.definitions)
    while waiting:
        node = waiting.pop()
        for directive in node.directives or ():
            for argument in directive.arguments or ():
                if isinstance(argument.value, VariableNode):
                    names[argument.value.name.value] = None
        selection_set = getattr(node, "selection_set", None)
        waiting.extend(selection_set.selections if selection_set else ())
    return tuple(names)


def _constant(value: ValueNode) -> bool | None:
    return value.value if isinstance(value, BooleanValueNode) else None
