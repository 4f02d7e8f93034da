"""A client that sends new documents without end: their work is done piece by piece, and no memory stays."""

import asyncio
import gc
import sys
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from service.graphql.compiled import plans
from service.graphql.execution import document_cache
from service.graphql.execution.executor import GraphQLExecutor
from service.graphql.execution.request import GraphQLRequest
from service.graphql.execution.trusted_documents import TrustedDocuments
from tests.service.graphql.compiled.world import Made, WorldContext, context, schema

CALLER = context(Made(0))


def document(number: int, fields: int) -> str:
    leaves = " ".join(f"a{number}_{n}: firstLeaf {{ id name size weight tags colour at }}" for n in range(fields))
    return f"{{ viewer {{ {leaves} }} }}"


def executor() -> GraphQLExecutor:
    return GraphQLExecutor(schema, TrustedDocuments(schema, {}))


async def prepared(by: GraphQLExecutor, number: int, fields: int) -> tuple[Any, WorldContext]:
    caller = WorldContext(CALLER.services, CALLER.identity, CALLER.now, made=Made(number))
    return await by.prepare(GraphQLRequest(query=document(number, fields)), caller), caller


async def answered(by: GraphQLExecutor, operation: Any, caller: WorldContext) -> None:
    response = await by.execute(operation, caller)
    assert response.errors == []
    assert response.data is not None


def test_others_have_a_turn_between_two_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """A document of 500 characters is parsed in one piece, and compiled in another."""
    turn, pieces = 0, Counter[int]()

    async def turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    def counted(function: Any) -> Any:
        def call(*arguments: Any, **options: Any) -> Any:
            pieces[turn] += 1
            return function(*arguments, **options)

        return call

    async def many() -> None:
        by, others = executor(), asyncio.create_task(turns())
        found = await asyncio.gather(*(prepared(by, number, 7) for number in range(20)))
        await asyncio.gather(*(answered(by, *each) for each in found))
        others.cancel()
        with suppress(asyncio.CancelledError):
            await others

    assert 400 < len(document(10, 7)) <= document_cache.MAX_INLINE_LENGTH
    monkeypatch.setattr(document_cache, "parse_document", counted(document_cache.parse_document))
    monkeypatch.setattr(plans, "compiled", counted(plans.compiled))
    asyncio.run(many())
    assert pieces.total() == 40
    assert max(pieces.values()) <= 3, pieces


def test_no_memory_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_cache, "MAX_DOCUMENTS", 10 * 100 * document_cache.BYTES_PER_CHARACTER)

    async def blocks() -> list[int]:
        by, found = executor(), []
        for start in (100, 150, 200, 250):
            for number in range(start, start + 50):
                await answered(by, *await prepared(by, number, 1))
            gc.collect()
            found.append(sys.getallocatedblocks())
        return found

    _, first, *_, last = asyncio.run(blocks())
    assert last - first < 0.01 * first
