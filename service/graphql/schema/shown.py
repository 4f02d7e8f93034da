"""Fields that are read from the object when they are asked for, and what a field reads of the state behind it."""

from collections.abc import Callable
from inspect import Parameter, Signature
from operator import attrgetter
from typing import Any

import strawberry

from service.graphql.compiled.resolvers import ANYTHING, PATH, READS


def shown(
    source: str | Callable[[Any], Any],
    description: str | None = None,
    *,
    reads: str | None = None,
    name: str | None = None,
) -> Any:
    """A field without arguments.

    source: a path of attributes from the object, or a function of the object. reads: the attribute of the object's
    state that a function reads, or several with spaces between; None if it may read anything. name: in the API, if it
    is not that of the attribute.
    """
    metadata: dict[str, Any]
    if isinstance(source, str):
        read: Callable[[Any], Any] = attrgetter(source)
        metadata = {PATH: source, **reading(source.split(".")[1])}
    else:
        read, metadata = source, reading(*reads.split()) if reads else {}
    return strawberry.field(resolver=_Reader(read), name=name, description=description, metadata=metadata)


def reading(*names: str, of: str | None = None) -> dict[str, Any]:
    """Metadata of a field that reads only these attributes of a state.

    of: the type whose states they are, if not the type of the field. Without names: any attributes.
    """
    return {READS: {of: names or (ANYTHING,)}}


class _Reader:
    """The resolver of such a field. It is also the attribute of the class, so that Python reads the same value."""

    __name__ = "shown"
    __signature__ = Signature([Parameter("root", Parameter.POSITIONAL_OR_KEYWORD)])

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self.read = read
        self.__annotations__: dict[str, Any] = {}

    def __call__(self, root: Any) -> Any:
        return self.read(root)

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self.read(instance)
