"""Executes one GraphQL request: parse, validate, check cost, execute, format errors."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType

from service.graphql.execution.bounded_execution import IncompleteAnswer
from service.graphql.execution.document_cache import Document, DocumentCache
from service.graphql.execution.graphql_errors import (
    UNAVAILABLE,
    VIEW_BEHIND,
    SubscriptionsEnded,
    format_errors,
    internal_error,
    omitted_errors_error,
    subscription_error,
    too_many,
)
from service.graphql.execution.operation_run import NotExecutable, OperationRun, start
from service.graphql.execution.person_quotas import QuotaExceeded
from service.graphql.execution.recorded_commands import (
    RecordedCommands,
    command_extensions,
    mark_recorded,
)
from service.graphql.execution.request import GraphQLRequest
from service.graphql.execution.trusted_documents import TrustedDocuments

if TYPE_CHECKING:
    from service.graphql.schema.context import Context


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLResponse:
    """A GraphQL response.

    executed: whether execution began; if not, the response has no data entry. needs_post: refused only because it was
    sent with GET. recorded: the recorded commands. not_executed: names of those after a failed one.
    """

    errors: list[dict[str, Any]]
    data: Mapping[str, Any] | None = None
    executed: bool = False
    needs_post: bool = False
    recorded: RecordedCommands = field(default_factory=dict)
    not_executed: Sequence[str] = ()

    def retry_after(self, code: str) -> float | None:
        """Seconds to wait before a retry, if an error has this code. None if a command was recorded: the request must
        not be sent again."""
        if self.recorded:
            return None
        waits = (error["extensions"] for error in self.errors if error["extensions"]["code"] == code)
        return max((float(wait.get("retryAfter", 1.0)) for wait in waits), default=None)

    @property
    def is_retryable(self) -> bool:
        """Whether a later attempt could return what is missing. A parked subject stays so until its fold is fixed."""
        found = (error["extensions"] for error in self.errors)
        return any(each["code"] in (UNAVAILABLE, VIEW_BEHIND) and "parkedAt" not in each for each in found)

    @property
    def body(self) -> dict[str, Any]:
        """The response map (GraphQL specification, section 7.1)."""
        body: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if not self.executed:
            return body
        extensions = command_extensions(self.recorded, self.not_executed)
        return {**body, "data": self.data, **({"extensions": extensions} if extensions else {})}


MUTATION_NEEDS_POST: Final = "GET accepts only queries: send this with POST."
TRUSTED_ONLY: Final = (
    "This server executes only its own documents: send documentId instead of query. 'mandate documents' lists the ids."
)
SUBSCRIPTION_NEEDS_STREAM: Final = "Subscriptions need a WebSocket, or a request that accepts text/event-stream."


@dataclass(frozen=True, slots=True)
class Prepared:
    """A valid document within the limits, with the operation to execute."""

    document: Document
    request: GraphQLRequest
    kind: OperationType
    cost: int

    @property
    def is_subscription(self) -> bool:
        return self.kind is OperationType.SUBSCRIPTION

    @property
    def node(self) -> DocumentNode:
        assert self.document.node is not None
        return self.document.node


class GraphQLExecutor:
    """trusted_only: whether requests with a query are refused."""

    def __init__(self, schema: strawberry.Schema, trusted: TrustedDocuments, *, trusted_only: bool) -> None:
        self._schema = schema._schema
        self._parse = DocumentCache(schema).read
        self._trusted, self._trusted_only = trusted, trusted_only

    async def prepare(
        self, request: GraphQLRequest, context: "Context", *, read_only: bool = False
    ) -> Prepared | GraphQLResponse:
        """The operation to execute, or the response that refuses it."""
        document = await self._document(request, context)
        if document.errors:
            return GraphQLResponse(errors=format_errors(document.errors, document.node))
        operation = document.operation(request.operation)
        if isinstance(operation, GraphQLError):
            return GraphQLResponse(errors=format_errors([operation]))
        if read_only and operation.kind is OperationType.MUTATION:
            return GraphQLResponse(errors=format_errors([GraphQLError(MUTATION_NEEDS_POST)]), needs_post=True)
        cost = operation.cost(request.variables)
        if isinstance(cost, GraphQLError):
            return GraphQLResponse(errors=format_errors([cost]))
        return Prepared(document, request, operation.kind, cost)

    async def _document(self, request: GraphQLRequest, context: "Context") -> Document:
        if request.document_id is not None:
            return self._trusted.find(request.document_id)
        if self._trusted_only:
            return Document(None, (GraphQLError(TRUSTED_ONLY),))
        return await self._parse(request.query, context.share)

    async def execute(self, prepared: Prepared | GraphQLResponse, context: "Context") -> GraphQLResponse:
        """Executes a query or a mutation. Never raises: every failure becomes an error in the response.

        Call `context.release` when the client has read the response.
        """
        if isinstance(prepared, GraphQLResponse):
            return prepared
        if prepared.is_subscription:
            return GraphQLResponse(errors=format_errors([GraphQLError(SUBSCRIPTION_NEEDS_STREAM)]))
        operation: OperationRun | None = None
        try:
            async with context.share.cost(prepared.cost):
                operation = start(self._schema, prepared.document, prepared.request, context)
                result = await operation.result()
                not_executed = operation.not_executed() if result.errors else ()
                return _to_response(result, prepared.node, context, not_executed)
        except NotExecutable as refused:
            return _to_response(ExecutionResult(None, refused.errors), prepared.node, context)
        except QuotaExceeded as refused:
            return GraphQLResponse(errors=[too_many(refused)])
        except Exception as error:  # noqa: BLE001
            recorded = context.recorded
            return GraphQLResponse(
                errors=[mark_recorded(internal_error(error), recorded)],
                executed=bool(recorded),
                recorded=recorded,
                not_executed=operation.not_executed() if operation and recorded else (),
            )

    async def stream(
        self, request: GraphQLRequest, context: "Context", *, read_only: bool = False
    ) -> AsyncGenerator[GraphQLResponse, None]:
        """Executes any operation and yields its responses. A response with executed=False is the last. Raises
        SubscriptionsEnded."""
        prepared = await self.prepare(request, context, read_only=read_only)
        async with aclosing(self.answers(prepared, context)) as answers:
            async for answer in answers:
                yield answer

    async def answers(
        self, prepared: Prepared | GraphQLResponse, context: "Context"
    ) -> AsyncGenerator[GraphQLResponse, None]:
        """As `stream`, for a prepared operation."""
        try:
            if isinstance(prepared, GraphQLResponse) or not prepared.is_subscription:
                yield await self.execute(prepared, context)
                return
            async with aclosing(self._stream_results(prepared, context)) as answers:
                async for answer in answers:
                    yield answer
                    context.release()
        finally:
            context.release()

    async def _stream_results(self, prepared: Prepared, context: "Context") -> AsyncGenerator[GraphQLResponse, None]:
        """Yields the results of a subscription. A retryable error ends it: to skip the event would lose it."""
        try:
            operation = start(self._schema, prepared.document, prepared.request, context)
            async with aclosing(await operation.events()) as events:
                async for event in events:
                    answer = _to_response(await operation.event(event), prepared.node, context)
                    if answer.is_retryable:
                        yield GraphQLResponse(errors=answer.errors)
                        return
                    yield answer
        except NotExecutable as refused:
            yield GraphQLResponse(errors=format_errors(refused.errors, prepared.node))
        except SubscriptionsEnded:
            raise
        except Exception as error:  # noqa: BLE001
            yield GraphQLResponse(errors=[subscription_error(error)])


def _to_response(
    result: ExecutionResult, document: DocumentNode, context: "Context", not_executed: Sequence[str] = ()
) -> GraphQLResponse:
    recorded, errors = context.recorded, result.errors or []
    if (refused := context.refused) is not None:
        context.refused = None
        found = format_errors([refused], document, recorded)
        return GraphQLResponse(errors=found, executed=True, recorded=recorded, not_executed=not_executed)
    # Request errors (e.g. in a variable) have neither data nor a path; field errors have a path.
    executed = result.data is not None or any(error.path for error in errors)
    found = format_errors([each for each in errors if not isinstance(each, IncompleteAnswer)], document, recorded)
    if context.omitted_errors:
        found.append(omitted_errors_error(context.omitted_errors))
        context.omitted_errors = 0
    return GraphQLResponse(
        data=result.data, errors=found, executed=executed, recorded=recorded, not_executed=not_executed
    )
