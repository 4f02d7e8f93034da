"""Random documents have the same data, errors and order as in graphql-core.

RANDOM_DOCUMENTS sets how many are tried.
"""

import asyncio
import json
import os
import random
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

NUMBER: Final = int(os.environ.get("RANDOM_DOCUMENTS", "10000"))
PARTS: Final = 10
ROOTS = {"query": core.query_type, "mutation": core.mutation_type}


async def compare(number: int) -> tuple[str, ...]:
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
    assert told(found) == told(expected), text
    if kind == "mutation":
        assert ours.calls == theirs.calls, text
    assert sorted(ours.calls) == sorted({*ours.calls, *theirs.calls}), text
    if not faults:
        assert executed == ["compiled"], text
    return tuple(executed)


def told(result: ExecutionResult) -> str:
    return json.dumps([result.data, [error.formatted for error in result.errors or ()]], indent=1, default=repr)


@pytest.mark.parametrize("part", range(PARTS))
def test_random_documents(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SLICE", COST)  # work that is resumed later meets its errors in another order

    async def every() -> list[tuple[str, ...]]:
        return [await compare(number) for number in range(part, NUMBER, PARTS)]

    found = asyncio.run(every())
    assert found.count(("compiled",)) > 0.6 * len(found)
    assert found.count(("reference",)) > 0.05 * len(found)
