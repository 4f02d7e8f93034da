"""The items of a state: elements of its tuples that grow without bound, stored in a separate table.

An item's row holds its content from a version on, until a later row of the same place. The document NOTHING means that
the place is empty from that version on. Texts that never change are in a separate column, which later rows of the same
item leave empty: followers keep states without these texts.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, is_dataclass, replace
from itertools import compress, count
from operator import attrgetter, is_not
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import Table

from domain.dataclass_fields import field_types
from domain.deployment_request.decision import Condition
from domain.deployment_request.state import DeploymentRequest, Endorsement, Part
from domain.deputies import Appointment, Deputies
from domain.fast_replace import fast_replace
from domain.incident.state import Correction, Dissent, Evidence, FindingChange, Incident, Referral
from domain.jurisdiction import Jurisdiction, Mandate
from domain.recorded_event import Recorded
from domain.vocabulary import Text
from projections.rows.api_terms import MandateHolder
from projections.tables.row_documents import UNREAD, StoredItem, encode, items_reader, outline, reader
from projections.tables.row_security import DELIBERATIONS
from projections.tables.view import Values

S = TypeVar("S")

NOTHING: Final = "null"
"""The document of an empty place."""
Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Growing:
    """A tuple of a state that grows without bound.

    name and path: its place in the state. kind: of its elements. texts: paths of their texts that no event changes.
    keeps_last: the last element is also in the state's document, because folds read it.
    """

    name: str
    path: Path
    kind: Any
    texts: tuple[Path, ...]
    keeps_last: bool = False


def growing(name: str, kind: Any, *, keeps_last: bool = False, changing: Sequence[str] = ()) -> Growing:
    """changing: texts of the elements that an event may replace; the audit trail then shows the old text."""
    texts = tuple(path for path in _text_paths(kind) if path[0] not in changing)
    return Growing(name, tuple(name.split(".")), kind, texts, keeps_last)


def _text_paths(kind: Any) -> Iterator[Path]:
    """Texts in the tuples of an element are parts of its document."""
    for field in field_types(kind) if is_dataclass(kind) else ():
        if field.many:
            continue
        if field.type is Text:
            yield (field.name,)
        else:
            yield from ((field.name, *path) for path in _text_paths(field.type))


GROWING: Final[Mapping[type[Any], tuple[Growing, ...]]] = {
    DeploymentRequest: (
        growing("authors", Part),
        growing("because", int),
        growing("former_regions", str),
        growing("recusals", Part),
        growing("endorsements", Endorsement),
        growing("extension.endorsements", Endorsement, changing=("reason",)),
        growing("decision.conditions", Condition, changing=("fulfilment_report", "sent_back_reason")),
    ),
    Incident: (
        growing("findings", FindingChange, keeps_last=True),
        growing("evidence", Evidence, changing=("withdrawn_reason",)),
        growing("dissents", Dissent),
        growing("corrections", Correction, changing=("settled_reason",)),
        growing("referred_to", str),
        growing("referrals", Referral, changing=("answer",)),
        growing("former_regions", str),
    ),
    Jurisdiction: (growing("mandates", Mandate),),
    Deputies: (growing("appointments", Appointment),),
    MandateHolder: (growing("jurisdictions", Jurisdiction),),
}


def without_items(state: S) -> S:
    """The bounded part of a state."""
    for each in GROWING.get(type(state), ()):
        if found := _at(state, each.path):
            state = _put(state, each.path, found[-1:] if each.keeps_last else ())
    return state


def without_texts(state: S) -> S:
    """The state as followers keep it: the texts of its items are UNREAD."""
    for each in GROWING.get(type(state), ()):
        if each.texts and (found := _at(state, each.path)):
            last = found[-1:] if each.keeps_last else ()
            kept = (*(_unread(item, each.texts) for item in found[: len(found) - len(last)]), *last)
            if any(map(is_not, kept, found)):
                state = _put(state, each.path, kept)
    return state


def item_rows(
    table: Table,
    subject: UUID,
    recorded: Recorded[Any],
    before: Any,
    after: Any,
    audience: list[str] | None = None,
    readers: list[str] | None = None,
) -> Iterator[Values]:
    """The rows that an event adds to the table of items. audience: of the subject, if the table has that column.

    readers: of its deliberations.

    An item has changed if it is another object than before: evolve keeps unchanged items.
    """
    with_texts, with_within = "texts" in table.c, "within" in table.c
    for each in GROWING[type(after)]:
        was = () if before is None else _at(before, each.path)
        now = _at(after, each.path)
        if was is now:
            continue
        within = [readers if _is_internal(each, after) else None] if with_within else []
        seen_by = () if audience is None else (audience, *within)
        for ordinal in _changed(was, now):
            row = (subject, recorded.version, each.name, ordinal, outline(_unread(now[ordinal], each.texts)))
            yield (*row, *([_changed_texts(each, was, now, ordinal)] if with_texts else ()), *seen_by)
        for ordinal in range(len(now), len(was)):
            row = (subject, recorded.version, each.name, ordinal, NOTHING)
            yield (*row, *([None] if with_texts else ()), *seen_by)


def _is_internal(of: Growing, state: DeploymentRequest) -> bool:
    """Endorsements and recusals are for the readers of internal deliberations alone."""
    return of.name in DELIBERATIONS and state.deliberations_internal


def reader_with_items(kind: type[S]) -> Callable[..., S]:
    """Returns a decoder of a document and its items, as `projections.reading.item_rows` selects them.

    Call it at import time only, see `documents.reader`.
    """
    decode, declared = reader(kind), GROWING[kind]
    decode_items = items_reader({each.name: each.kind for each in declared})

    def read(document: str, items: str | None = None) -> S:
        state = decode(document)
        if items is None:
            return state
        found: dict[str, dict[int, StoredItem]] = {}
        for item in decode_items(items):
            places = found.setdefault(item.field, {})
            if item.ordinal in places:
                _keep_texts(item, places[item.ordinal])
            places[item.ordinal] = item
        for each in declared:
            if each.name in found:
                last = _at(state, each.path)[-1:] if each.keeps_last else ()
                _fill(state, each.path, _elements(found[each.name], last))
        return state

    return read


def _keep_texts(item: StoredItem, earlier: StoredItem) -> None:
    """Texts that a later row of a place lacks are those of the earlier one."""
    if earlier.texts and item.item is not None:
        item.texts = {**earlier.texts, **(item.texts or {})}


def _elements(places: Mapping[int, StoredItem], last: Sequence[Any]) -> tuple[Any, ...]:
    there = [each for each in places.values() if each.item is not None]
    ordinals = [each.ordinal for each in there]
    if ordinals != [*range(len(there))]:
        there.sort(key=attrgetter("ordinal"))
        if there[-1].ordinal != len(there) - 1:
            raise ValueError(f"items are missing: {len(there)} found, the last has ordinal {there[-1].ordinal}")
    if last:
        del there[-len(last) :]
    return (*[_with_texts(each.item, each.texts) if each.texts else each.item for each in there], *last)


def _at(state: Any, path: Path) -> tuple[Any, ...]:
    """Empty if something on the path is None."""
    for name in path:
        if state is None:
            return ()
        state = getattr(state, name)
    found: tuple[Any, ...] = state
    return found


def _put(state: Any, path: Path, value: Any) -> Any:
    name, *rest = path
    if rest:
        inner = getattr(state, name)
        if inner is None and not value:
            return state
        value = _put(inner, tuple(rest), value)
    return _with(state, {name: value})


def _with(value: Any, changes: Mapping[str, Any]) -> Any:
    return fast_replace(value, **changes) if hasattr(value, "__dict__") else replace(value, **changes)


def _changed(was: Sequence[Any], now: Sequence[Any]) -> Iterator[int]:
    yield from compress(count(), map(is_not, was, now))
    yield from range(len(was), len(now))


def _text_at(item: Any, path: Path) -> Any:
    for name in path:
        if item is None:
            return None
        item = getattr(item, name)
    return item


def _changed_texts(of: Growing, was: Sequence[Any], now: Sequence[Any], ordinal: int) -> str | None:
    """The texts that are other objects than before, by path, encoded."""
    if not of.texts:
        return None
    before = was[ordinal] if ordinal < len(was) else None
    found = {}
    for path in of.texts:
        text = _text_at(now[ordinal], path)
        if text is not None and text is not _text_at(before, path):
            found[".".join(path)] = text
    return encode(found) if found else None


def _unread(item: Any, paths: Sequence[Path]) -> Any:
    for path in paths:
        text = _text_at(item, path)
        if text is not None and text is not UNREAD:
            item = _put(item, path, UNREAD)
    return item


def _with_texts(item: Any, texts: Mapping[str, Text]) -> Any:
    for path, text in texts.items():
        if "." in path:
            _fill(item, path.split("."), text)
        else:
            object.__setattr__(item, path, text)
    return item


def _fill(fresh: Any, path: Sequence[str], value: Any) -> None:
    """Sets a value in a frozen object that was just decoded: nobody else has it yet."""
    *outer, name = path
    for each in outer:
        fresh = getattr(fresh, each)
    if fresh is not None or value:
        object.__setattr__(fresh, name, value)
