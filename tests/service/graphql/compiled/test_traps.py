"""What compilers of GraphQL documents get wrong."""

import asyncio
from datetime import datetime
from functools import partial
from typing import Any, cast

import pytest
import strawberry

from service.graphql.compiled.plans import MAX_PLANS, loaded
from service.graphql.execution.answer_meter import TooMuch
from service.graphql.execution.operation_run import NotExecutable, start
from service.graphql.execution.request import GraphQLRequest
from tests.service.graphql.both_ways import check_source
from tests.service.graphql.compiled.running import both, document
from tests.service.graphql.compiled.world import NOW, Branch, Colour, Fault, Leaf, Made, Stone, context, core


def leaf(**other: Any) -> Leaf:
    values: dict[str, Any] = {
        "name": "oak",
        "size": 1,
        "weight": None,
        "tags": [],
        "colour": None,
        "at": NOW,
        "extra": None,
    }
    return Leaf(made=Made(7), id=strawberry.ID("leaf"), **{**values, **other})


def branch(**other: Any) -> Branch:
    values: dict[str, Any] = {"name": "b", "leaves": [], "first_leaf": None, "grid": None, "is_dry": True}
    return Branch(made=Made(8), id=strawberry.ID("branch"), **{**values, **other})


def test_aliases_of_one_field_have_their_own_arguments() -> None:
    found = both('{ viewer { a: label b: label(upper: true) c: label(prefix: "x") } }', root=branch()).data
    assert found == {"viewer": {"a": "b", "b": "B", "c": "b"}}


def test_one_key_in_two_fragments_is_merged() -> None:
    text = """{ viewer { ...A firstLeaf { id } ...B } }
        fragment A on Branch { firstLeaf { size } } fragment B on Named { ... on Branch { firstLeaf { name } } }"""
    found = both(text, root=branch(first_leaf=leaf())).data
    assert found == {"viewer": {"firstLeaf": {"size": 1, "id": "leaf", "name": "oak"}}}
    assert [*found["viewer"]["firstLeaf"]] == ["size", "id", "name"]


def test_a_fragment_on_an_interface_lies_within_an_object() -> None:
    found = both(
        "{ viewer { ... on Named { name ... on Leaf { size } ... on Branch { isDry } } } }", root=branch()
    ).data
    assert found == {"viewer": {"name": "b", "isDry": True}}


@pytest.mark.parametrize("spread", [True, False])
@pytest.mark.parametrize("inner", [True, False])
def test_skip_stands_on_a_spread_and_on_its_field(spread: bool, inner: bool) -> None:
    found = both(
        """query ($s: Boolean!, $f: Boolean!) { viewer { id ...F @skip(if: $s) } }
            fragment F on Branch { name @skip(if: $f) }""",
        {"s": spread, "f": inner},
        branch(),
    ).data
    assert ("name" in found["viewer"]) is not (spread or inner)


def test_a_condition_has_a_default() -> None:
    text = "query ($v: Boolean = false) { viewer { id name @include(if: $v) } }"
    assert both(text, root=branch()).data == {"viewer": {"id": "branch"}}
    assert both(text, {"v": True}, branch()).data == {"viewer": {"id": "branch", "name": "b"}}
    assert both(text, {"v": None}, branch()).errors != []


def test_unions_tell_their_type() -> None:
    text = "{ things { __typename ... on Stone { mass } ... on Named { name } } }"
    found = both(text, root=[Stone(mass=2, colour=Colour.RED), leaf()]).data
    assert found == {"things": [{"__typename": "Stone", "mass": 2}, {"__typename": "Leaf", "name": "oak"}]}


def test_a_list_of_values_that_are_not_null_has_one_null() -> None:
    assert both("{ viewer { id grid } }", root=branch(grid=[[1], [None]])).errors == [
        "Cannot return null for non-nullable field Branch.grid."
    ]


def test_a_root_that_is_not_null_is_null() -> None:
    found = both("{ count named { id } }", root=leaf())
    assert found.errors != []
    assert found.ours.data is None


def test_two_errors_lie_under_one_null() -> None:
    found = both(
        "{ named { ... on Branch { firstLeaf { size name } } } }", root=branch(first_leaf=leaf(size=None, name=3.5))
    )
    assert len(found.errors) == 1
    assert found.ours.data == {"named": {"firstLeaf": None}}


def test_errors_of_items_come_in_order_with_their_paths() -> None:
    found = both("{ viewer { leaves { size } } }", root=branch(leaves=[leaf(size=None), leaf(), leaf(size="x")]))
    assert len(found.errors) == 2
    assert [error.path for error in found.ours.errors or ()] == [["viewer", "leaves", at, "size"] for at in (0, 2)]


@pytest.mark.parametrize("size", [2**31, -(2**31) - 1, 2**31 - 1, -(2**31), True, 1.0, "1"])
def test_an_integer_has_32_bits(size: Any) -> None:
    found = both("{ viewer { firstLeaf { size } } }", root=branch(first_leaf=leaf(size=size)))
    if type(size) is int and -(2**31) <= size < 2**31:
        assert found.data == {"viewer": {"firstLeaf": {"size": size}}}
    else:
        assert isinstance(found.errors, list)


@pytest.mark.parametrize("colour", ["red", "RED", 3, [], Colour])
def test_the_value_of_an_enum_is_unknown(colour: Any) -> None:
    assert isinstance(
        both("{ viewer { firstLeaf { colour } } }", root=branch(first_leaf=leaf(colour=colour))).errors, list
    )


def test_an_item_of_a_list_is_awaited() -> None:
    async def later() -> Leaf:
        return leaf()

    async def run() -> Any:
        executors: list[str] = []
        made = Made(1, root=branch(leaves=[later(), leaf()]))
        found = start(
            core, document("{ viewer { leaves { size } } }"), GraphQLRequest(query=""), context(made, executors)
        )
        return (await found.result()).data, executors

    assert asyncio.run(run()) == ({"viewer": {"leaves": [{"size": 1}, {"size": 1}]}}, ["reference"])


def test_variables_have_names_that_the_operation_does_not_know() -> None:
    assert both(
        "query ($first: Int) { viewer { kin(first: 0) { id } } things(first: $first) { __typename } }",
        {"other": 1, "first": 0},
    ).data
    with pytest.raises(NotExecutable):
        both("query ($first: Int) { things(first: $first) { __typename } }", {"first": "x"})


def test_mutations_run_strictly_one_after_another_and_once() -> None:
    text = "mutation { a: add(number: 1) { ...F } b: add(number: 9) { ...F } c: add(number: 2) { ...F } }"
    fragment = " fragment F on Outcome { ... on Added { total branch { name kin { id } } } ... on Refused { why } }"
    found = both(text + fragment)
    assert found.calls == ["a", "b", "c"]
    assert [*found.data] == ["a", "b", "c"]


def test_a_mutation_whose_answer_fails_is_not_repeated() -> None:
    text = "mutation { a: add(number: 1) { ... on Refused { why } } b: add(number: 2) { ... on Refused { why } } }"
    found = both(text, root=branch())
    assert len(found.errors) == 1
    assert found.calls == ["a"]


def test_a_resolver_that_fails_at_the_root_is_called_once() -> None:
    found = both("{ named { id } count }", root=Fault("no"))
    assert found.errors == ["no", "no"]
    assert sorted(found.calls) == ["count", "named"]


def test_fields_are_read_from_the_object_when_they_are_asked_for() -> None:
    assert both("{ viewer { seed twice } }", root=branch()).data == {"viewer": {"seed": 8, "twice": "bb"}}
    assert both("{ viewer { seed twice } }", root=branch(name=None)).errors != []
    assert (branch().seed, branch().twice) == (8, "bb")


def test_introspection_is_left_to_the_library() -> None:
    assert both("{ __schema { queryType { name } } }").errors == []
    assert both("{ __typename viewer { __typename } }", root=branch()).data == {
        "__typename": "Query",
        "viewer": {"__typename": "Branch"},
    }


def test_an_answer_that_grows_too_long_is_refused() -> None:
    text = "{ viewer { leaves { extra } } }"
    found = both(text, root=branch(leaves=[leaf(extra="x" * 2**20)] * 5))
    assert found.executors == ["reference"]
    assert found.ours.data is None or found.ours.data == {"viewer": None}
    with pytest.raises(TooMuch):
        raise cast("Any", found.context.refused).original_error


def test_plans_of_a_document_are_bounded() -> None:
    names = [f"b{number}" for number in range(30)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    text = f"query ({declared}) {{ viewer {{ id {' '.join(f'{name}: name @skip(if: ${name})' for name in names)} }} }}"
    found = document(text)
    assert found.plans is not None
    for number in range(MAX_PLANS + 3):
        given = {name: number >> at & 1 == 1 for at, name in enumerate(names)}
        result = both(found, given, branch())
        assert result.executors == ["compiled" if number < MAX_PLANS else "reference"]
        assert (result.data if number < MAX_PLANS else result.errors) is not None
    assert len(found.plans._plans) == MAX_PLANS
    assert 0 < found.plans.size < 10**6


def test_random_conditions_take_no_plan_from_others() -> None:
    names = [f"b{number}" for number in range(12)]
    declared = ", ".join(f"${name}: Boolean!" for name in names)
    text = f"query ({declared}) {{ viewer {{ id {' '.join(f'{name}: name @skip(if: ${name})' for name in names)} }} }}"
    found = document(text)

    def executor(number: int) -> str:
        [used] = both(found, {name: number >> at & 1 == 1 for at, name in enumerate(names)}, branch()).executors
        return used

    random = iter(range(100, 200))
    assert {executor(next(random)) for _ in range(MAX_PLANS)} == {"compiled"}
    assert executor(1) == "reference"
    assert executor(1) == "compiled", "what is asked for again has a plan"
    for _ in range(3 * MAX_PLANS):
        assert executor(next(random)) == "reference"
        assert executor(1) == "compiled"
    assert found.plans is not None
    assert len(found.plans._plans) == MAX_PLANS
    assert found.plans.size == sum(len(plan.source) for plan in found.plans._plans.values() if plan) * 20


def test_what_runs_within_generated_frames_can_import() -> None:
    """As the finalizer of an awaitable that nobody awaited: it warns."""
    function = loaded("def value1(value, run):\n    return value(run)", {})["value1"]
    assert function(partial(datetime.strptime, "2024"), "%Y").year == 2024


def test_source_with_anything_else_is_noticed() -> None:
    check_source("def value1(value, run):\n    return {'a': value}")
    for other in ("import os", "value.__class__", "{'a b': 1}", "lambda: 1", "open('x')", "[x for x in y]"):
        with pytest.raises(AssertionError):
            check_source(other.replace("open", "Open"))
