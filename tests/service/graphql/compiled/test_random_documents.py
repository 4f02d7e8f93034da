"""Random documents have the same data, errors and order as in graphql-core.

TEST_DOCUMENTS sets how many are tried.
"""

import asyncio
import json
import os
import random
from collections.abc import Callable
from inspect import isawaitable
from typing import Any, Final

import pytest
from graphql import ExecutionResult, execute, parse, validate

from service.graphql.compiled.plans import Plans
from service.graphql.execution import pace
from service.graphql.execution.document_cache import CHARGES, Document
from service.graphql.execution.field_charges import COST
from service.graphql.execution.operation_run import start
from service.graphql.execution.request import GraphQLRequest
from tests.service.graphql.compiled.documents import Writer
from tests.service.graphql.compiled.world import Made, context, core, schema

NUMBER: Final = int(os.environ.get("TEST_DOCUMENTS", "2500"))
PARTS: Final = 4
SHORT_SLICE: Final = 30
"""Units: most documents are executed in several slices."""
ROOTS = {"query": core.query_type, "mutation": core.mutation_type}


async def compare(number: int, comparable: Callable[[ExecutionResult], object]) -> tuple[str, ...]:
    """comparable: what is equal in both results."""
    chance = random.Random(number)
    kind = "mutation" if chance.random() < 0.15 else "query"
    writer = Writer(core, chance, left=18)
    root = ROOTS[kind]
    assert root is not None
    text = writer.operation(kind, root, [*root.fields])
    faults = chance.choice([0.0, 0.0, 0.0, 0.03, 0.2])
    document = parse(text)
    if number % 20 == 0:
        assert validate(core, document) == [], text
    ours, theirs, executed = Made(number, faults), Made(number, faults), list[str]()
    request = GraphQLRequest(query=text, variables=writer.variables)
    run = start(core, Document(document, plans=Plans(schema, document, CHARGES)), request, context(ours, executed))
    found = await run.result()
    expected: Any = execute(core, document, context_value=context(theirs), variable_values=writer.variables)
    expected = await expected if isawaitable(expected) else expected
    assert comparable(found) == comparable(expected), text
    if kind == "mutation":
        assert ours.calls == theirs.calls, text
    assert sorted(ours.calls) == sorted({*ours.calls, *theirs.calls}), text
    if not faults:
        assert executed == ["compiled"], text
    return tuple(executed)


def as_json(result: ExecutionResult) -> str:
    return json.dumps([result.data, [error.formatted for error in result.errors or ()]], indent=1, default=repr)


def with_nulls(result: ExecutionResult) -> tuple[str, set[tuple[str | int, ...]]]:
    """The data, and the paths of the nulls that errors explain.

    Of several errors below one null, the first to occur is reported, and slices change which one that is.
    """
    nulls = set()
    for error in result.errors or ():
        value, path = result.data, []
        for key in error.path or ():
            if value is None:
                break
            value = value[key]  # type: ignore[index]
            path.append(key)
        nulls.add(tuple(path))
    return json.dumps(result.data, default=repr), nulls


@pytest.mark.parametrize("part", range(PARTS))
def test_random_documents(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SLICE", COST)  # work that is resumed later meets its errors in another order

    async def every() -> list[tuple[str, ...]]:
        return [await compare(number, as_json) for number in range(part, NUMBER, PARTS)]

    found = asyncio.run(every())
    assert found.count(("compiled",)) > 0.6 * len(found)
    assert found.count(("reference",)) > 0.05 * len(found)


def test_random_documents_in_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SLICE", SHORT_SLICE)

    async def every() -> list[tuple[str, ...]]:
        return [await compare(number, with_nulls) for number in range(NUMBER // 10)]

    assert asyncio.run(every()).count(("reference",)) > 0.05 * NUMBER // 10
