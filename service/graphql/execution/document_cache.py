"""Documents, read and validated once: the same question is asked many times."""

import asyncio
import re
from bisect import bisect_right
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    Source,
    SourceLocation,
    parse,
    specified_rules,
    validate,
)

from service.graphql.execution.graphql_errors import ERRORS
from service.graphql.execution.person_quotas import PersonQuota
from service.graphql.execution.query_cost import TOKENS, SelectionCost, cost, measure, too_long, too_wide

MAX_DOCUMENTS: Final = 16 * 1024 * 1024
"""Bytes of documents that are kept, as read."""
A_CHARACTER: Final = 200
"""Bytes that a document takes when it is read, for each of its text: a word takes about a thousand."""
MAX_CACHED_LENGTH: Final = 10_000
SHORT: Final = 500
"""Characters that are read at once. What is longer is read in a thread."""
THREADS: Final = 4
_LINE_BREAK: Final = re.compile(r"\r\n|[\n\r]")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document."""

    name: str | None
    kind: OperationType
    selection: SelectionCost

    def cost(self, variables: Mapping[str, Any] | None) -> int | GraphQLError:
        """What it costs at most, or why it is refused."""
        return cost(self.selection, variables)


@dataclass(frozen=True, slots=True)
class Document:
    """What was sent. node: None where it could not be read. errors: why it cannot be executed."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    operations: tuple[Operation, ...] = ()

    def operation(self, name: str | None) -> Operation | GraphQLError:
        """The one that is to be executed."""
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            return GraphQLError("The document has several operations: say by operationName which one is meant.")
        found = next((operation for operation in self.operations if operation.name == name), None)
        return found or GraphQLError(f"The document has no operation of this name: {name[:100]!r}.")


class Lined(Source):
    """A text whose lines are counted once, however many errors are told with their place."""

    __slots__ = ("_starts",)

    def __init__(self, body: str) -> None:
        super().__init__(body)
        self._starts = [0, *(found.end() for found in _LINE_BREAK.finditer(body))]

    def get_location(self, position: int) -> SourceLocation:
        line = bisect_right(self._starts, position)
        return SourceLocation(line, position + 1 - self._starts[line - 1])


class DocumentCache:
    """Reads documents for a schema, and keeps valid ones that were asked for lately. For one event loop."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="document")
        self._kept: dict[str, Document] = {}
        self._size = 0

    async def read(self, text: str, share: PersonQuota) -> Document:
        """share: of the person who sends it. One document of theirs is read at a time."""
        if (error := too_long(text)) is not None:
            return Document(None, (error,))
        if (document := self._at_hand(text)) is not None:
            return document
        if len(text) <= SHORT:
            return self._keep(text, _read(self._schema, text))
        async with share.reading:
            if (document := self._at_hand(text)) is not None:
                return document
            loop = asyncio.get_running_loop()
            return self._keep(text, await loop.run_in_executor(self._threads, _read, self._schema, text))

    def _at_hand(self, text: str) -> Document | None:
        document = self._kept.pop(text, None)
        if document is not None:
            self._kept[text] = document
        return document

    def _keep(self, text: str, document: Document) -> Document:
        if document.errors or len(text) > MAX_CACHED_LENGTH:
            return document
        if text not in self._kept:
            self._size += len(text) * A_CHARACTER
        self._kept[text] = document
        while self._size > MAX_DOCUMENTS:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._size -= len(oldest) * A_CHARACTER
        return document


def _read(schema: GraphQLSchema, text: str) -> Document:
    try:
        node = parse(Lined(text), max_tokens=TOKENS)
        if (error := too_wide(text, node)) is not None:
            return Document(node, (error,))
        errors = validate(schema, node, specified_rules, max_errors=ERRORS)
        return Document(node, tuple(errors)) if errors else Document(node, (), _operations(schema, node))
    except GraphQLError as error:
        return Document(None, (error,))
    except RecursionError:
        return Document(None, (GraphQLError("The document is nested too deeply."),))


def _operations(schema: GraphQLSchema, node: DocumentNode) -> tuple[Operation, ...]:
    return tuple(
        Operation(
            name=definition.name.value if definition.name else None,
            kind=definition.operation,
            selection=measure(schema, node, definition),
        )
        for definition in node.definitions
        if isinstance(definition, OperationDefinitionNode)
    )
