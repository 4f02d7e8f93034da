"""Executes one operation: compiled, or with graphql-core if anything is unexpected."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from inspect import isawaitable
from typing import TYPE_CHECKING, Any, Final, cast

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, OperationType
from graphql.execution import create_source_event_stream
from opentelemetry import trace

from service.graphql.compiled.collect import Collector, NotCompilable, fragments_of
from service.graphql.compiled.leaves import Unexpected
from service.graphql.compiled.plans import Plan, Plans
from service.graphql.compiled.run import Run
from service.graphql.execution.answer_meter import AnswerMeter
from service.graphql.execution.bounded_execution import BoundedExecutor, RootValues
from service.graphql.execution.document_cache import Document
from service.graphql.execution.request import GraphQLRequest

if TYPE_CHECKING:
    from service.graphql.schema.context import Context

COMPILED: Final = "compiled"
REFERENCE: Final = "reference"

_tracer = trace.get_tracer("mandate")


class NotExecutable(Exception):
    """The variables are invalid, or a subscription has no events."""

    def __init__(self, errors: list[GraphQLError]) -> None:
        super().__init__()
        self.errors = errors


class OperationRun:
    """An operation with coerced variables."""

    def __init__(
        self,
        executor: BoundedExecutor,
        document: DocumentNode,
        root: RootValues,
        plans: Plans | None,
        context: "Context",
    ) -> None:
        self._executor, self._root, self._plans, self._context = executor, root, plans, context
        self._document = document

    async def result(self) -> ExecutionResult:
        """The result of a query or a mutation."""
        return await self._run(self._executor, lambda run: run.data())

    def not_executed(self) -> Sequence[str]:
        """The response names of the fields of a mutation that were not executed, since one before them failed."""
        executor, operation = self._executor, self._executor.operation
        root = executor.schema.get_root_type(operation.operation)
        if operation.operation is not OperationType.MUTATION or root is None:
            return ()
        collector = Collector(executor.schema, fragments_of(self._document), executor.variable_values.coerced)
        try:
            fields = collector.fields(root, [operation.selection_set])
        except NotCompilable:
            return ()
        return [name for name in fields if name not in self._root.executed]

    async def event(self, value: object) -> ExecutionResult:
        """The result of a subscription for one event."""
        return await self._run(self._executor.build_per_event_executor(value), lambda run: run.event(value))

    async def events(self) -> AsyncGenerator[Any, None]:
        """The events of a subscription. Raises NotExecutable."""
        try:
            source = create_source_event_stream(self._executor)
        except StopIteration:
            raise NotExecutable([GraphQLError("A subscription selects one field: all of them are skipped.")]) from None
        found = await source if isawaitable(source) else source
        if isinstance(found, ExecutionResult):
            raise NotExecutable(found.errors or [])
        return cast("AsyncGenerator[Any, None]", found)

    async def _run(self, executor: Any, data_of: Callable[[Run], Awaitable[dict[str, Any]]]) -> ExecutionResult:
        count = self._context.services.record_execution
        plan = await self._plan()
        if plan is not None:
            self._context.selected = plan.reads
            run = Run(plan, self._executor, AnswerMeter(self._context))
            try:
                data = await data_of(run)
            except Unexpected:
                self._root.resolved = run.resolved
                self._context.release()
            else:
                count(COMPILED)
                return ExecutionResult(data, None)
        count(REFERENCE)
        span = _tracer.start_span("reference")
        try:
            result = executor.execute_operation()
            return cast("ExecutionResult", await result if isawaitable(result) else result)
        finally:
            span.end()

    async def _plan(self) -> Plan | None:
        """A compilation is a piece of work of its own."""
        if (plans := self._plans) is None:
            return None
        operation, variables = self._executor.operation, self._executor.variable_values.coerced
        if plans.is_known(operation, variables):
            return plans.plan(operation, variables)
        async with self._context.pace.piece():
            return plans.plan(operation, variables)


def start(
    schema: GraphQLSchema,
    document: Document,
    request: GraphQLRequest,
    context: "Context",
    *,
    hide_suggestions: bool = False,
) -> OperationRun:
    """The operation of a valid document. Raises NotExecutable."""
    assert document.node is not None
    root = RootValues()
    executor = BoundedExecutor.build(
        schema,
        document.node,
        context_value=context,
        raw_variable_values=dict(request.variables) if request.variables else None,
        operation_name=request.operation,
        middleware=(root,),
        hide_suggestions=hide_suggestions,
    )
    if isinstance(executor, list):
        raise NotExecutable(executor)
    return OperationRun(cast("BoundedExecutor", executor), document.node, root, document.plans, context)
