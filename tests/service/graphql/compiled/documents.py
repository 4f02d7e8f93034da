"""Random documents for a schema: valid by construction."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

BOOLEANS = {"b0": True, "b1": False, "b2": True}
"""Variables of directives."""


@dataclass
class Writer:
    """Writes one document. A response key always stands for one field with the same arguments.

    left: how many parts of selections it may still have. skipped: fields that are not asked for. arguments: those that
    may be given, None for all.
    """

    schema: GraphQLSchema
    chance: random.Random
    deepest: int = 4
    left: int = 30
    skipped: frozenset[str] = frozenset()
    arguments: frozenset[str] | None = None
    variables: dict[str, Any] = field(default_factory=dict)
    _declared: dict[str, str] = field(default_factory=dict)
    _arguments: dict[tuple[str, str, int], str] = field(default_factory=dict)
    _fragments: dict[str, str] = field(default_factory=dict)
    _reusable: dict[str, list[str]] = field(default_factory=dict)

    def operation(self, kind: str, root: GraphQLObjectType, names: Sequence[str]) -> str:
        fields = " ".join(self._field(root, self.chance.choice(names), 0, "") for _ in range(self.chance.randint(1, 3)))
        declared = f"({', '.join(f'${name}: {of}' for name, of in self._declared.items())})" if self._declared else ""
        return f"{kind}{declared} {{ {fields} }} {' '.join(self._fragments.values())}"

    def _selection(self, kind: Any, depth: int) -> str:
        parts = ["__typename"] if self.chance.random() < 0.3 else []
        parts += [self._part(kind, depth) for _ in range(self.chance.randint(1, 4))]
        return "{ " + (" ".join(filter(None, parts)) or "__typename") + " }"

    def _part(self, kind: Any, depth: int) -> str:
        self.left -= 1
        if self.left < 0:
            return ""
        chance = self.chance.random()
        if chance < 0.2 or isinstance(kind, GraphQLUnionType):
            of = self._within(kind)
            return f"... on {of.name}{self._directive()} {self._selection_of(of, kind, depth)}"
        if chance < 0.4:
            return f"...{self._fragment(self._within(kind), depth)}{self._directive()}"
        if chance < 0.45:
            return f"...{self._directive()} {self._selection(kind, depth)}"
        names = [
            name
            for name, each in kind.fields.items()
            if name not in self.skipped and (depth < self.deepest or is_leaf_type(get_named_type(each.type)))
        ]
        return (
            self._field(
                kind, self.chance.choice(names), depth, kind.name if isinstance(kind, GraphQLObjectType) else ""
            )
            if names
            else ""
        )

    def _selection_of(self, of: Any, kind: Any, depth: int) -> str:
        return self._selection(of, depth + (of is not kind))

    def _within(self, kind: Any) -> Any:
        """A type that a fragment may be on."""
        if is_abstract_type(kind) and self.chance.random() < 0.8:
            return self.chance.choice([*self.schema.get_possible_types(kind)])
        interfaces = list(getattr(kind, "interfaces", ()))
        return self.chance.choice(interfaces) if interfaces and self.chance.random() < 0.3 else kind

    def _fragment(self, kind: Any, depth: int) -> str:
        known = self._reusable.setdefault(f"{kind.name} {depth}", [])
        if known and self.chance.random() < 0.5:
            return self.chance.choice(known)
        name = f"F{len(self._fragments)}"
        self._fragments[name] = ""
        self._fragments[name] = f"fragment {name} on {kind.name} {self._selection(kind, depth + 1)}"
        known.append(name)
        return name

    def _field(self, kind: Any, name: str, depth: int, prefix: str) -> str:
        """prefix: tells the fields of object types apart that no interface declares."""
        definition = kind.fields[name]
        if any(name in each.fields for each in getattr(kind, "interfaces", ())):
            prefix = ""
        variant = self.chance.randrange(2) if definition.args else self.chance.choice([0, 0, 1])
        key = (prefix, name, variant)
        if key not in self._arguments:
            self._arguments[key] = self._written(definition)
        alias = name if not prefix and not variant else f"{prefix}{name}{variant}"
        named = get_named_type(definition.type)
        below = "" if is_leaf_type(named) else self._selection(named, depth + 1)
        return f"{alias}: {name}{self._arguments[key]}{self._directive()} {below}"

    def _written(self, definition: Any) -> str:
        given = [
            f"{name}: {self._value(argument.type)}"
            for name, argument in definition.args.items()
            if (self.arguments is None or name in self.arguments)
            and (isinstance(argument.type, GraphQLNonNull) or self.chance.random() < 0.6)
        ]
        return f"({', '.join(given)})" if given else ""

    def _value(self, kind: Any) -> str:
        if self.chance.random() < 0.4:
            name = f"v{len(self._declared)}"
            self._declared[name] = str(kind)
            self.variables[name] = self._sent(kind)
            return f"${name}"
        return _literal(kind, self._sent(kind))

    def _sent(self, kind: Any) -> Any:
        if isinstance(kind, GraphQLNonNull):
            return self._present(kind.of_type)
        return None if self.chance.random() < 0.2 else self._present(kind)

    def _present(self, kind: Any) -> Any:
        if isinstance(kind, GraphQLList):
            return [self._sent(kind.of_type) for _ in range(self.chance.randrange(3))]
        if isinstance(kind, GraphQLEnumType):
            return self.chance.choice([*kind.values])
        if isinstance(kind, GraphQLInputObjectType):
            fields = {name: each for name, each in kind.fields.items() if self.chance.random() < 0.4}
            return {name: self._sent(each.type) for name, each in fields.items()}
        if kind.name == "Int":
            return self.chance.randint(1, 4)
        return self.chance.random() < 0.5 if kind.name == "Boolean" else "text"

    def _directive(self) -> str:
        if self.chance.random() < 0.8:
            return ""
        name, holds = self.chance.choice(["skip", "include"]), self.chance.choice(["true", "false", *BOOLEANS])
        if holds in BOOLEANS:
            self._declared[holds] = "Boolean!" if holds != "b2" else "Boolean = true"
            if holds != "b2":
                self.variables[holds] = BOOLEANS[holds]
            holds = f"${holds}"
        return f" @{name}(if: {holds})"


def _literal(kind: Any, value: Any) -> str:
    if isinstance(kind, GraphQLNonNull):
        return _literal(kind.of_type, value)
    if value is None:
        return "null"
    if isinstance(kind, GraphQLList):
        return f"[{', '.join(_literal(kind.of_type, each) for each in value)}]"
    if isinstance(kind, GraphQLInputObjectType):
        return (
            "{" + ", ".join(f"{name}: {_literal(kind.fields[name].type, each)}" for name, each in value.items()) + "}"
        )
    if isinstance(value, bool):
        return str(value).lower()
    return value if isinstance(kind, GraphQLEnumType) else f'"{value}"' if isinstance(value, str) else str(value)
