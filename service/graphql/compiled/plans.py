"""Compiles operations, and keeps the plans of one document."""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import strawberry
from graphql import DocumentNode, GraphQLError, OperationDefinitionNode

from service.graphql.compiled.collect import Collector, NotCompilable, conditions, fragments_of
from service.graphql.compiled.resolvers import ANYTHING
from service.graphql.compiled.writer import Charges, Writer

BUILT_IN: Final = {"type": type, "str": str, "int": int, "bool": bool, "len": len}
MAX_PLANS: Final = 8
"""Plans of one document: one for each operation and set of values of the variables that its directives use."""
BYTES_PER_CHARACTER: Final = 20
"""Estimated bytes of a plan per character of its source."""

Key = tuple[str | None, tuple[tuple[str, bool], ...]]


@dataclass(frozen=True, slots=True)
class Plan:
    """A compiled operation.

    complete: writes the response and leaves the fields that have a resolver to the run. reads: by type, the names that
    its fields read of a state; None if they may read anything. Types that are absent are not selected.
    """

    source: str
    complete: Callable[[Any, Any], dict[str, Any]]
    reads: Mapping[str, frozenset[str] | None]


def compiled(
    schema: strawberry.Schema, collector: Collector, operation: OperationDefinitionNode, charges: Charges
) -> Plan:
    """Raises NotCompilable."""
    root = schema._schema.get_root_type(operation.operation)
    if root is None:
        raise NotCompilable("no such root")
    writer = Writer(schema, collector, charges, root)
    name = writer.function(root, [operation.selection_set])
    source = "\n".join(writer.lines)
    namespace = loaded(source, writer.namespace)
    for resolver, completion in writer.resolvers:
        resolver.complete = namespace[completion]
    for table in writer.tables:
        table.update({kind: namespace[function] for kind, function in table.items()})
    reads = {kind: None if ANYTHING in names else frozenset(names) for kind, names in writer.reads.items()}
    return Plan(source, namespace[name], reads)


def loaded(source: str, namespace: Mapping[str, Any]) -> dict[str, Any]:
    """The namespace with the functions of a source.

    Generated code has no builtins but those named here. The import is for finalizers that run within its frames.
    """
    found = {**BUILT_IN, **namespace, "__builtins__": {"__import__": __import__}}
    exec(compile(source, "<operation>", "exec"), found)  # noqa: S102
    return found


class Plans:
    """size: bytes of the plans."""

    def __init__(self, schema: strawberry.Schema, document: DocumentNode, charges: Charges) -> None:
        self.size = 0
        self._schema, self._charges = schema, charges
        self._fragments = fragments_of(document)
        self._conditions = conditions(document)
        self._plans: dict[Key, Plan | None] = {}
        self._missed: deque[Key] = deque(maxlen=MAX_PLANS)

    def is_known(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> bool:
        """Whether `plan` finds the plan without compiling."""
        key = self._key(operation, variables)
        return key in self._plans or (len(self._plans) >= MAX_PLANS and key not in self._missed)

    def plan(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Plan | None:
        """The plan of an operation; None if graphql-core must execute it. variables: coerced."""
        key = self._key(operation, variables)
        if key in self._plans:
            self._plans[key] = found = self._plans.pop(key)
            return found
        if len(self._plans) >= MAX_PLANS and not self._makes_room(key):
            return None
        try:
            collector = Collector(self._schema._schema, self._fragments, dict(key[1]))
            found = self._plans[key] = compiled(self._schema, collector, operation, self._charges)
        except (NotCompilable, GraphQLError, RecursionError):
            self._plans[key] = None
            return None
        self.size += _size(found)
        return found

    def _key(self, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> Key:
        values = [(name, value) for name in self._conditions if type(value := variables.get(name)) is bool]
        return operation.name.value if operation.name else None, tuple(values)

    def _makes_room(self, key: Key) -> bool:
        """Drops the plan that was used longest ago, if the key was missed before: random values evict no plan."""
        if key not in self._missed:
            self._missed.append(key)
            return False
        self._missed.remove(key)
        oldest = self._plans.pop(next(iter(self._plans)))
        self.size -= _size(oldest)
        return True


def _size(plan: Plan | None) -> int:
    return len(plan.source) * BYTES_PER_CHARACTER if plan else 0
