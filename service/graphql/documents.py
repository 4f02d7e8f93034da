"""Documents, read and validated once: the same question is asked many times."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    parse,
    specified_rules,
    validate,
)

from service.graphql.limits import TOKENS, Selection, excess, measured, too_wide

KEPT: Final = 256 * 1024
LONGEST_KEPT: Final = 10_000
"""Characters, of all that are kept together and of one: read, a document takes about a hundred times its text."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a valid document."""

    name: str | None
    kind: OperationType
    selection: Selection

    def excess(self, variables: Mapping[str, Any] | None) -> GraphQLError | None:
        return excess(self.selection, variables)


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


class Reader:
    """Reads documents for a schema, and keeps valid ones that were asked for lately. For one thread."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: dict[str, Document] = {}
        self._size = 0

    def read(self, text: str) -> Document:
        document = self._kept.pop(text, None)
        if document is not None:
            self._kept[text] = document
            return document
        document = _read(self._schema, text)
        if not document.errors and len(text) <= LONGEST_KEPT:
            self._keep(text, document)
        return document

    def _keep(self, text: str, document: Document) -> None:
        self._kept[text] = document
        self._size += len(text)
        while self._size > KEPT:
            oldest = next(iter(self._kept))
            del self._kept[oldest]
            self._size -= len(oldest)


def _read(schema: GraphQLSchema, text: str) -> Document:
    try:
        node = parse(text, max_tokens=TOKENS)
        if (error := too_wide(node)) is not None:
            return Document(node, (error,))
        errors = validate(schema, node, specified_rules)
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
            selection=measured(schema, node, definition),
        )
        for definition in node.definitions
        if isinstance(definition, OperationDefinitionNode)
    )
