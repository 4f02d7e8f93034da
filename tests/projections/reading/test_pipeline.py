"""Statements on one connection, several in one round trip."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, TypeVar
from uuid import UUID

import psycopg
import pytest

from projections.reading.pipeline import PREPARED, PREPARED_AFTER, Pipeline, Statement
from service.settings import DatabaseUrls
from tests.waiting import until

T = TypeVar("T")

VALUES: Final[dict[str, Any]] = {
    "a": "100 % of 'it'",
    "b": -7,
    "c": datetime(2024, 11, 29, 18, 0, 0, 123456, tzinfo=UTC),
    "d": UUID(int=5),
    "e": None,
    "f": True,
    "h": timedelta(days=1, microseconds=1),
    "g": '{"x","y \\" z",NULL}',
}
TEXT: Final = """
    SELECT %(a)s::TEXT, %(b)s::BIGINT, %(c)s::TIMESTAMPTZ, %(d)s::UUID, %(e)s::TEXT, %(f)s, %(g)s::TEXT[], 7 %% 4,
           ARRAY[%(d)s::UUID], %(b)s::BIGINT, %(h)s::INTERVAL
"""


def run(urls: DatabaseUrls, ask: Callable[[Pipeline, psycopg.AsyncConnection[Any]], Awaitable[T]]) -> T:
    async def asked() -> T:
        connection = await psycopg.AsyncConnection.connect(urls.api, autocommit=True, options="-c timezone=UTC")
        async with connection:
            return await ask(Pipeline(connection), connection)

    return asyncio.run(asked())


def test_rows_are_those_of_a_cursor(database_urls: DatabaseUrls) -> None:
    """Before and after the statement is prepared."""

    async def ask(pipeline: Pipeline, connection: psycopg.AsyncConnection[Any]) -> None:
        expected = await (await connection.execute(TEXT, VALUES)).fetchall()
        for _ in range(PREPARED_AFTER + 2):
            assert await pipeline.rows(Statement(TEXT, VALUES)) == [expected]
        prepared = await (await connection.execute("SELECT count(*) FROM pg_prepared_statements")).fetchall()
        assert prepared == [(1,)]

    run(database_urls, ask)


def test_several_statements_are_in_order(database_urls: DatabaseUrls) -> None:
    async def ask(pipeline: Pipeline, _: object) -> list[Any]:
        return await pipeline.rows(
            Statement("SELECT 1", {}),
            Statement("SELECT 2 WHERE false", {}),
            Statement("SELECT unnest(%(a)s::INTEGER[])", {"a": "{3,4}"}),
        )

    assert run(database_urls, ask) == [[(1,)], [], [(3,), (4,)]]


def test_an_error_leaves_the_connection_as_it_was(database_urls: DatabaseUrls) -> None:
    wrong = Statement("SELECT 1 / %(a)s::INTEGER", {"a": 0})

    async def ask(pipeline: Pipeline, connection: psycopg.AsyncConnection[Any]) -> None:
        for _ in range(PREPARED_AFTER + 2):
            with pytest.raises(psycopg.errors.DivisionByZero):
                await pipeline.rows(Statement("SELECT 1", {}), wrong, Statement("SELECT 2", {}))
            assert await pipeline.rows(Statement(wrong.text, {"a": 1})) == [[(1,)]]
        with pytest.raises(psycopg.errors.SyntaxError):
            await pipeline.rows(Statement("SELEC", {}))
        assert await pipeline.rows(Statement("SELECT 1", {})) == [[(1,)]]
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE

    run(database_urls, ask)


def test_a_value_longer_than_what_the_network_takes_at_once(database_urls: DatabaseUrls) -> None:
    async def ask(pipeline: Pipeline, _: object) -> list[Any]:
        return await pipeline.rows(Statement("SELECT length(%(a)s::TEXT), %(a)s::TEXT", {"a": "x" * 30_000_000}))

    [[(length, text)]] = run(database_urls, ask)
    assert length == len(text) == 30_000_000


def test_a_text_with_nul_is_refused(database_urls: DatabaseUrls) -> None:
    async def ask(pipeline: Pipeline, _: object) -> list[Any]:
        with pytest.raises(psycopg.DataError):
            await pipeline.rows(Statement("SELECT %(a)s::TEXT", {"a": "x\0y"}))
        return await pipeline.rows(Statement("SELECT 1", {}))

    assert run(database_urls, ask) == [[(1,)]]


def test_few_statements_stay_prepared(database_urls: DatabaseUrls) -> None:
    async def ask(pipeline: Pipeline, connection: psycopg.AsyncConnection[Any]) -> int:
        for number in range(PREPARED + 20):
            for _ in range(PREPARED_AFTER + 1):
                assert await pipeline.rows(Statement(f"SELECT {number}", {})) == [[(number,)]]
        cursor = await connection.execute("SELECT count(*) FROM pg_prepared_statements")
        [(found,)] = await cursor.fetchall()
        return int(found)

    assert run(database_urls, ask) == PREPARED


def test_each_statement_is_planned_in_its_own_way(database_urls: DatabaseUrls) -> None:
    """Also after an error, which undoes the settings that were made with it."""
    mode = "SELECT current_setting('plan_cache_mode')"
    by_key, wrong = Statement(mode, {}, one_plan=True), Statement("SELECT 1 / 0", {}, one_plan=True)

    async def ask(pipeline: Pipeline, _: object) -> list[Any]:
        found = await pipeline.rows(by_key, Statement(mode, {}), by_key, by_key, Statement(mode, {}))
        with pytest.raises(psycopg.errors.DivisionByZero):
            await pipeline.rows(wrong)
        return [*found, *await pipeline.rows(by_key)]

    one, own = [("force_generic_plan",)], [("force_custom_plan",)]
    assert run(database_urls, ask) == [one, own, one, one, own, one]


def test_a_cancelled_statement_ends_on_the_server(database_urls: DatabaseUrls) -> None:
    async def ask(pipeline: Pipeline, connection: psycopg.AsyncConnection[Any]) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await pipeline.rows(Statement("SELECT pg_sleep(600)", {}))
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        assert await pipeline.rows(Statement("SELECT 1", {})) == [[(1,)]]

    run(database_urls, ask)


def test_a_cancellation_that_arrives_before_the_statement_is_repeated(database_urls: DatabaseUrls) -> None:
    """The backend is stopped: it takes note of the cancellation first, and reads the statement then."""

    async def ask(pipeline: Pipeline, connection: psycopg.AsyncConnection[Any]) -> None:
        backend = connection.info.backend_pid
        os.kill(backend, signal.SIGSTOP)
        try:
            asked = asyncio.create_task(pipeline.rows(Statement("SELECT pg_sleep(600)", {})))
            await asyncio.sleep(0)
            asked.cancel()
            await asyncio.to_thread(until, lambda: signal.SIGINT in _pending(backend))
        finally:
            os.kill(backend, signal.SIGCONT)
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
        assert await pipeline.rows(Statement("SELECT 1", {})) == [[(1,)]]

    run(database_urls, ask)


def _pending(process: int) -> set[int]:
    """The signals that wait for a process (proc(5), ShdPnd: bit 0 is signal 1)."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    bits = next(int(line.split()[1], 16) for line in lines if line.startswith("ShdPnd"))
    return {number for number in range(1, 65) if bits >> (number - 1) & 1}
