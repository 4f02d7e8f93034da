"""What is asked of the views: by whom, as of when, and how an answer's rows are read."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    ColumnElement,
    FromClause,
    Select,
    Table,
    Text,
    Uuid,
    all_,
    any_,
    bindparam,
    false,
    func,
    literal_column,
    select,
    true,
)

from domain.marking import SEEN_BY, Viewer

T = TypeVar("T")

FOREVER: Final[ColumnElement[Any]] = literal_column("'infinity'::timestamptz")
"""The valid_until of a present row. Spelled as in the partial indexes, which the planner compares by their text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewerScope:
    """Who looks, and as of when: None is now. Visibility is always that of now.

    position: the last event that was recorded as of then. clock: the time by which it is judged now what is overdue,
    where that is not the database's.
    """

    viewer: Viewer
    as_of: datetime | None = None
    position: int | None = None
    clock: datetime | None = None

    @property
    def values(self) -> dict[str, object]:
        """Of the parameters that the functions below put into a statement."""
        judged_at = self.as_of or self.clock
        return {
            "tokens": sorted(self.viewer.tokens or ()),
            "markings": sorted(self.viewer.sees_all_of),
            "own_tokens": sorted((self.viewer.tokens or frozenset()) - SEEING_ALL),
            "as_of": self.as_of,
            "judged_at": judged_at,
        }

    def now(self) -> "ViewerScope":
        return replace(self, as_of=None, position=None)

    def of_everything(self) -> "ViewerScope":
        """For what rules need to know. Nothing of it is shown as it is."""
        return replace(self, viewer=EVERYTHING.viewer)


EVERYTHING: Final = ViewerScope(viewer=Viewer(None))
"""For what the register needs itself, such as the context of a rule. Nothing of it is shown as it is."""
SEEING_ALL: Final = frozenset[str]().union(*SEEN_BY.values())
"""Tokens by which all that has a marking is seen: of other markings, they show nothing."""
NOBODY: Final = Viewer(frozenset())
BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)
PREPARED: Final = 32
"""Statements of one kind that are kept: more than are asked for day by day."""


@dataclass(frozen=True, slots=True)
class Query(Generic[T]):
    """A statement, the views that it reads, what one row of its answer is, and values of parameters that it names.

    subjects: whose rows alone make a difference to the answer; None where those of anybody may.
    """

    statement: Select[Any]
    views: tuple[str, ...]
    read: Callable[[Sequence[Any]], T]
    values: Mapping[str, object] = field(default_factory=dict)
    subjects: Sequence[UUID] | None = None

    def about(self, subjects: Sequence[UUID]) -> "Query[T]":
        """The same, where it is known whose rows make a difference."""
        return replace(self, subjects=subjects)


class PreparedQuery(Generic[T]):
    """What is asked often: its statement is built once for each kind of sight and form, and differs in values alone.

    To build a statement, and to find out that it was compiled before, takes as long as all the rest of asking.
    """

    def __init__(
        self, build: Callable[..., Select[Any]], views: tuple[str, ...], read: Callable[[Sequence[Any]], T]
    ) -> None:
        """build: of a sight, and of whatever else gives a statement another form."""
        self._build = lru_cache(PREPARED)(build)
        self._views = views
        self._read = read

    def of(self, scope: ViewerScope, *form: Hashable, **values: object) -> Query[T]:
        """values: of the parameters that the statement names beside those of the sight."""
        return Query(self._build(_of_its_kind(scope), *form), self._views, self._read, {**scope.values, **values})


def _of_its_kind(scope: ViewerScope) -> ViewerScope:
    """One for all of its kind, to build with: a statement that is asked without the values of a sight finds nothing."""
    return ViewerScope(
        viewer=EVERYTHING.viewer if scope.viewer.tokens is None else NOBODY,
        as_of=None if scope.as_of is None else BEFORE_ALL,
    )


@dataclass(frozen=True, slots=True)
class ListPosition:
    """Where a page of a list ended: the instant that it is ordered by, and the id of its last item."""

    at: datetime
    id: UUID


def visible(table: Table, scope: ViewerScope) -> ColumnElement[bool]:
    """The rows of a table with an audience that the viewer is part of."""
    return overlaps(table.c.audience, scope)


def of_markings_seen_whole(table: Table) -> ColumnElement[bool]:
    """The rows of the markings of which nothing is hidden from the viewer."""
    return is_any_of(table.c.marking, named_texts("markings"))


def visible_of_others(table: Table, scope: ViewerScope) -> ColumnElement[bool]:
    """The rows of other markings that are visible all the same. From the register itself nothing is hidden."""
    if scope.viewer.tokens is None:
        return false()
    of_others = table.c.marking != all_(named_texts("markings"))
    return of_others & table.c.audience.bool_op("&&")(named_texts("own_tokens"))


def overlaps(audience: ColumnElement[Any], scope: ViewerScope) -> ColumnElement[bool]:
    tokens = scope.viewer.tokens
    if tokens is None:
        return true()
    return audience.bool_op("&&")(bindparam("tokens", sorted(tokens), type_=ARRAY(Text)))


def valid_at(table: Table, scope: ViewerScope) -> ColumnElement[bool]:
    """The rows of a table with a validity that stand now, or stood at the instant asked for."""
    if scope.as_of is None:
        return table.c.valid_until == FOREVER
    return (table.c.valid_from <= instant(scope)) & (instant(scope) < table.c.valid_until)


def instant(scope: ViewerScope) -> ColumnElement[datetime]:
    """The instant whose past is asked for, as a parameter that `ViewerScope.values` has."""
    return bindparam("as_of", scope.as_of, type_=TIMESTAMP(timezone=True))


def judgement_time() -> ColumnElement[datetime]:
    """The time by which it is judged what is overdue, as a parameter that `ViewerScope.values` has."""
    return func.coalesce(bindparam("judged_at", type_=TIMESTAMP(timezone=True)), func.now())


@cache
def alias(table: Table, name: str) -> FromClause:
    """The table under a second name. Made once: its columns are made with it, and every statement needs it."""
    return table.alias(name)


def with_references(table: Table, scope: ViewerScope, references: Iterable[str]) -> ColumnElement[bool]:
    """The rows of what has one of these references, which never change: found by the rows that stand now."""
    wanted = is_any_of(table.c.reference, text_array(references))
    if scope.as_of is None:
        return wanted
    now = alias(table, "now")
    return table.c.id.in_(
        select(now.c.id).where(now.c.valid_until == FOREVER, is_any_of(now.c.reference, text_array(references)))
    )


def text_array(values: Iterable[str]) -> ColumnElement[Any]:
    """A parameter that is an array: the statement stays the same however many there are."""
    return bindparam(None, list(values), type_=ARRAY(Text))


def uuid_array(values: Iterable[UUID]) -> ColumnElement[Any]:
    return bindparam(None, list(values), type_=ARRAY(Uuid))


def named_texts(name: str) -> ColumnElement[Any]:
    """A parameter that is an array, whose value comes with the question."""
    return bindparam(name, type_=ARRAY(Text))


def named_uuids(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Uuid))


def is_any_of(column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
    return column == any_(values)
