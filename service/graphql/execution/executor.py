"""Executes one GraphQL request: parse, validate, check cost, execute, format errors."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

import strawberry
from graphql import DocumentNode, ExecutionResult, GraphQLError, OperationType
from opentelemetry import trace

from service.graphql.execution.access_record import record_disclosures
from service.graphql.execution.bounded_execution import IncompleteAnswer
from service.graphql.execution.cost_budget import BudgetExceeded
from service.graphql.execution.document_cache import ANY, Document, DocumentCache, DocumentPolicy
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
from service.graphql.execution.trusted_documents import TrustedDocuments, document_id

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


EVENT: Final = 60
"""Units to deliver one event of a subscription, besides the cost of its fields."""
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
    def __init__(self, schema: strawberry.Schema, trusted: TrustedDocuments, policy: DocumentPolicy = ANY) -> None:
        self._schema = schema._schema
        self._documents = DocumentCache(schema, policy)
        self._trusted, self._policy = trusted, policy

    async def prepare(
        self, request: GraphQLRequest, context: "Context", *, read_only: bool = False
    ) -> Prepared | GraphQLResponse:
        """The operation to execute, or the response that refuses it. Raises BudgetExceeded."""
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
        context.services.budget.charge(context.actor.person, cost)
        return Prepared(document, request, operation.kind, cost)

    async def _document(self, request: GraphQLRequest, context: "Context") -> Document:
        if request.document_id is not None:
            return self._trusted.find(request.document_id)
        if self._policy.trusted_only:
            return Document(None, (GraphQLError(TRUSTED_ONLY),))
        return await self._documents.read(request.query, context.share)

    async def execute(self, prepared: Prepared | GraphQLResponse, context: "Context") -> GraphQLResponse:
        """Executes a query or a mutation. Never raises: every failure becomes an error in the response.

        Call `context.release` when the client has read the response.
        """
        if isinstance(prepared, GraphQLResponse):
            return prepared
        if prepared.is_subscription:
            return GraphQLResponse(errors=format_errors([GraphQLError(SUBSCRIPTION_NEEDS_STREAM)]))
        started, span = monotonic(), trace.get_current_span()
        if span.is_recording():
            span.set_attribute("graphql.operation.type", prepared.kind.value)
            span.set_attribute("graphql.document.id", prepared.request.document_id or "")
        answer = await self._executed(prepared, context)
        name, has_errors = self._trusted.name(prepared.request.document_id), bool(answer.errors)
        context.services.record_document_metric(name, monotonic() - started, has_errors)
        return answer

    async def _executed(self, prepared: Prepared, context: "Context") -> GraphQLResponse:
        operation: OperationRun | None = None
        try:
            async with context.share.cost(prepared.cost):
                operation = self._start(prepared, context)
                result = await operation.result()
                self._keep(prepared)
                not_executed = operation.not_executed() if result.errors else ()
                answer = _to_response(result, prepared.node, context, not_executed)
                return await self._once_recorded(answer, prepared, context)
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

    async def _once_recorded(self, answer: GraphQLResponse, prepared: Prepared, context: "Context") -> GraphQLResponse:
        """The answer, when what it discloses is in the access log. If it cannot be recorded, an error alone."""
        request, recorded = prepared.request, answer.recorded
        if answer.data is None:
            context.disclosures.taken()
            return answer
        try:
            name = request.document_id
            document = self._trusted.digest(name) if name is not None else document_id(request.query)
            await record_disclosures(context, prepared.kind, document)
        except Exception as error:  # noqa: BLE001
            return GraphQLResponse(
                errors=[mark_recorded(subscription_error(error), recorded)],
                executed=bool(recorded),
                recorded=recorded,
                not_executed=answer.not_executed,
            )
        return answer

    def _start(self, prepared: Prepared, context: "Context") -> OperationRun:
        """Raises NotExecutable. Charges the coercion of variables."""
        with context.pace.charged():
            hide = not self._policy.suggestions
            return start(self._schema, prepared.document, prepared.request, context, hide_suggestions=hide)

    def _keep(self, prepared: Prepared) -> None:
        """Its plans may have grown."""
        if prepared.request.document_id is None:
            self._documents.keep(prepared.request.query, prepared.document)

    async def stream(self, request: GraphQLRequest, context: "Context") -> AsyncGenerator[GraphQLResponse, None]:
        """Executes any operation and yields its responses. A response with executed=False is the last. Raises
        SubscriptionsEnded, BudgetExceeded."""
        prepared = await self.prepare(request, context)
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
            context.end()

    async def _stream_results(self, prepared: Prepared, context: "Context") -> AsyncGenerator[GraphQLResponse, None]:
        """Yields the results of a subscription. A retryable error ends it: to skip the event would lose it."""
        try:
            operation = self._start(prepared, context)
            async with aclosing(await operation.events()) as events:
                async for event in events:
                    context.services.budget.charge(context.actor.person, prepared.cost)
                    await context.pace.point(EVENT)
                    answer = _to_response(await operation.event(event), prepared.node, context)
                    answer = await self._once_recorded(answer, prepared, context)
                    if answer.is_retryable:
                        yield GraphQLResponse(errors=answer.errors)
                        return
                    yield answer
        except NotExecutable as refused:
            yield GraphQLResponse(errors=format_errors(refused.errors, prepared.node))
        except (SubscriptionsEnded, BudgetExceeded):
            raise
        except Exception as error:  # noqa: BLE001
            yield GraphQLResponse(errors=[subscription_error(error)])
        finally:
            self._keep(prepared)


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
