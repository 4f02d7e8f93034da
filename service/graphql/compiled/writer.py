"""Writes the Python source of one operation.

Of the document only response keys enter the source, as `repr` of a GraphQL name. Types, resolvers and everything else
enter by the namespace.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import strawberry
from graphql import (
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)
from strawberry.types.field import StrawberryField

from service.graphql.compiled.collect import Collector, NotCompilable
from service.graphql.compiled.leaves import DEFINITION, Unexpected, leaf
from service.graphql.compiled.resolvers import (
    ANYTHING,
    PATH,
    READ,
    READS,
    Resolver,
    definition_of,
    is_read_at_once,
)

LONGEST: Final = 40 * 1024
"""Characters of source, which take 13 ms. A longer operation is not compiled: others wait meanwhile."""
FRAME: Final = 4
"""Bytes per value of the response: quotation marks, a colon and a comma."""


@dataclass(frozen=True, slots=True)
class Charges:
    """Cost of a field, and of each item of a list, in units."""

    of_field: Callable[[GraphQLField], int]
    of_item: Callable[[Any], int]


class Writer:
    """Writes one function for each object type and merged selection, and one for each field with a resolver."""

    def __init__(
        self, schema: strawberry.Schema, collector: Collector, charges: Charges, root: GraphQLObjectType
    ) -> None:
        self.lines: list[str] = []
        self.namespace: dict[str, Any] = {"Unexpected": Unexpected, "lists": frozenset({list, tuple})}
        self.resolvers: list[tuple[Resolver, str]] = []
        self.tables: list[dict[type, Any]] = []
        self.reads: dict[str, set[str]] = {}
        self._schema, self._collector, self._charges, self._root = schema, collector, charges, root
        self._functions: dict[tuple[str, tuple[int, ...]], str] = {}
        self._names = 0
        self._length = 0

    def function(self, kind: GraphQLObjectType, sets: Sequence[SelectionSetNode]) -> str:
        """The name of the function that completes an object of a type."""
        identity = (kind.name, tuple(map(id, sets)))
        if (known := self._functions.get(identity)) is not None:
            return known
        name = self._functions[identity] = self._name("object")
        lines, keys, holes = [], [], []
        units, size = 0, 0
        for key, nodes in self._collector.fields(kind, sets).items():
            size += len(key) + FRAME
            below = [node.selection_set for node in nodes if node.selection_set]
            field_name = nodes[0].name.value
            if field_name == "__typename":
                keys.append(f"{key!r}: {kind.name!r}")
                units, size = units + 1, size + len(kind.name)
                continue
            field = kind.fields.get(field_name)
            if field is None:
                raise NotCompilable(field_name)
            units += self._charges.of_field(field)
            definition = definition_of(field)
            for owner, names in definition.metadata.get(READS, {None: (ANYTHING,)}).items():
                self._reads(owner or kind.name, *names)
            if is_read_at_once(definition) and kind is not self._root:
                value = self._name("v")
                lines.append(f"{value} = {self._read(definition)}")
                lines += self._value(field.type, value, below)
                keys.append(f"{key!r}: {value}")
            else:
                resolver = Resolver(self._schema, kind, key, field, nodes)
                self.resolvers.append((resolver, self._completion(field.type, below)))
                keys.append(f"{key!r}: None")
                holes.append(f"run.leave((found, source, {self._named('resolver', resolver)}))")
        classes = self._named("kinds", frozenset(_classes(kind)))
        check = [] if kind is self._root else [f"if type(source) not in {classes}:", "    raise Unexpected"]
        disclosed = [each.disclosure for each in _classes(kind) if hasattr(each, "disclosure")]
        if disclosed:
            self._reads(kind.name, *disclosed[0].reads)
            check.append(f"run.note({self._named('disclosure', disclosed[0].read)}(source))")
        body = [*check, f"size = {size}", *lines, f"run.spend({units}, size)", f"found = {{{', '.join(keys)}}}", *holes]
        self._write(name, "source", body, "found")
        return name

    def _reads(self, type_name: str, *names: str) -> None:
        self.reads.setdefault(type_name, set()).update(names)

    def _read(self, definition: StrawberryField) -> str:
        """The expression of a field that is read at once."""
        if definition.base_resolver is None:
            return f"source.{definition.python_name}"
        if (path := definition.metadata.get(PATH)) is not None:
            return f"source.{path}"
        function = definition.base_resolver.wrapped_func
        return f"{self._named('read', getattr(function, READ, function))}(source)"

    def _completion(self, kind: GraphQLOutputType, sets: Sequence[SelectionSetNode]) -> str:
        """The name of the function that completes a resolved value of a type."""
        name = self._name("value")
        self._write(name, "value", ["size = 0", *self._value(kind, "value", sets), "run.spend(0, size)"], "value")
        return name

    def _value(self, kind: GraphQLOutputType, value: str, sets: Sequence[SelectionSetNode]) -> list[str]:
        """The lines that replace a value by its completion."""
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type, value, sets)
        return [f"if {value} is not None:", *_indented(self._present(kind, value, sets))]

    def _present(self, kind: Any, value: str, sets: Sequence[SelectionSetNode]) -> list[str]:
        if isinstance(kind, GraphQLList):
            return self._list(kind.of_type, value, sets)
        if is_leaf_type(kind):
            return leaf(kind, value, self._named)
        if isinstance(kind, GraphQLObjectType):
            return [f"{value} = {self.function(kind, sets)}({value}, run)"]
        assert is_abstract_type(kind)
        kinds = self._schema._schema.get_possible_types(kind)
        table = {each: self.function(kind, sets) for kind in kinds for each in _classes(kind)}
        if len(table) < sum(len(_classes(kind)) for kind in kinds):
            raise NotCompilable("two types of one class")
        self.tables.append(table)
        return [f"{value} = {self._named('types', table)}[type({value})]({value}, run)"]

    def _list(self, of: GraphQLOutputType, value: str, sets: Sequence[SelectionSetNode]) -> list[str]:
        item, items = self._name("item"), self._name("items")
        charge = 0 if is_leaf_type(get_named_type(of)) else self._charges.of_item(get_named_type(of))
        return [
            f"if type({value}) not in lists:",
            "    raise Unexpected",
            f"run.spend({charge} * len({value}), {FRAME} * len({value}))",
            f"{items} = []",
            f"for {item} in {value}:",
            *_indented(self._value(of, item, sets)),
            f"    {items}.append({item})",
            f"{value} = {items}",
        ]

    def _named(self, stem: str, value: object) -> str:
        name = self._name(stem)
        self.namespace[name] = value
        return name

    def _name(self, stem: str) -> str:
        self._names += 1
        return f"{stem}{self._names}"

    def _write(self, name: str, parameter: str, body: Sequence[str], result: str) -> None:
        lines = [f"def {name}({parameter}, run):", *_indented([*body, f"return {result}"])]
        self._length += sum(map(len, lines))
        if self._length > LONGEST:
            raise NotCompilable("too long")
        self.lines += lines


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" for line in lines]


def _classes(kind: GraphQLObjectType) -> list[Any]:
    """The classes of a type's objects: its own, and that of the generic type that it is made of."""
    definition = kind.extensions[DEFINITION]
    return [each.origin for each in (definition, definition.concrete_of) if each is not None]
