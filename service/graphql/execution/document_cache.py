"""Cache of parsed and validated documents."""

import asyncio
import re
from bisect import bisect_right
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import strawberry
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

from service.graphql.compiled.plans import Plans
from service.graphql.compiled.writer import Charges
from service.graphql.execution.field_charges import charge_of_field, charge_of_item
from service.graphql.execution.graphql_errors import ERRORS
from service.graphql.execution.person_quotas import PersonQuota
from service.graphql.execution.query_cost import TOKENS, SelectionCost, cost, measure, too_long, too_wide

MAX_DOCUMENTS: Final = 16 * 1024 * 1024
"""Bytes of parsed documents in the cache."""
BYTES_PER_CHARACTER: Final = 200
"""Estimated bytes of a parsed document per character of its text. A token takes about 1,000 bytes."""
MAX_CACHED_LENGTH: Final = 10_000
MAX_INLINE_LENGTH: Final = 500
"""Characters. A longer document is parsed in a thread."""
THREADS: Final = 4
CHARGES: Final = Charges(charge_of_field, charge_of_item)
_LINE_BREAK: Final = re.compile(r"\r\n|[\n\r]")


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document. declared: the names of its variables."""

    name: str | None
    kind: OperationType
    selection: SelectionCost
    declared: tuple[str, ...]

    def cost(self, variables: Mapping[str, Any] | None) -> int | GraphQLError:
        """The maximum cost, or the error that refuses the operation."""
        sent = variables or {}
        return cost(self.selection, {name: sent[name] for name in self.declared if name in sent})


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed document. node: None if parsing failed. errors: why it cannot be executed. plans: if it is cached."""

    node: DocumentNode | None
    errors: tuple[GraphQLError, ...] = ()
    operations: tuple[Operation, ...] = ()
    plans: Plans | None = None

    def operation(self, name: str | None) -> Operation | GraphQLError:
        """The operation to execute, or the error if the name does not select one."""
        if name is None:
            if len(self.operations) == 1:
                return self.operations[0]
            return GraphQLError("The document has several operations: select one with operationName.")
        found = next((operation for operation in self.operations if operation.name == name), None)
        return found or GraphQLError(f"The document has no operation with this name: {name[:100]!r}.")


class LineIndexedSource(Source):
    """A source that indexes its lines once, for fast error locations."""

    __slots__ = ("_starts",)

    def __init__(self, body: str) -> None:
        super().__init__(body)
        self._starts = [0, *(found.end() for found in _LINE_BREAK.finditer(body))]

    def get_location(self, position: int) -> SourceLocation:
        line = bisect_right(self._starts, position)
        return SourceLocation(line, position + 1 - self._starts[line - 1])


class DocumentCache:
    """Parses and validates documents for a schema. LRU cache of valid ones. Use from one event loop only."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self._schema = schema
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="document")
        self._documents: dict[str, Document] = {}
        self._sizes: dict[str, int] = {}
        self._size = 0

    async def read(self, text: str, share: PersonQuota) -> Document:
        """share: the sender's quota. Long documents of one person are parsed one at a time."""
        if (error := too_long(text)) is not None:
            return Document(None, (error,))
        if (document := self._lookup(text)) is not None:
            return document
        if len(text) <= MAX_INLINE_LENGTH:
            return self._keep(text, parse_document(self._schema, text))
        async with share.reading:
            if (document := self._lookup(text)) is not None:
                return document
            loop = asyncio.get_running_loop()
            return self._keep(text, await loop.run_in_executor(self._threads, parse_document, self._schema, text))

    def _lookup(self, text: str) -> Document | None:
        document = self._documents.pop(text, None)
        return None if document is None else self._keep(text, document)

    def _keep(self, text: str, document: Document) -> Document:
        """Keeps a document as the last one used. Its plans may have grown since."""
        if document.plans is None:
            return document
        size = len(text) * BYTES_PER_CHARACTER + document.plans.size
        self._size += size - self._sizes.get(text, 0)
        self._documents[text], self._sizes[text] = document, size
        while self._size > MAX_DOCUMENTS:
            oldest = next(iter(self._documents))
            del self._documents[oldest]
            self._size -= self._sizes.pop(oldest)
        return document


def parse_document(schema: strawberry.Schema, text: str) -> Document:
    """Parses and validates a document."""
    try:
        node, core = parse(LineIndexedSource(text), max_tokens=TOKENS), schema._schema
        if (error := too_wide(text, node)) is not None:
            return Document(node, (error,))
        errors = validate(core, node, specified_rules, max_errors=ERRORS)
        if errors:
            return Document(node, tuple(errors))
        plans = Plans(schema, node, CHARGES) if len(text) <= MAX_CACHED_LENGTH else None
        return Document(node, (), _operations(core, node), plans)
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
            declared=tuple(each.variable.name.value for each in definition.variable_definitions or ()),
        )
        for definition in node.definitions
        if isinstance(definition, OperationDefinitionNode)
    )
