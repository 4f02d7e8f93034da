"""What one operation uses while another ends: documents, plans and loads."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
import strawberry
from strawberry.dataloader import DataLoader

from service.graphql.execution import document_cache
from service.graphql.execution.document_cache import DocumentCache
from service.graphql.execution.field_charges import charge
from service.graphql.execution.operation_run import OperationRun, start
from service.graphql.execution.person_quotas import PersonQuota
from service.graphql.execution.request import GraphQLRequest
from service.graphql.loaders.dataloader import single_loader
from tests.service.graphql.compiled.world import Made, WorldContext, context


@dataclass(slots=True)
class GatedContext(WorldContext):
    """loading: set when a load begins. gate: what it then waits for. loads: the keys of each load."""

    loading: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    loads: list[list[str]] = field(default_factory=list)
    loader: DataLoader[str, str | None] = field(init=False)


Info = strawberry.Info[GatedContext, None]


@strawberry.type
class Item:
    name: str

    @strawberry.field
    def twice(self) -> str:
        return self.name * 2


@strawberry.type
class Query:
    @strawberry.field
    async def item(self, info: Info, name: str) -> Item | None:
        found = await info.context.loader.load(name)
        return Item(name=found) if found is not None else None


schema = strawberry.Schema(query=Query)
charge(schema._schema)


def gated(executors: list[str]) -> GatedContext:
    made = context(Made(0), executors)
    caller = GatedContext(made.services, made.identity, made.now)

    async def find(names: list[str]) -> Mapping[str, str]:
        caller.loads.append(names)
        caller.loading.set()
        await caller.gate.wait()
        return {name: name for name in names}

    caller.loader = single_loader(find)
    return caller


async def run(cache: DocumentCache, text: str, caller: GatedContext, **variables: Any) -> OperationRun:
    document = await cache.read(text, PersonQuota())
    assert document.errors == ()
    return start(schema._schema, document, GraphQLRequest(query=text, variables=variables), caller)


def test_a_document_is_evicted_while_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(document_cache, "MAX_DOCUMENTS", 40_000)
    text = 'query ($v: Boolean = true) { item(name: "a") { name twice @include(if: $v) } }'

    async def evicted() -> tuple[Any, Any]:
        cache, executors = DocumentCache(schema), list[str]()
        caller = gated(executors)
        first = asyncio.create_task((await run(cache, text, caller)).result())
        await caller.loading.wait()
        for number in range(10):
            await cache.read(f'{{ item(name: "a") {{ b{number}: name }} }}', PersonQuota())
        assert cache._documents.get(text) is None
        again = asyncio.create_task((await run(cache, text, caller)).result())
        caller.gate.set()
        results = await first, await again
        assert executors == ["compiled", "compiled"]
        return results

    for result in asyncio.run(evicted()):
        assert (result.data, result.errors) == ({"item": {"name": "a", "twice": "aa"}}, None)


@pytest.mark.parametrize("leaves", [0, 1, 2])
def test_one_of_those_who_wait_for_a_load_leaves(leaves: int) -> None:
    async def shared() -> list[Any]:
        cache, executors = DocumentCache(schema), list[str]()
        caller = gated(executors)
        text = "query ($a: String!) { item(name: $a) { name } other: item(name: $a) { twice } }"
        runs = [asyncio.create_task((await run(cache, text, caller, a="x")).result()) for _ in range(3)]
        await caller.loading.wait()
        runs[leaves].cancel()
        with pytest.raises(asyncio.CancelledError):
            await runs[leaves]
        caller.gate.set()
        found = [(await each).data for at, each in enumerate(runs) if at != leaves]
        assert caller.loads == [["x"]]
        assert executors == ["compiled", "compiled"]
        return found

    assert asyncio.run(shared()) == [{"item": {"name": "x"}, "other": {"twice": "xx"}}] * 2
