"""The budget of one person, and the costs that the schema publishes."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    VariableNode,
    build_schema,
    get_named_type,
    parse,
)

from service.graphql.execution import cost_budget
from service.graphql.execution.cost_budget import BudgetExceeded, CostBudget
from service.graphql.execution.query_cost import measure
from service.graphql.execution.trusted_documents import read_documents
from service.graphql.root import schema

ANA, BEN = ("mandate", "ana"), ("mandate", "ben")


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_holds_a_minute_and_is_refilled_steadily() -> None:
    clock = Clock()
    budget = CostBudget(600, clock)
    budget.charge(ANA, 590)
    budget.charge(ANA, 10)
    with pytest.raises(BudgetExceeded) as refused:
        budget.charge(ANA, 20)
    assert refused.value.retry_after == pytest.approx(2.0)
    budget.charge(BEN, 600)
    clock.now = 1.9
    with pytest.raises(BudgetExceeded):
        budget.charge(ANA, 20)
    clock.now = 2.0
    budget.charge(ANA, 20)
    clock.now = 1000.0
    budget.charge(ANA, 600)
    with pytest.raises(BudgetExceeded):
        budget.charge(ANA, 1)


def test_a_cost_above_the_capacity_takes_a_full_bucket() -> None:
    clock = Clock()
    budget = CostBudget(60, clock)
    budget.charge(ANA, 50_000)
    with pytest.raises(BudgetExceeded, match="ask again in 60 s"):
        budget.charge(ANA, 50_000)


def test_without_a_limit_nothing_is_counted() -> None:
    budget = CostBudget(0)
    for _ in range(3):
        budget.charge(ANA, 10**9)


def test_full_buckets_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cost_budget, "MOST", 2)
    clock = Clock()
    budget = CostBudget(60, clock)
    budget.charge(ANA, 60)
    clock.now = 30.0
    for number in range(3):
        budget.charge(("mandate", str(number)), 1)
    clock.now = 59.0
    budget.charge(BEN, 1)
    assert budget._buckets.keys() == {ANA, BEN}
    with pytest.raises(BudgetExceeded):
        budget.charge(ANA, 60)


SDL = schema.as_str()
PUBLISHED = build_schema(SDL)


def argument(node: Any, directive: str, name: str) -> Any:
    """The value of a directive's argument in the schema; None if it is not there."""
    for each in (node.ast_node and node.ast_node.directives) or ():
        if each.name.value == directive:
            found = {given.name.value: given.value for given in each.arguments}
            if name in found:
                value = found[name]
                return [item.value for item in value.values] if hasattr(value, "values") else value.value
    return None


@dataclass(frozen=True)
class Reckoning:
    """The cost of an operation by the published schema alone.

    whole_page: whether a page counts everything in it for each item, as the server does, or its edges alone.
    """

    fragments: Mapping[str, FragmentDefinitionNode]
    defaults: Mapping[str, float]
    whole_page: bool

    def cost(self, nodes: Any, parent: Any, items: float = 1) -> float:
        return sum(self._of(node, parent, items) for node in nodes)

    def _of(self, node: Any, parent: Any, items: float) -> float:
        if isinstance(node, FragmentSpreadNode | InlineFragmentNode):
            part = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            assert part.type_condition is not None
            return self.cost(part.selection_set.selections, PUBLISHED.type_map[part.type_condition.name.value], items)
        if node.name.value == "__typename":
            return 1
        field, kind = parent.fields[node.name.value], get_named_type(parent.fields[node.name.value].type)
        own = float(argument(field, "cost", "weight") or 1)
        if node.selection_set is None:
            return own
        size = self._size(node, field)
        of_kind = float(argument(kind, "cost", "weight") or 1)
        if argument(field, "listSize", "sizedFields") is None:
            size = items if node.name.value == "edges" else size
            return own + size * (of_kind + self.cost(node.selection_set.selections, kind))
        if self.whole_page:
            return own + size * self.cost(node.selection_set.selections, kind)
        return own + of_kind + self.cost(node.selection_set.selections, kind, size)

    def _size(self, node: FieldNode, field: Any) -> float:
        given = next((each.value for each in node.arguments or () if each.name.value == "first"), None)
        if isinstance(given, IntValueNode):
            return float(given.value)
        if isinstance(given, VariableNode) and given.name.value in self.defaults:
            return self.defaults[given.name.value]
        return float(argument(field, "listSize", "assumedSize") or 1)


@pytest.mark.parametrize("name", sorted(read_documents()))
def test_the_published_costs_give_the_cost_that_is_charged(name: str) -> None:
    """A gateway may count less, since the server counts all of a page for each of its items."""
    document = parse(read_documents()[name])
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            root = PUBLISHED.get_root_type(operation.operation)
            defaults = {
                each.variable.name.value: float(each.default_value.value)
                for each in operation.variable_definitions or ()
                if isinstance(each.default_value, IntValueNode)
            }
            charged = measure(schema._schema, document, operation).cost({})
            by_pages, by_edges = (
                Reckoning(fragments, defaults, whole_page).cost(operation.selection_set.selections, root)
                for whole_page in (True, False)
            )
            assert charged == pytest.approx(by_pages, rel=0.05, abs=5), operation.name
            assert by_edges <= charged + 5


def test_costs_and_sizes_are_in_the_schema() -> None:
    assert 'explanation: Explanation! @cost(weight: "500")' in SDL
    assert re.search(r'DeploymentRequestConnection! @cost\(weight: "50"\) @listSize\(assumedSize: 20, slicing', SDL)
    assert 'type DeploymentRequest implements Node @cost(weight: "10")' in SDL
