"""Trusted documents whose answers are sent to webhook endpoints: queries that need nothing but an event."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from graphql import NonNullTypeNode, OperationDefinitionNode, OperationType, parse

from service.graphql.execution.trusted_documents import read_documents

GIVEN: Final = frozenset({"id", "reference", "position", "atLeast"})
"""The variables that an event supplies."""


@cache
def sent_documents() -> Mapping[str, frozenset[str]]:
    """By name: the variables that the document declares and an event supplies."""
    found = {name: _variables(text) for name, text in read_documents().items()}
    return {name: given for name, given in found.items() if given is not None}


def variables_for(name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The variables of a document, by what is known of an event. A subject is named by its id where that is taken."""
    declared = sent_documents()[name]
    omitted = {"reference"} if "id" in declared else set()
    return {each: values[each] for each in declared - omitted if values.get(each) is not None}


def _variables(text: str) -> frozenset[str] | None:
    """None if the document is no single query, or needs another variable."""
    operations = [each for each in parse(text).definitions if isinstance(each, OperationDefinitionNode)]
    if len(operations) != 1 or operations[0].operation is not OperationType.QUERY:
        return None
    declared = operations[0].variable_definitions or ()
    needed = {each.variable.name.value for each in declared if isinstance(each.type, NonNullTypeNode)}
    names = frozenset(each.variable.name.value for each in declared)
    return names & GIVEN if needed <= GIVEN else None
