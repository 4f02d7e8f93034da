"""Fields that are read from the object when they are asked for."""

from collections.abc import Callable
from inspect import Parameter, Signature
from operator import attrgetter
from typing import Any

import strawberry

from service.graphql.compiled.resolvers import PATH, WHOLE


def shown(source: str | Callable[[Any], Any], description: str | None = None, *, whole: bool = False) -> Any:
    """A field without arguments.

    source: a path of attributes from the object, or a function of the object. whole: whether it reads items of the
    object's state, or what is computed from the state.
    """
    read = attrgetter(source) if isinstance(source, str) else source
    metadata: dict[str, Any] = {PATH: source} if isinstance(source, str) else {}
    if whole:
        metadata[WHOLE] = True
    return strawberry.field(resolver=_Reader(read), description=description, metadata=metadata)


class _Reader:
    """The resolver of such a field. It is also the attribute of the class, so that Python reads the same value."""

    __name__ = "shown"
    __signature__ = Signature([Parameter("root", Parameter.POSITIONAL_OR_KEYWORD)])

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read
        self.__annotations__: dict[str, Any] = {}

    def __call__(self, root: Any) -> Any:
        return self._read(root)

    def __get__(self, instance: Any, owner: type) -> Any:
        return self if instance is None else self._read(instance)
