"""Accesses that arrive together are recorded together; each caller returns when its own is recorded, or is refused."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from domain.vocabulary import Actor, AuthorityCode, Role, Subject
from service.access.identity import ISSUER
from service.errors import Unavailable
from service.event_store.access_log import Access
from service.event_store.access_recorder import AccessRecorder
from service.processes.composition import reading_connections
from service.settings import DatabaseUrls, Settings
from tests.waiting import until

SETTINGS = Settings()


def access(number: int) -> Access:
    reader = Actor(
        issuer=ISSUER, subject=Subject(f"r{number}"), authority=AuthorityCode("alder"), roles=(Role.REVIEWER,)
    )
    return Access(reader=reader, what="query")


def entries(urls: DatabaseUrls) -> list[tuple[Any, ...]]:
    with psycopg.connect(urls.owner) as connection:
        return connection.execute("SELECT reader_subject, at FROM event_store.access_log").fetchall()


async def recorded(urls: DatabaseUrls, *rounds: range) -> list[BaseException | None]:
    """The outcome of each access. The accesses of a round arrive together."""
    connections = reading_connections(SETTINGS, urls.api)
    recorder = AccessRecorder(connections, limit=5)
    try:
        found = []
        for each in rounds:
            found += await asyncio.gather(*(recorder.record(access(number)) for number in each), return_exceptions=True)
        return found
    finally:
        await connections.close()


@contextmanager
def locked(urls: DatabaseUrls) -> Iterator[psycopg.Connection[Any]]:
    """Nobody can add entries meanwhile."""
    with psycopg.connect(urls.owner) as connection:
        connection.execute("LOCK TABLE event_store.access_log IN SHARE MODE")
        yield connection


def test_accesses_that_arrive_together_share_transactions(database_urls: DatabaseUrls) -> None:
    assert asyncio.run(recorded(database_urls, range(150), range(150, 151))) == [None] * 151
    found = entries(database_urls)
    assert {subject for subject, _ in found} == {f"r{number}" for number in range(151)}
    assert len({at for _, at in found}) == 4, "three transactions of at most 64, and one for the last"


def test_a_lost_connection_loses_no_entry(database_urls: DatabaseUrls) -> None:
    async def run() -> None:
        connections = reading_connections(SETTINGS, database_urls.api)
        recorder = AccessRecorder(connections, limit=5)
        try:
            await recorder.record(access(0))
            with psycopg.connect(database_urls.api, autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename = 'mandate_api'"
                )
            await recorder.record(access(1))
        finally:
            await connections.close()

    asyncio.run(run())
    assert sorted(subject for subject, _ in entries(database_urls)) == ["r0", "r1"]


def test_a_caller_that_leaves_does_not_end_the_write(database_urls: DatabaseUrls) -> None:
    async def run() -> None:
        connections = reading_connections(SETTINGS, database_urls.api)
        recorder = AccessRecorder(connections, limit=5)
        try:
            with locked(database_urls):
                gone, stays = (asyncio.create_task(recorder.record(access(number))) for number in range(2))
                await asyncio.to_thread(until, lambda: _waits(database_urls))
                gone.cancel()
            await stays
            assert gone.cancelled()
        finally:
            await connections.close()

    asyncio.run(run())
    assert sorted(subject for subject, _ in entries(database_urls)) == ["r0", "r1"]


def test_what_cannot_be_recorded_is_refused(database_urls: DatabaseUrls, caplog: pytest.LogCaptureFixture) -> None:
    with psycopg.connect(database_urls.owner, autocommit=True) as connection:
        connection.execute("REVOKE EXECUTE ON FUNCTION event_store.record_access(jsonb) FROM mandate_api")
    found = asyncio.run(recorded(database_urls, range(3)))
    assert [type(each) for each in found] == [Unavailable] * 3
    assert entries(database_urls) == []
    assert "the access log cannot be written: permission denied" in caplog.text


def _waits(urls: DatabaseUrls) -> bool:
    with psycopg.connect(urls.owner) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event_store.access_log'::regclass"
        ).fetchone()
    return row is not None and row[0] > 0
