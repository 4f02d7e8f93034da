"""Audit queries: pages of a short and a long audit trail; lists and counts as of an instant compared with now."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from typing import Any, Final

import psycopg
from sqlalchemy import Connection, Executable, create_engine, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.expression import ClauseElement

from benchmarks import audit_api, audit_queries
from benchmarks.audit_queries import AUDITOR, THEN, SampleValues
from benchmarks.generated_history import fill
from benchmarks.server import durable_server, migrated
from benchmarks.tables import aligned, middle, times
from projections.catalogue import VIEWS
from projections.reading.queries import Query
from projections.rebuilding.rebuild import rebuild
from service.event_store.mapper import decode
from service.settings import DatabaseUrls


@dataclass(frozen=True, slots=True)
class Scale:
    few: int
    many: int
    repeats: int
    seconds: float


FULL: Final = Scale(few=1_000, many=1_000_000, repeats=5, seconds=0.2)
QUICK: Final = Scale(few=300, many=1_000, repeats=1, seconds=0.01)
KNOWN: Final = """
    SELECT (SELECT max(position) FROM projections.audit_trail), r.id, r.incidents[1],
           (SELECT correlation FROM projections.audit_trail WHERE subject = r.id ORDER BY position LIMIT 1)
    FROM projections.deployment_requests r
    WHERE r.valid_until = 'infinity' AND cardinality(r.incidents) > 0 AND 'auditors' = ANY(r.audience)
    ORDER BY r.submitted_at LIMIT 1
"""
INDEXES: Final = """
    SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'projections'::regnamespace AND NOT i.indisprimary
      AND c.relname IN ('deployment_requests', 'incidents', 'situation', 'situation_intervals', 'inbox',
          'incident_inbox', 'awaited_findings', 'awaited_answers')
"""


class Explained(Executable, ClauseElement):
    """A statement that is executed only to measure its time."""

    inherit_cache = False

    def __init__(self, statement: Executable) -> None:
        self.statement = statement


@compiles(Explained)
def _explained(element: Explained, compiler: Any, **kw: Any) -> str:
    return f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {compiler.process(element.statement, **kw)}"


def measure(*, quick: bool = False) -> str:
    """Five tables: trail, lists and counts by execution time in the database; then through the API, and inboxes."""
    scale = QUICK if quick else FULL
    with durable_server() as server:
        few = _filled(server, "audit_few", scale.few)
        many = _filled(server, "audit_many", scale.many)
        with _asking(few) as short, _asking(many) as long:
            trail = _trail(scale, short, long)
            samples = _sample_values(long)
            lists = _compared(long, scale.repeats, _lists(samples))
            counted = _compared(long, scale.repeats, _counts(samples))
        api = audit_api.measure(many, samples, rounds=scale.repeats, seconds=scale.seconds)
    return "\n\n".join([trail, _table("list of 20 requests", lists), _table("counts", counted), api])


def _filled(server: DatabaseUrls, name: str, events: int) -> DatabaseUrls:
    urls = migrated(server, name)
    fill(urls.owner, events)
    for view in VIEWS:
        rebuild(view, urls.worker, decode)
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE)")
    return urls


@contextmanager
def _asking(urls: DatabaseUrls) -> Iterator[Connection]:
    engine = create_engine("postgresql+psycopg://", creator=lambda: psycopg.connect(urls.owner), poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text("SET timezone = 'UTC'; SET max_parallel_workers_per_gather = 0"))
        yield connection
    engine.dispose()


def _sample_values(connection: Connection) -> SampleValues:
    return SampleValues(*connection.execute(text(KNOWN)).one())


def _milliseconds(connection: Connection, query: Query[Any], repeats: int) -> float:
    """Execution time with a warm cache, in milliseconds."""
    taken = []
    for _ in range(repeats + 1):
        [plan] = connection.execute(Explained(query.statement), query.values).scalar_one()
        taken.append(float(plan["Execution Time"]))
    return middle(taken[1:])


def _trail(scale: Scale, short: Connection, long: Connection) -> str:
    of_few, of_many = audit_queries.pages(_sample_values(short)), audit_queries.pages(_sample_values(long))
    head = (f"audit trail, {scale.many:,} events", f"ms at {scale.few:,}", f"ms at {scale.many:,}", "ratio")
    rows = []
    for name, query in of_many.items():
        few, many = (
            _milliseconds(short, of_few[name], scale.repeats),
            _milliseconds(long, query, scale.repeats),
        )
        rows.append((name, f"{few:.3f}", f"{many:.3f}", times(many / few)))
    return aligned(head, rows)


@dataclass(frozen=True, slots=True)
class Compared:
    """Milliseconds: now, as of each instant and cursor, and the latter with no index but the key."""

    now: list[float]
    then: list[float]
    bare: list[float]

    @property
    def share(self) -> float:
        """The maximum of the time with indexes divided by the time without."""
        return max(then / bare for then, bare in zip(self.then, self.bare, strict=True))


Questions = Callable[[float | None], Iterable[Query[Any]]]
"""Queries for now (None) or for an as-of instant."""


def _lists(samples: SampleValues) -> Mapping[str, Questions]:
    def of(wanted: Any) -> Questions:
        return lambda share: audit_queries.pages_of(wanted, share)

    lists = {name: of(wanted) for name, wanted in audit_queries.lists(samples).items()}
    return {**lists, audit_queries.INBOX: audit_queries.inbox_of}


def _counts(samples: SampleValues) -> Mapping[str, Questions]:
    def of(query: Callable[[Any], Query[Any]]) -> Questions:
        return lambda share: [query(AUDITOR if share is None else audit_queries.as_of(AUDITOR, share))]

    return {name: of(query) for name, query in audit_queries.counts(samples).items()}


def _compared(connection: Connection, repeats: int, wanted: Mapping[str, Questions]) -> Mapping[str, Compared]:
    now = {name: [_milliseconds(connection, q, repeats) for q in questions(None)] for name, questions in wanted.items()}
    then = _as_of_then(connection, repeats, wanted)
    with _without_indexes(connection):
        bare = _as_of_then(connection, 1, wanted)
    return {name: Compared(now[name], then[name], bare[name]) for name in wanted}


def _as_of_then(connection: Connection, repeats: int, wanted: Mapping[str, Questions]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for (name, questions), share in product(wanted.items(), THEN.values()):
        found.setdefault(name, []).extend(_milliseconds(connection, each, repeats) for each in questions(share))
    return found


@contextmanager
def _without_indexes(connection: Connection) -> Iterator[None]:
    """Drops all indexes of the views except primary keys within the context."""
    connection.rollback()
    for index in connection.scalars(text(INDEXES)).all():
        connection.execute(text(f"DROP INDEX {index}"))
    try:
        yield
    finally:
        connection.rollback()


def _table(what: str, compared: Mapping[str, Compared]) -> str:
    head = (what, "ms now", "ms as of", "slowest", "no index", "max share")
    rows = [
        (
            name,
            f"{middle(found.now):.3f}",
            f"{middle(found.then):.3f}",
            f"{max(found.then):.3f}",
            f"{middle(found.bare):.1f}",
            f"{100 * found.share:.1f} %",
        )
        for name, found in compared.items()
    ]
    return aligned(head, rows)
