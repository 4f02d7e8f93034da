"""Entries of the audit trail of which only some parts are read: none that may have to be redacted."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, Final

import msgspec

from domain.vocabulary import Marking, Person, Role, Subject

Names = frozenset[str]
KEYS: Final = ("position", "subject")
"""Parts that are always read."""
ACTOR: Final = "actor."
COLUMN_OF: Final[Mapping[str, str]] = {
    **{
        name: name
        for name in (
            *KEYS,
            "kind",
            "version",
            "type",
            "recorded_at",
            "occurred_at",
            "correlation",
            "causation",
            "introduces",
            "marking",
        )
    },
    "reason": "document",
    **{f"{ACTOR}{name}": f"actor_{name}" for name in ("issuer", "subject", "authority", "roles", "on_behalf_of")},
}
"""The parts that can be read alone, in this order, and the columns that they are read from."""
KEPT: Final = 128
"""Sets of parts whose reader is kept."""


@dataclass(frozen=True, slots=True)
class EntryParts:
    """columns: of the audit trail. read: makes an entry of their values, with an attribute for each part.

    Its `mentions` is empty: no part names an incident or a piece of evidence.
    """

    columns: tuple[str, ...]
    read: Callable[[Sequence[Any]], Any]


@lru_cache(KEPT)
def entry_parts(names: Names) -> EntryParts | None:
    """How to read the named parts of entries; None if one of them cannot be read alone."""
    if not names <= COLUMN_OF.keys():
        return None
    chosen = [name for name in COLUMN_OF if name in names or name in KEYS]
    with _MAKING:
        return EntryParts(tuple(COLUMN_OF[name] for name in chosen), _reader(chosen))


def _reader(chosen: Sequence[str]) -> Callable[[Sequence[Any]], Any]:
    own = [name for name in chosen if not name.startswith(ACTOR)]
    of_actor = [name.removeprefix(ACTOR) for name in chosen[len(own) :]]
    actor: Any = msgspec.defstruct("PartialActor", [(name, Any) for name in of_actor], frozen=True, gc=False)
    names = [*own, *(["actor"] if of_actor else [])]
    kind: Any = msgspec.defstruct(
        "PartialEntry", [(name, Any) for name in names], frozen=True, gc=False, namespace={"mentions": ()}
    )
    places = [(chosen.index(name), decode) for name, decode in _DECODED.items() if name in chosen]
    begin = len(own)

    def read(row: Sequence[Any]) -> Any:
        values = [*row]
        for place, decode in places:
            values[place] = decode(values[place])
        if of_actor:
            values[begin:] = [actor(*values[begin:])]
        return kind(*values)

    return read


def person_of(stored: Sequence[str] | None) -> Person | None:
    """The person of a column: issuer and subject."""
    return None if stored is None else (stored[0], Subject(stored[1]))


class _Payload(msgspec.Struct, gc=False):
    reason: Any = None


class _PartialDocument(msgspec.Struct, array_like=True, gc=False):
    """The document of an entry, without the rest. reason_for: in rows of an older version, who may read the reason."""

    payload: _Payload
    changes: msgspec.Raw
    erased: msgspec.Raw
    reason_for: tuple[str, ...] | None = None


def _reason(document: str) -> Any:
    found = _DOCUMENT.decode(document)
    return found.payload.reason if found.reason_for is None else None


_MAKING: Final = Lock()
_DOCUMENT: Final = msgspec.json.Decoder(_PartialDocument)
_DECODED: Final[Mapping[str, Callable[[Any], Any]]] = {
    "marking": {each.value: each for each in Marking}.__getitem__,
    "reason": _reason,
    "actor.roles": lambda roles: tuple(map(Role, roles)),
    "actor.on_behalf_of": person_of,
}
"""The parts that are not the value of their column."""
