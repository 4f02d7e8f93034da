"""Documents that ask a root field for everything that the schema has below it."""

from collections.abc import Mapping
from typing import Any, Final

from graphql import (
    GraphQLField,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)

from service.graphql.root import schema

SCHEMA: Final[Any] = schema._schema
QUERIES, MUTATIONS, SUBSCRIPTIONS = (
    dict(root.fields) if root else {} for root in (SCHEMA.query_type, SCHEMA.mutation_type, SCHEMA.subscription_type)
)
GIVEN: Final = {"fromVersion": "1"}
"""Required arguments below the root, by name."""
FEW: Final = 3
"""Items of a connection, and of a list outside of nodes, so that the document is within the limit of cost. Connections
at the root and the lists of nodes show all."""
OF_ITS_KIND: Final = ("onBehalfOf",)
"""Fields of the type that they are in, of which the own values are shown."""
NODES: Final = frozenset(kind.name for kind in SCHEMA.get_possible_types(SCHEMA.type_map["Node"])) | {"RecordedEvent"}


def whole(field: GraphQLField, *, in_node: bool = False) -> str:
    """The selection of a field: everything below it, each type once on a path. Of a node in a node, its own values.

    in_node: the same for the first nodes.
    """
    return _selection(get_named_type(field.type), NODES & {"RecordedEvent"} if in_node else frozenset())


def briefly(field: GraphQLField) -> str:
    """A selection that tells whether there is something."""
    kind = get_named_type(field.type)
    return "{ edges { cursor } }" if "edges" in getattr(kind, "fields", ()) else "{ __typename }"


def reached(*roots: Mapping[str, GraphQLField]) -> set[str]:
    """The fields below these that such documents ask for, as 'Type.field'."""
    found, seen = set[str](), set[str]()
    waiting: list[Any] = [get_named_type(field.type) for root in roots for field in root.values()]
    while waiting:
        kind = waiting.pop()
        if kind.name in seen or is_leaf_type(kind):
            continue
        seen.add(kind.name)
        if is_abstract_type(kind):
            waiting += SCHEMA.get_possible_types(kind)
            continue
        for name, field in kind.fields.items():
            found.add(f"{kind.name}.{name}")
            waiting.append(get_named_type(field.type))
    return found


def _selection(kind: Any, above: frozenset[str]) -> str:
    if is_leaf_type(kind):
        return ""
    if is_abstract_type(kind):
        kinds = [each for each in SCHEMA.get_possible_types(kind) if each.name not in above]
        parts = [f"... on {each.name} {_selection(each, above)}" for each in kinds]
    else:
        within = above & NODES
        above |= {kind.name}
        fields = kind.fields.items() if not (within and kind.name in NODES) else _leaves(kind)
        parts = [part for name, field in fields if (part := _field(name, field, above, kind.name in NODES))]
    return f"{{ __typename {' '.join(parts)} }}"


def _leaves(kind: GraphQLObjectType) -> list[tuple[str, GraphQLField]]:
    return [(name, field) for name, field in kind.fields.items() if is_leaf_type(get_named_type(field.type))]


def _names_of_leaves(kind: Any) -> list[str]:
    return [name for name, _ in _leaves(kind)]


def _field(name: str, field: GraphQLField, above: frozenset[str], in_node: bool) -> str:
    kind = get_named_type(field.type)
    if kind.name in above:
        return f"{name} {{ __typename {' '.join(_names_of_leaves(kind))} }}" if name in OF_ITS_KIND else ""
    required = [each for each, argument in field.args.items() if isinstance(argument.type, GraphQLNonNull)]
    arguments = [f"{each}: {GIVEN[each]}" for each in required]
    if "first" in field.args and (not in_node or "edges" in getattr(kind, "fields", ())):
        arguments.append(f"first: {FEW}")
    given = f"({', '.join(arguments)})" if arguments else ""
    return f"{name}{given} {_selection(kind, above)}"
