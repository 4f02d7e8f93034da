"""The migrations make what the metadata and eventsourcing say, and give each role its rights and no more."""

from collections.abc import Sequence
from uuid import uuid4

import psycopg
import pytest
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

from service.database.migrations import check, migrate, pending
from service.settings import DatabaseUrls

COLUMNS = """
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, d.adbin IS NOT NULL
FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped AND a.attname <> 'recorded_at'
ORDER BY a.attnum
"""
INDEXES = """
SELECT replace(replace(pg_get_indexdef(indexrelid), 'stored_events', 'events'), 'public.', 'event_store.'),
       indisunique, indisprimary
FROM pg_index WHERE indrelid = %s::regclass ORDER BY 1
"""


def rows(connection: psycopg.Connection, statement: str, *parameters: object) -> Sequence[tuple[object, ...]]:
    return connection.execute(statement.encode(), parameters).fetchall()


def test_the_tables_are_those_of_the_metadata(database_urls: DatabaseUrls) -> None:
    assert pending(database_urls.owner) == ()
    assert pending(database_urls.api) == ()
    check(database_urls.owner)


def test_a_second_migration_changes_nothing(database_urls: DatabaseUrls) -> None:
    assert migrate(database_urls.owner) == ()


def test_a_newer_schema_is_left_as_it_is(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner, autocommit=True) as connection:
        connection.execute("UPDATE event_store.alembic_version SET version_num = '9999_newer'")
    assert pending(database_urls.owner) == ()
    assert migrate(database_urls.owner) == ()


def test_events_are_the_librarys_own_table(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner) as connection:
        host = connection.info.host
        name = connection.info.dbname
    datastore = PostgresDatastore(name, host, 5432, "postgres", "")
    try:
        PostgresApplicationRecorder(datastore).create_table()
    finally:
        datastore.close()
    with psycopg.connect(database_urls.owner) as connection:
        theirs, ours = "public.stored_events", "event_store.events"
        assert rows(connection, COLUMNS, ours) == rows(connection, COLUMNS, theirs)
        added = [row for row in rows(connection, INDEXES, ours) if row not in rows(connection, INDEXES, theirs)]
        assert len(rows(connection, INDEXES, ours)) == len(rows(connection, INDEXES, theirs)) + len(added)
        assert [str(name).split()[2] for name, *_ in added] == ["events_marking_changes_idx"]


@pytest.mark.parametrize("items", [[-2_000_000_000], [2_000_000_000], [1], [0, 2], [0, 1, 0], [1, 0]])
def test_an_append_cannot_forge_its_time(database_urls: DatabaseUrls, items: list[int]) -> None:
    count = len(items)
    columns = [[uuid4() for _ in items], [1] * count, ["x"] * count, [b"{}"] * count, [None] * count]
    call = """SELECT event_store.append(%s::int[], %s::uuid[], %s::bigint[], %s::text[], %s::bytea[], %s::bytea[],
                                        '{}', '{}', '{}')"""
    with psycopg.connect(database_urls.api, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.InvalidParameterValue, match="items must be numbered"):
            connection.execute(call, [items, *columns])
        connection.execute(call, [[0] * count, *columns])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE event_store.events SET topic = topic",
        "DELETE FROM event_store.events",
        "TRUNCATE event_store.events CASCADE",
        "SET session_replication_role = replica; DELETE FROM event_store.events",
    ],
)
def test_events_cannot_be_changed(database_urls: DatabaseUrls, statement: str) -> None:
    assert database_urls.superuser is not None
    with (
        psycopg.connect(database_urls.superuser) as connection,
        pytest.raises(psycopg.errors.RestrictViolation, match="never changed"),
    ):
        connection.execute(statement.encode())


FORBIDDEN = [
    "UPDATE event_store.events SET topic = topic",
    "DELETE FROM event_store.events",
    "INSERT INTO event_store.events SELECT * FROM event_store.events",
    "INSERT INTO event_store.event_texts SELECT * FROM event_store.event_texts",
    "UPDATE event_store.event_texts SET texts = ''",
    "DELETE FROM event_store.people",
    "SELECT nextval('event_store.events_notification_id_seq')",
    "CREATE TABLE event_store.mine ()",
    "CREATE TABLE projections.mine ()",
    "CREATE TABLE public.mine ()",
    "UPDATE event_store.alembic_version SET version_num = ''",
]


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_roles_have_only_the_rights_they_need(database_urls: DatabaseUrls, role: str, statement: str) -> None:
    with (
        psycopg.connect(getattr(database_urls, role)) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


def test_only_the_api_writes_names(database_urls: DatabaseUrls) -> None:
    write = "INSERT INTO event_store.people VALUES ('i', 's', 'n', now())"
    with psycopg.connect(database_urls.api) as connection:
        connection.execute(write)
    with psycopg.connect(database_urls.worker) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(write)


def test_public_has_no_rights(database_urls: DatabaseUrls) -> None:
    everybodys = """
        SELECT p.oid::regprocedure FROM pg_proc p CROSS JOIN LATERAL aclexplode(p.proacl) a
        WHERE p.pronamespace IN ('event_store'::regnamespace, 'projections'::regnamespace) AND a.grantee = 0
        UNION ALL
        SELECT p.oid::regprocedure FROM pg_proc p
        WHERE p.pronamespace IN ('event_store'::regnamespace, 'projections'::regnamespace) AND p.proacl IS NULL
    """
    with psycopg.connect(database_urls.owner) as connection:
        assert rows(connection, everybodys) == []
