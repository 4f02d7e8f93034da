"""One request answered: its document read, judged and executed, and its errors told."""

from collections.abc import Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any, Final

import strawberry
from graphql import ExecutionResult, GraphQLError, OperationType, execute

from service.graphql.context import Context
from service.graphql.documents import reader
from service.graphql.errors import UNAVAILABLE, fault, told
from service.graphql.plain import PlainExecutor, is_awaitable, plainly


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a client sent."""

    query: str
    variables: Mapping[str, Any] | None = None
    operation: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What it gets. executed: whether anything was begun; where not, there is no data at all."""

    errors: list[dict[str, Any]]
    data: Mapping[str, Any] | None = None
    executed: bool = False

    @property
    def retry_after(self) -> float | None:
        """Seconds, where something could not be answered now."""
        waits = (error["extensions"] for error in self.errors if error["extensions"]["code"] == UNAVAILABLE)
        return max((float(wait.get("retryAfter", 1.0)) for wait in waits), default=None)

    @property
    def body(self) -> dict[str, Any]:
        """As GraphQL says that a response is formed."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        return {**body, "data": self.data} if self.executed else body


NOT_BY_GET: Final = "Only queries are answered to GET: send this with POST."


class Answering:
    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = plainly(schema._schema)
        self._read = reader(self._schema)

    async def answer(self, asked: Asked, context: Context, *, read_only: bool = False) -> Answer:
        """Never raises: whatever goes wrong is told as an error."""
        document = self._read(asked.query)
        if document.errors:
            return Answer(errors=told(document.errors, document.node))
        operation = document.operation(asked.operation)
        if isinstance(operation, GraphQLError):
            return Answer(errors=told([operation]))
        if read_only and operation.kind is not OperationType.QUERY:
            return Answer(errors=told([GraphQLError(NOT_BY_GET)]))
        if (excess := operation.excess(asked.variables)) is not None:
            return Answer(errors=told([excess]))
        try:
            result = await self._execute(document.node, asked, context)
        except Exception as error:  # noqa: BLE001
            return Answer(errors=[fault(error)])
        # An error before the first field, as of a variable, leaves no data; one in a field has a path.
        executed = result.data is not None or any(error.path for error in result.errors or ())
        return Answer(data=result.data, errors=told(result.errors or (), document.node), executed=executed)

    async def _execute(self, document: Any, asked: Asked, context: Context) -> ExecutionResult:
        result = execute(
            self._schema,
            document,
            variable_values=dict(asked.variables) if asked.variables else None,
            operation_name=asked.operation,
            context_value=context,
            executor_class=PlainExecutor,
            is_awaitable=is_awaitable,
        )
        return await result if isawaitable(result) else result
