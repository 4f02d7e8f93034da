"""Source that writes scalars and enums."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from graphql import GraphQLEnumType, GraphQLScalarType

DEFINITION: Final = "strawberry-definition"
EXACT: Final = {
    "String": "type({0}) is not str",
    "ID": "type({0}) is not str",
    "Boolean": "type({0}) is not bool",
    "Int": "type({0}) is not int or not -2147483648 <= {0} <= 2147483647",
}
"""By scalar: when a value is unexpected. Such a value is its own JSON."""

TEXT_OF: Final = {"DateTime": datetime, "Position": int}
"""By custom scalar: the class whose values it serialises as ASCII text."""
PLAIN: Final = frozenset({datetime, int, str})
"""Classes whose values are neither errors nor awaitables."""


class Unexpected(Exception):
    """A value that the compiled source does not cover."""


def leaf(kind: Any, value: str, named: Callable[[str, object], str]) -> list[str]:
    """The lines that replace a value by its JSON. named: adds a value to the namespace and returns its name."""
    if isinstance(kind, GraphQLEnumType):
        members = kind.extensions[DEFINITION].wrapped_cls
        names = {member: kind.coerce_output_value(member) for member in members}
        check = [f"if type({value}) is not {named('enum', members)}:", "    raise Unexpected"]
        return [*check, f"{value} = {named('names', names)}[{value}]", f"size += len({value})"]
    if kind.name in EXACT:
        check = [f"if {EXACT[kind.name].format(value)}:", "    raise Unexpected"]
        size = [f"size += len({value}) if {value}.isascii() else 4 * len({value})"]
        return check + size if kind.name in ("String", "ID") else check
    written = f"{value} = {named('scalar', _scalar(kind))}({value}, run)"
    if kind.name not in TEXT_OF:
        return [written]
    text = f"{value} = {named('text', kind.coerce_output_value)}({value})"
    is_plain = f"if type({value}) is {named('kind', TEXT_OF[kind.name])}:"
    return [is_plain, f"    {text}", f"    size += len({value})", "else:", f"    {written}"]


def _scalar(kind: GraphQLScalarType) -> Callable[[Any, Any], Any]:
    """Serialises a value of a custom scalar as graphql-core does."""
    serialize = kind.coerce_output_value

    def written(value: Any, run: Any) -> Any:
        if type(value) not in PLAIN and (isinstance(value, Exception) or hasattr(type(value), "__await__")):
            raise Unexpected
        found = serialize(value)
        if type(found) is str:
            run.spend(0, len(found) if found.isascii() else 4 * len(found))
            return found
        if found is None:
            raise Unexpected
        run.spend_value(found)
        return found

    return written
