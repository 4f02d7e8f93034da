"""Cache of parsed and validated documents."""

import asyncio
import re
from bisect import bisect_right
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import strawberry
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    Source,
    SourceLocation,
    parse,
    specified_rules,
    validate,
)

from domain.vocabulary import joined
from projections.bounded_cache import BoundedCache
from service.graphql.compiled.plans import Plans
from service.graphql.compiled.writer import Charges
from service.graphql.execution.cost_model import OperationCost
from service.graphql.execution.field_charges import charge_of_field, charge_of_item
from service.graphql.execution.graphql_errors import ERRORS
from service.graphql.execution.person_quotas import PersonQuota
from service.graphql.execution.query_cost import TOKENS, cost, measure, too_long, too_wide

MAX_DOCUMENTS: Final = 16 * 1024 * 1024
"""Bytes of parsed documents in the cache, with their plans."""
BYTES_PER_CHARACTER: Final = 200
"""Estimated bytes of a parsed document per character of its text. A token takes about 1,000 bytes."""
MAX_CACHED_LENGTH: Final = 10_000
MAX_INLINE_LENGTH: Final = 500
"""Characters. A longer document is parsed in a thread."""
THREADS: Final = 4
NAMED: Final = 10
"""Maximum operations that an error names."""
CHARGES: Final = Charges(charge_of_field, charge_of_item)
_LINE_BREAK: Final = re.compile(r"\r\n|[\n\r]")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentPolicy:
    """trusted_only: whether only trusted documents are executed. introspection: whether other documents may query the
    schema. suggestions: whether errors suggest similar names of the schema."""

    trusted_only: bool = False
    introspection: bool = True
    suggestions: bool = True


ANY: Final = DocumentPolicy()


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document. declared: the names of its variables."""

    name: str | None
    kind: OperationType
    selection: OperationCost
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
            return GraphQLError(f"The document has several operations: select {self._names()} with operationName.")
        found = next((operation for operation in self.operations if operation.name == name), None)
        return found or GraphQLError(f"The document has no operation {name[:100]!r}: it has {self._names()}.")

    def _names(self) -> str:
        """The names of the first operations."""
        named = [operation.name for operation in self.operations if operation.name]
        return joined([*named[:NAMED], *(["others"] if len(named) > NAMED else [])], "or") or "one without a name"


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

    def __init__(self, schema: strawberry.Schema, policy: DocumentPolicy = ANY) -> None:
        self._parse = partial(parse_document, schema, policy=policy)
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="document")
        self._documents: BoundedCache[str, Document] = BoundedCache(MAX_DOCUMENTS)

    @property
    def size(self) -> int:
        """Estimated bytes of all cached documents."""
        return self._documents.size

    async def read(self, text: str, share: PersonQuota) -> Document:
        """share: the sender's quota. Long documents of one person are parsed one at a time."""
        if (error := too_long(text)) is not None:
            return Document(None, (error,))
        if (document := self._documents.get(text)) is not None:
            return document
        if len(text) <= MAX_INLINE_LENGTH:
            async with share.pace.piece():
                return self.keep(text, self._parse(text))
        async with share.reading:
            if (document := self._documents.get(text)) is not None:
                return document
            await share.pace.point()
            loop = asyncio.get_running_loop()
            return self.keep(text, await loop.run_in_executor(self._threads, self._parse, text))

    def keep(self, text: str, document: Document) -> Document:
        """Caches a valid document. Call it again when its plans may have grown, so that they count."""
        if document.plans is not None:
            self._documents.put(text, document, len(text) * BYTES_PER_CHARACTER + document.plans.size)
        return document


def parse_document(schema: strawberry.Schema, text: str, *, policy: DocumentPolicy = ANY) -> Document:
    """Parses and validates a document."""
    try:
        node, core = parse(LineIndexedSource(text), max_tokens=TOKENS), schema._schema
        if (error := too_wide(text, node)) is not None:
            return Document(node, (error,))
        rules = specified_rules if policy.introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        errors = validate(core, node, rules, max_errors=ERRORS, hide_suggestions=not policy.suggestions)
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
