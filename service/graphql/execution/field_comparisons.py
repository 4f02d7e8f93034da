"""Estimates the field comparisons of validation (rule OverlappingFieldsCanBeMerged)."""

from collections import defaultdict
from collections.abc import Mapping

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionSetNode,
)


def comparisons(document: DocumentNode) -> int:
    """Approximate number: fields with one response name, and fragments spread in one set, are compared in pairs."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    sizes = _Sizes(fragments)
    total, waiting = 0, [found for each in document.definitions if (found := getattr(each, "selection_set", None))]
    while waiting:
        fields, spreads = _flatten(waiting.pop())
        total += len(spreads) * (sum(map(sizes.of_fragment, spreads)) + len(fields)) if len(spreads) > 1 else 0
        by_name: dict[str, list[FieldNode]] = defaultdict(list)
        for field in fields:
            by_name[(field.alias or field.name).value].append(field)
            if field.selection_set:
                waiting.append(field.selection_set)
        total += sum(len(same) * sum(map(sizes.of_field, same)) for same in by_name.values() if len(same) > 1)
    return total


def _flatten(selection_set: SelectionSetNode) -> tuple[list[FieldNode], list[str]]:
    """The fields of a selection set and the fragments spread in it, including those in inline fragments."""
    fields: list[FieldNode] = []
    spreads: list[str] = []
    waiting = [selection_set]
    while waiting:
        for node in waiting.pop().selections:
            if isinstance(node, FieldNode):
                fields.append(node)
            elif isinstance(node, InlineFragmentNode):
                waiting.append(node.selection_set)
            elif isinstance(node, FragmentSpreadNode):
                spreads.append(node.name.value)
    return fields, spreads


class _Sizes:
    """Number of fields in a fragment or field, with nested spreads. Cycles are not followed."""

    def __init__(self, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._fragments = fragments
        self._sizes: dict[str, int] = {}

    def of_fragment(self, name: str) -> int:
        if name not in self._sizes:
            self._sizes[name] = 1
            fragment = self._fragments.get(name)
            if fragment is not None:
                self._sizes[name] = self._of(fragment.selection_set)
        return self._sizes[name]

    def of_field(self, field: FieldNode) -> int:
        return 1 + (self._of(field.selection_set) if field.selection_set else 0)

    def _of(self, selection_set: SelectionSetNode) -> int:
        fields, spreads = _flatten(selection_set)
        return sum(map(self.of_field, fields)) + sum(map(self.of_fragment, spreads))
