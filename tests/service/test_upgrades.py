"""An upgrade of a served database: migrations hold no lock that readers or writers wait for."""

import multiprocessing
import os
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.context import SpawnProcess
from pathlib import Path
from threading import Event

import psycopg
import pytest
from alembic import command

from projections.tables.row_security import POLICIES
from service.database.migrations import _config, _engine, migrate
from service.errors import Misconfigured
from service.settings import DatabaseUrls
from tests.waiting import until

VERSIONS = Path(__file__).parents[2] / "alembic" / "versions"
MIGRATION = """
from alembic import op

from service.database.migrations import build_index

revision = "9999_index"
down_revision = "{down}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    {build}
    op.execute("ALTER TABLE event_store.people ADD COLUMN title text")
"""
CONCURRENT = 'build_index("event_store.ix_people_name", "ON event_store.people (name)")'
LOCKING = 'op.execute("CREATE INDEX ix_people_name ON event_store.people (name)")'
INDEX = re.compile(r"CREATE (?:UNIQUE )?INDEX (CONCURRENTLY )?\w+\s+ON ([\w.]+)")
TABLE = re.compile(r"CREATE TABLE ([\w.]+)")
WAITS = """
SELECT 1 FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
    AND query LIKE '%ix_people_name%' AND wait_event_type = 'Lock'
"""


def added(folder: Path, build: str) -> Path:
    """The folder, with a migration in it that builds an index."""
    down = max(path.stem for path in VERSIONS.glob("0*.py"))
    (folder / "9999_index.py").write_text(MIGRATION.format(down=down, build=build))
    return folder


def upgrade(urls: DatabaseUrls, folder: Path) -> None:
    """Runs the migrations of the project and that of the folder."""
    os.environ["PGAPPNAME"] = f"migration {os.getpid()}"
    with _engine(urls.owner).connect() as connection:
        config = _config(connection)
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", f"{VERSIONS}:{folder}")
        command.upgrade(config, "head")


def started(*args: object) -> SpawnProcess:
    """A process that upgrades: alembic's context is global to a process."""
    process = multiprocessing.get_context("spawn").Process(target=upgrade, args=args)
    process.start()
    return process


@contextmanager
def old_transaction(urls: DatabaseUrls) -> Iterator[None]:
    """An index is built only when every transaction that can write the table has ended."""
    with psycopg.connect(urls.api) as connection:
        connection.execute("INSERT INTO event_store.people VALUES ('issuer', 'old', 'Old', now())")
        yield


def is_waiting(urls: DatabaseUrls) -> bool:
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        return connection.execute(WAITS.encode()).fetchone() is not None


def asks_for_the_lock(urls: DatabaseUrls, process: SpawnProcess) -> bool:
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        query = "SELECT 1 FROM pg_stat_activity WHERE application_name = %s AND query LIKE '%%advisory_lock%%'"
        return connection.execute(query, [f"migration {process.pid}"]).fetchone() is not None


def read_and_write(urls: DatabaseUrls) -> None:
    with psycopg.connect(urls.api, autocommit=True, options="-c lock_timeout=1s") as connection:
        connection.execute("SELECT count(*) FROM event_store.people")
        connection.execute("INSERT INTO event_store.people VALUES ('issuer', gen_random_uuid(), 'New', now())")


def test_readers_and_writers_continue_while_an_index_is_built(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    with old_transaction(database_urls):
        migration = started(database_urls, added(tmp_path, CONCURRENT))
        until(lambda: is_waiting(database_urls), seconds=60)
        read_and_write(database_urls)
    migration.join(60)
    assert migration.exitcode == 0
    with psycopg.connect(database_urls.owner) as connection:
        assert connection.execute("SELECT title FROM event_store.people LIMIT 1").fetchone() == (None,)
        valid = "SELECT indisvalid FROM pg_index WHERE indexrelid = 'event_store.ix_people_name'::regclass"
        assert connection.execute(valid).fetchone() == (True,)


def test_writers_wait_where_an_index_is_not_built_concurrently(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """This shows that the test before sees a lock."""
    with old_transaction(database_urls):
        migration = started(database_urls, added(tmp_path, LOCKING))
        until(lambda: is_waiting(database_urls), seconds=60)
        with pytest.raises(psycopg.errors.LockNotAvailable):
            read_and_write(database_urls)
    migration.join(60)


def test_two_processes_that_migrate_at_once_take_turns(database_urls: DatabaseUrls, tmp_path: Path) -> None:
    """The second one polls: waiting inside a statement, it would hold a snapshot that the index build waits for."""
    with old_transaction(database_urls):
        folder = added(tmp_path, CONCURRENT)
        first = started(database_urls, folder)
        until(lambda: is_waiting(database_urls), seconds=60)
        second = started(database_urls, folder)
        until(lambda: asks_for_the_lock(database_urls, second), seconds=60)
    for process in (first, second):
        process.join(60)
        assert process.exitcode == 0
    with psycopg.connect(database_urls.owner) as connection:
        found = connection.execute("SELECT version_num FROM event_store.alembic_version").fetchall()
    assert found == [("9999_index",)]


def test_no_migration_builds_an_index_on_an_existing_table_with_a_lock() -> None:
    for path in sorted(VERSIONS.glob("*.py")):
        text = path.read_text()
        created = set(TABLE.findall(text))
        locking = [table for concurrently, table in INDEX.findall(text) if not concurrently and table not in created]
        assert locking == [], f"{path.name}: use service.database.migrations.build_index"


def test_a_database_from_before_the_first_release_is_refused(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner, autocommit=True) as connection:
        connection.execute("UPDATE event_store.alembic_version SET version_num = '0014'")
    with pytest.raises(Misconfigured, match="before the first release"):
        migrate(database_urls.owner)


def test_row_security_is_enabled_while_readers_and_writers_go_on(database_urls: DatabaseUrls) -> None:
    with psycopg.connect(database_urls.owner) as connection:
        for table in POLICIES:
            names = connection.execute("SELECT polname FROM pg_policy WHERE polrelid = %s::regclass", [table])
            for (name,) in names.fetchall():
                connection.execute(f"DROP POLICY {name} ON {table}")
            connection.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    stop, rounds = Event(), 0

    def use() -> int:
        nonlocal rounds
        with (
            psycopg.connect(database_urls.api, autocommit=True) as reader,
            psycopg.connect(database_urls.worker, autocommit=True) as writer,
        ):
            while not stop.is_set():
                for table in POLICIES:
                    reader.execute(f"SELECT count(*) FROM {table}")
                writer.execute("INSERT INTO projections.audit_trail_memory VALUES (gen_random_uuid(), 'k', '{}')")
                rounds += 1
        return rounds

    with ThreadPoolExecutor() as threads:
        using = threads.submit(use)
        until(lambda: rounds > 1)
        assert migrate(database_urls.owner) == ()
        during = rounds
        until(lambda: rounds > during)
        stop.set()
        assert using.result() > during
    with psycopg.connect(database_urls.owner) as connection:
        secured = "SELECT count(*) FROM pg_class WHERE relrowsecurity"
        assert connection.execute(secured).fetchone() == (len(POLICIES),)
