"""Rows that are loaded in COPY's binary form are the rows that are read back, whatever they hold."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from sqlalchemy import ARRAY, TIMESTAMP, BigInteger, Boolean, Column, MetaData, Table, Text, Uuid

from projections.tables.binary_copy import load
from service.settings import DatabaseUrls

TABLE = Table(
    "loaded",
    MetaData(),
    Column("place", BigInteger, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("valid_until", TIMESTAMP(timezone=True), nullable=False),
    Column("at", TIMESTAMP(timezone=True)),
    Column("flag", Boolean, nullable=False),
    Column("name", Text),
    Column("document", Text, nullable=False),
    Column("texts", ARRAY(Text), nullable=False),
    Column("ids", ARRAY(Uuid)),
)
MADE = """CREATE TEMPORARY TABLE loaded (place bigint, id uuid, valid_until timestamptz, at timestamptz, flag boolean,
    name text, document text, texts text[], ids uuid[])"""
BERLIN = timezone(timedelta(hours=1))

texts = some.text(some.characters(exclude_characters="\0", exclude_categories=["Cs"]))
numbers = some.integers(-(2**63), 2**63 - 1)
instants = some.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001 - hypothesis adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=some.sampled_from([UTC, BERLIN]),
)
rows = some.tuples(
    numbers,
    some.uuids(),
    some.none() | instants,
    some.none() | instants,
    some.booleans(),
    some.none() | texts,
    texts,
    some.lists(texts).map(tuple),
    some.none() | some.lists(some.uuids()).map(tuple),
)


@pytest.fixture
def connection(database_urls: DatabaseUrls) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_urls.owner, autocommit=True) as connection:
        connection.execute(MADE)
        connection.execute("SET timezone = 'UTC'")
        yield connection


@given(loaded=some.lists(rows, min_size=1, max_size=20, unique_by=lambda row: row[0]))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_loaded_rows_are_read_back(connection: psycopg.Connection[Any], loaded: list[tuple[Any, ...]]) -> None:
    with connection.transaction(force_rollback=True):
        load(connection, "pg_temp", TABLE, loaded)
        found = connection.execute(
            """SELECT place, id, nullif(valid_until, 'infinity'), at, flag, name, document, texts, ids FROM loaded
               ORDER BY place"""
        ).fetchall()
        [unending] = connection.execute("SELECT count(*) FROM loaded WHERE valid_until = 'infinity'").fetchall()
    assert [_row(row) for row in found] == [_row(row) for row in sorted(loaded, key=lambda row: row[0])]
    assert unending == (len([row for row in loaded if row[2] is None]),)


def _row(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(list(value) if isinstance(value, tuple) else value for value in row)
