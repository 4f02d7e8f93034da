"""Queries of the views: viewer and instant, conditions, parameters, and the decoding of rows."""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    TIMESTAMP,
    BigInteger,
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
    literal_column,
    true,
)

from domain.fast_replace import fast_replace
from domain.visibility import Viewer
from projections.reading.statements import tokens_of, with_one_plan

T = TypeVar("T")

FOREVER: Final[ColumnElement[Any]] = literal_column("'infinity'::timestamptz")
"""The valid_until of a current row. Spelled as in the partial indexes, which the planner matches by text."""


@dataclass(frozen=True, kw_only=True)
class ViewerScope:
    """The viewer, and the instant in the past; None is now. Visibility is always that of now.

    position: of the last event recorded at `as_of`. clock: the current time for judging what is overdue, if not this
    machine's.
    """

    viewer: Viewer
    as_of: datetime | None = None
    position: int | None = None
    clock: datetime | None = None

    @property
    def values(self) -> dict[str, object]:
        """The values of the parameters that the functions below use in statements."""
        judged_at = self.as_of or self.clock or datetime.now(UTC)
        return {
            **tokens_of(self.viewer),
            "as_of": self.as_of,
            "judged_at": judged_at,
            "position": self.position,
        }

    def now(self) -> "ViewerScope":
        return fast_replace(self, as_of=None, position=None)

    def of_everything(self) -> "ViewerScope":
        """Without visibility, for the context of rules. Never return such rows as they are."""
        return fast_replace(self, viewer=EVERYTHING.viewer)


EVERYTHING: Final = ViewerScope(viewer=Viewer(None))
"""Without visibility, for internal use such as the context of rules. Never return such rows as they are."""
NOBODY: Final = Viewer(frozenset())
BEFORE_ALL: Final = datetime.min.replace(tzinfo=UTC)
PREPARED: Final = 32
"""Statements of one kind that are cached: more than are in daily use."""


@dataclass(frozen=True)
class Query(Generic[T]):
    """A statement, the views that it reads, the decoder of a row, and values of named parameters.

    refuses_parked: whether an answer that would omit a parked event raises EventParked. unrestricted: whether rows
    that the viewer may not see are read too, for internal use. Never return such rows as they are.
    """

    statement: Select[Any]
    views: tuple[str, ...]
    read: Callable[[Sequence[Any]], T]
    values: Mapping[str, object] = field(default_factory=dict)
    refuses_parked: bool = True
    unrestricted: bool = False

    def despite_parked(self) -> "Query[T]":
        """The same query, for a caller that checks which of its subjects are parked."""
        return fast_replace(self, refuses_parked=False)


class PreparedQuery(Generic[T]):
    """A frequent query: its statement is built once for each kind of scope and form, and only values differ.

    Building a statement and its cache key takes as long as the rest of the query.
    """

    def __init__(
        self,
        build: Callable[..., Select[Any]],
        views: tuple[str, ...],
        read: Callable[[Sequence[Any]], T],
        *,
        by_key: bool = False,
    ) -> None:
        """build: makes the statement from a scope and everything else that its form depends on. by_key: whether it
        finds rows by their key, as `with_one_plan`."""
        self._build = lru_cache(PREPARED)((lambda *form: with_one_plan(build(*form))) if by_key else build)
        self._views = views
        self._read = read

    def of(self, scope: ViewerScope, *form: Hashable, **values: object) -> Query[T]:
        """values: of the statement's named parameters, besides those of the scope."""
        return Query(
            self._build(_of_its_kind(scope), *form),
            self._views,
            self._read,
            {**scope.values, **values},
            unrestricted=scope.viewer.tokens is None,
        )


def _of_its_kind(scope: ViewerScope) -> ViewerScope:
    """One scope for all of its kind, to build with. Without the values of a real scope, the statement finds nothing."""
    return ViewerScope(
        viewer=EVERYTHING.viewer if scope.viewer.tokens is None else NOBODY,
        as_of=None if scope.as_of is None else BEFORE_ALL,
        position=None if scope.position is None else 0,
    )


def number(row: Sequence[Any]) -> int:
    """The one number of a count's row."""
    return int(row[0])


class ListPosition(NamedTuple):
    """The end of a list page: the instant that the list is ordered by, and the id of the last item."""

    at: datetime
    id: UUID


def visible(table: Table, scope: ViewerScope) -> ColumnElement[bool]:
    """The rows whose audience includes the viewer."""
    return overlaps(table.c.audience, scope)


def of_markings_seen_whole(table: Table) -> ColumnElement[bool]:
    """The rows of markings of which the viewer sees everything."""
    return is_any_of(table.c.marking, named_texts("markings"))


def visible_of_others(table: Table, scope: ViewerScope) -> ColumnElement[bool]:
    """The visible rows of other markings. None for internal use, which sees every marking."""
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
    """The rows of a table with version rows that are current, or were at the instant."""
    if scope.as_of is None:
        return table.c.valid_until == FOREVER
    return (table.c.valid_from <= instant(scope)) & (instant(scope) < table.c.valid_until)


def instant(scope: ViewerScope) -> ColumnElement[datetime]:
    """The instant in the past, as a parameter of `ViewerScope.values`."""
    return bindparam("as_of", scope.as_of, type_=TIMESTAMP(timezone=True))


def last_position() -> ColumnElement[int]:
    """The position of the last event to read, as a parameter of `ViewerScope.values`."""
    return bindparam("position", type_=BigInteger)


def judgement_time() -> ColumnElement[datetime]:
    """The time for judging what is overdue, as a parameter of `ViewerScope.values`."""
    return bindparam("judged_at", type_=TIMESTAMP(timezone=True))


@cache
def alias(table: Table, name: str) -> FromClause:
    """The table under a second name. Cached: creating its columns is slow, and every statement needs them."""
    return table.alias(name)


def text_array(values: Iterable[str]) -> ColumnElement[Any]:
    """An array parameter: the statement is the same for any number of values."""
    return bindparam(None, list(values), type_=ARRAY(Text))


def named_texts(name: str) -> ColumnElement[Any]:
    """An array parameter whose value is supplied with the query."""
    return bindparam(name, type_=ARRAY(Text))


def named_uuids(name: str) -> ColumnElement[Any]:
    return bindparam(name, type_=ARRAY(Uuid))


def is_any_of(column: ColumnElement[Any], values: ColumnElement[Any]) -> ColumnElement[bool]:
    return column == any_(values)
