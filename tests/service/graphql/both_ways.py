"""While the tests run: each query is executed by graphql-core as well, and all generated source is checked."""

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from inspect import isawaitable
from typing import Any, Final

import pytest
from graphql import ExecutionResult, OperationType
from graphql.execution import Executor

from service.graphql.compiled import plans
from service.graphql.compiled.run import Hole, Run
from service.graphql.execution import operation_run
from service.graphql.execution.operation_run import OperationRun
from service.graphql.root import schema

ALLOWED: Final = (
    *(ast.Module, ast.FunctionDef, ast.arguments, ast.arg, ast.Return, ast.Assign, ast.AugAssign, ast.Expr, ast.Raise),
    *(ast.If, ast.For, ast.IfExp, ast.Call, ast.Attribute, ast.Name, ast.Load, ast.Store, ast.Constant, ast.Subscript),
    *(ast.Dict, ast.List, ast.Tuple, ast.BoolOp, ast.Or, ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Mult),
    *(ast.Compare, ast.Is, ast.IsNot, ast.NotIn, ast.LtE),
)
KEY: Final = re.compile(r"[_A-Za-z][_0-9A-Za-z]*")
NAME: Final = re.compile(r"[a-z]+[0-9]*|Unexpected")
ATTRIBUTE: Final = re.compile(r"[a-z][a-z0-9_]*")


def check_source(source: str) -> None:
    """Whether a source has only what the compiler writes: no import, no private attribute, no name of a document."""
    for node in ast.walk(ast.parse(source)):
        assert isinstance(node, ALLOWED), ast.dump(node)
        match node:
            case ast.Constant(value=str(text)):
                assert KEY.fullmatch(text), text
            case ast.Constant(value=value):
                assert value is None or type(value) is int, value
            case ast.Name(id=name) | ast.FunctionDef(name=name) | ast.arg(arg=name):
                assert NAME.fullmatch(name), name
            case ast.Attribute(attr=name):
                assert ATTRIBUTE.fullmatch(name), name
            case _:
                pass


class RecordedRun(Run):
    """Remembers what each resolver found, for the second execution."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.found: dict[tuple[int, str, int], object] = {}
        self.sources: list[object] = []

    async def _complete(self, holes: Sequence[Hole], values: Sequence[object]) -> None:
        for (_, source, resolver), value in zip(holes, values, strict=True):
            self.found[id(source), resolver.key, id(resolver._nodes[0])] = value
            self.sources.append(source)
        await super()._complete(holes, values)


class Found:
    """Middleware: fields give back what was found."""

    def __init__(self, found: Mapping[tuple[int, str, int], object]) -> None:
        self._found = found

    def resolve(self, proceed: Callable[..., Any], source: Any, info: Any, **arguments: Any) -> Any:
        key = id(source), str(info.path.key), id(info.field_nodes[0])
        return self._found[key] if key in self._found else proceed(source, info, **arguments)


@contextmanager
def both_ways() -> Iterator[None]:
    """Every query of the served schema that is compiled has the data that graphql-core makes of the same values."""
    differing: list[str] = []
    compiled_result = OperationRun.result

    async def result(self: OperationRun) -> ExecutionResult:
        found = await compiled_result(self)
        run = getattr(self._executor, "recorded_run", None)
        is_query = self._executor.operation.operation is OperationType.QUERY
        is_served = self._executor.schema is schema._schema
        if run is None or self._root.resolved is run.resolved or not is_query or not is_served:
            return found
        expected = await _reference(self._executor, run)
        if expected.errors or json.dumps(expected.data) != json.dumps(found.data):
            differing.append(f"{found.data}\n{expected}")
        return found

    def recorded(plan: Any, executor: Any, meter: Any) -> RecordedRun:
        run = executor.recorded_run = RecordedRun(plan, executor, meter)
        return run

    def loaded(source: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
        check_source(source)
        return plain(source, namespace)

    plain = plans.loaded
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operation_run, "Run", recorded)
        patch.setattr(OperationRun, "result", result)
        patch.setattr(plans, "loaded", loaded)
        yield
    assert not differing, differing[0]


async def _reference(executor: Any, run: RecordedRun) -> ExecutionResult:
    given = Executor[None](
        executor.schema,
        executor.fragment_definitions,
        executor.fragments,
        None,
        executor.context_value,
        executor.operation,
        executor.variable_values,
        executor.field_resolver,
        executor.type_resolver,
        executor.subscribe_field_resolver,
        middleware_manager=executor.middleware_manager.__class__(Found(run.found)),
    )
    found: Any = given.execute_operation()
    result: ExecutionResult = await found if isawaitable(found) else found
    return result
