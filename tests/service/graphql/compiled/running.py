"""Runs a document over the small schema, compiled and by graphql-core."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from graphql import ExecutionResult, execute, parse, validate

from service.graphql.compiled.plans import Plans
from service.graphql.execution.document_cache import CHARGES, Document
from service.graphql.execution.operation_run import start
from service.graphql.execution.request import GraphQLRequest
from tests.service.graphql.compiled.world import Made, WorldContext, context, core, schema


@dataclass
class Both:
    """executors: which one made our result. calls: the root fields that were called for it, in order."""

    context: WorldContext
    ours: ExecutionResult
    theirs: ExecutionResult
    executors: list[str]
    calls: list[str]

    @property
    def data(self) -> Any:
        """The data of a compiled operation, which is as graphql-core's."""
        assert self.executors == ["compiled"]
        assert self.ours.errors is None
        return self._same()

    @property
    def errors(self) -> list[str]:
        """The messages of an operation that was left to graphql-core."""
        assert self.executors == ["reference"]
        self._same()
        return [error.message for error in self.ours.errors or ()]

    def _same(self) -> Any:
        assert _as_json(self.ours) == _as_json(self.theirs)
        return self.ours.data


def _as_json(result: ExecutionResult) -> str:
    return repr([result.data, [error.formatted for error in result.errors or ()]])


def document(text: str) -> Document:
    node = parse(text)
    assert validate(core, node) == []
    return Document(node, plans=Plans(schema, node, CHARGES))


def both(text: str | Document, variables: Mapping[str, Any] | None = None, root: Any = None) -> Both:
    """root: the object that every root field returns, instead of a random one."""
    found = text if isinstance(text, Document) else document(text)
    return asyncio.run(_both(found, variables or {}, root))


async def _both(document: Document, variables: Mapping[str, Any], root: Any) -> Both:
    executors: list[str] = []
    made = Made(1, root=root)
    caller = context(made, executors)
    ours = await start(core, document, GraphQLRequest(query="", variables=variables), caller).result()
    assert document.node is not None
    theirs: Any = execute(
        core, document.node, context_value=context(Made(1, root=root)), variable_values=dict(variables)
    )
    return Both(caller, ours, await theirs if isawaitable(theirs) else theirs, executors, made.calls)
