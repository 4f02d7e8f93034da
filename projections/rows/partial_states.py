"""States of which only some fields are decoded from a row's document."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from functools import lru_cache
from threading import Lock
from typing import Any, Final, TypeVar

from domain.dataclass_fields import field_types
from domain.deployment_request import visibility
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from projections.rows.state_items import GROWING
from projections.tables.row_documents import partial_kind, reader

S = TypeVar("S")

KEYS: Final = frozenset({"id", "reference", "version"})
"""Fields that are always decoded."""
OF_LAST_ITEM: Final[Mapping[type[Any], Mapping[str, str]]] = {
    Incident: {"status": "findings", "attribution": "findings"},
}
"""Properties that are computed from the last item of a field, which is in the document too."""
DISCLOSED_WHOLE: Final[Mapping[type[Any], frozenset[str]]] = {DeploymentRequest: visibility.INTERNAL}
"""Fields of which a viewer may see less: only whole states are disclosed to them."""
KEPT: Final = 256
"""Sets of fields whose decoder is kept: more than are in daily use."""


def partial_readers(kind: type[S]) -> Callable[[frozenset[str]], Callable[[str], S] | None]:
    """Returns a function from names to a decoder of documents. Its objects have only the named fields, and KEYS.

    A name is that of a field, a property in OF_LAST_ITEM, or the path of items. None if the state must be read whole:
    a document does not contain items, and fields in DISCLOSED_WHOLE depend on the viewer. The decoder of the whole kind
    must exist.
    """
    whole = DISCLOSED_WHOLE.get(kind, frozenset()) | {each.name for each in GROWING[kind]}
    properties = {name: getattr(kind, name) for name in OF_LAST_ITEM.get(kind, {})}
    kinds = dict(_kinds_without_items(kind))
    making = Lock()

    @lru_cache(KEPT)
    def reader_of(names: frozenset[str]) -> Callable[[str], S] | None:
        if not whole.isdisjoint(names):
            return None
        computed_from = {field for name, field in OF_LAST_ITEM.get(kind, {}).items() if name in names}
        with making:
            return reader(partial_kind(kind, KEYS | names | computed_from, properties, kinds))

    return reader_of


def _kinds_without_items(kind: type[Any]) -> Iterator[tuple[str, Any]]:
    """The fields of which a part grows, and their kinds without that part: the document does not contain it."""
    own_types = {field.name: field.type for field in field_types(kind)}
    for outer, *inner in (each.path for each in GROWING[kind]):
        if inner:
            own = own_types[outer]
            names = {field.name for field in fields(own)} - set(inner)
            yield outer, partial_kind(own, names, {}, {}) | None
