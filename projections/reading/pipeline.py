"""Runs statements on a connection, several in one round trip. psycopg's cursors take four times the processor time."""

import asyncio
import re
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, NamedTuple
from uuid import UUID

import psycopg
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.pq import ExecStatus
from psycopg.pq.abc import PGresult

Rows = Sequence[Sequence[Any]]


class Statement(NamedTuple):
    """A text with parameters as in '%(name)s', and their values. one_plan: whether one plan suits all values."""

    text: str
    values: Mapping[str, Any]
    one_plan: bool = False


PREPARED_AFTER: Final = 2
"""Executions on one connection after which a statement is prepared."""
PREPARED: Final = 100
"""Statements that one connection keeps prepared."""
PATIENCE: Final = 5.0
"""Seconds to wait until the server has given up a statement that nobody waits for."""
CANCELLED_AGAIN: Final = 0.2
"""Seconds until the cancellation is repeated: the server ignores one that arrives before the statement."""
INFERRED: Final = 0
"""In place of the type of a parameter: it follows from the cast that SQLAlchemy renders."""
PLAN_MODE: Final = {
    True: b"SET plan_cache_mode = force_generic_plan",
    False: b"SET plan_cache_mode = force_custom_plan",
}
_MARK: Final = re.compile(r"%(?:\((\w+)\)s|%)")


class Pipeline:
    """The statements of one connection in autocommit mode, for one task at a time."""

    def __init__(self, connection: psycopg.AsyncConnection[Any]) -> None:
        self._connection = connection
        self._server = connection.pgconn
        self._values = Transformer(connection)
        self._executions: dict[str, int] = {}
        self._prepared: dict[str, bytes] = {}
        self._preparing: deque[tuple[str, bytes] | None] = deque()
        self._names = 0
        self._one_plan: bool | None = None
        self._arrived: asyncio.Future[None] | None = None

    async def rows(self, *statements: Statement) -> list[Rows]:
        """The rows of each statement, in order. An error undoes the others. Raises psycopg.Error.

        If it is cancelled, the server gives up the statement.
        """
        loop, server, socket = asyncio.get_running_loop(), self._server, self._server.socket
        server.enter_pipeline_mode()
        self._preparing.clear()
        loop.add_reader(socket, self._receive, socket)
        try:
            for statement in statements:
                self._send(*statement)
            server.pipeline_sync()
            while server.flush():
                await self._writable(socket)
            try:
                return await self._results()
            except asyncio.CancelledError:
                await self._abandon()
                raise
        finally:
            loop.remove_reader(socket)
            with suppress(psycopg.OperationalError):  # if results are missing, the connection is not used again
                server.exit_pipeline_mode()

    def _send(self, text: str, values: Mapping[str, Any], one_plan: bool) -> None:
        command, names = _positional(text)
        encoded, types = [], []
        for each in names:
            text_of_value, kind = self._encoded(values[each])
            encoded.append(text_of_value)
            types.append(kind)
        self._set_plan_mode(one_plan)
        name = self._prepared.get(text)
        if name is None and self._is_due(text):
            name = self._prepare(text, command, types)
        if name is None:
            self._server.send_query_params(command, encoded, types)
        else:
            self._server.send_query_prepared(name, encoded)
        self._preparing.append(None)

    def _set_plan_mode(self, one_plan: bool) -> None:
        """Planning a statement that reads few rows takes longer than executing it."""
        if one_plan is not self._one_plan:
            self._server.send_query_params(PLAN_MODE[one_plan], None)
            self._preparing.append(None)
            self._one_plan = one_plan

    def _is_due(self, text: str) -> bool:
        executions = self._executions.pop(text, 0)
        if executions >= PREPARED_AFTER:
            return True
        if len(self._executions) >= PREPARED:
            del self._executions[next(iter(self._executions))]
        self._executions[text] = executions + 1
        return False

    def _prepare(self, text: str, command: bytes, types: Sequence[int]) -> bytes:
        if len(self._prepared) >= PREPARED:
            oldest = self._prepared.pop(next(iter(self._prepared)))
            self._server.send_query_params(b"DEALLOCATE " + oldest, None)
            self._preparing.append(None)
        self._names += 1
        name = f"statement_{self._names}".encode()
        self._server.send_prepare(name, command, types)
        self._preparing.append((text, name))
        return name

    def _encoded(self, value: Any) -> tuple[Any, int]:
        """The text of a value, and its type."""
        if value is None:
            return None, INFERRED
        if isinstance(value, str):
            encoded = value.encode()
            if b"\0" in encoded:
                raise psycopg.DataError("a text contains NUL, which PostgreSQL cannot store")
            return encoded, INFERRED
        if type(value) is int or isinstance(value, UUID):
            return str(value).encode(), INFERRED
        if isinstance(value, datetime):
            return value.isoformat().encode(), INFERRED
        dumper = self._values.get_dumper(value, PyFormat.TEXT)
        return dumper.dump(value), dumper.oid

    async def _results(self) -> list[Rows]:
        """Reads up to the end of the pipeline."""
        found: list[Rows] = []
        error: psycopg.Error | None = None
        while True:
            result = await self._result()
            if result is None:
                continue
            if result.status == ExecStatus.PIPELINE_SYNC:
                break
            preparing = self._preparing.popleft()
            match result.status:
                case ExecStatus.TUPLES_OK:
                    self._values.set_pgresult(result)
                    found.append(self._values.load_rows(0, result.ntuples, tuple))
                case ExecStatus.COMMAND_OK if preparing:
                    self._prepared.update([preparing])
                case ExecStatus.FATAL_ERROR:
                    error = error or error_from_result(result)
                case _:
                    pass
        if error is not None:
            self._one_plan = None  # the setting was undone if it was made with these statements
            raise error
        return found

    async def _result(self) -> PGresult | None:
        server = self._server
        while server.is_busy():
            self._arrived = asyncio.get_running_loop().create_future()
            await self._arrived
        return server.get_result()

    def _receive(self, socket: int) -> None:
        """Called when the server has sent something."""
        waiting, self._arrived = self._arrived, None
        try:
            self._server.consume_input()
        except psycopg.OperationalError as error:
            asyncio.get_running_loop().remove_reader(socket)
            if waiting is not None and not waiting.done():
                waiting.set_exception(error)
            return
        if waiting is not None and not waiting.done():
            waiting.set_result(None)

    async def _writable(self, socket: int) -> None:
        loop = asyncio.get_running_loop()
        writable = loop.create_future()
        loop.add_writer(socket, writable.set_result, None)
        try:
            await writable
        finally:
            loop.remove_writer(socket)

    async def _abandon(self) -> None:
        with suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(PATIENCE):
                while True:
                    await self._connection.cancel_safe(timeout=PATIENCE)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(CANCELLED_AGAIN):
                            await self._results()
                            return


@lru_cache(512)
def _positional(text: str) -> tuple[bytes, tuple[str, ...]]:
    """The text with parameters as in '$1', and their names in order."""
    numbers: dict[str, int] = {}

    def numbered(mark: re.Match[str]) -> str:
        name = mark[1]
        return "%" if name is None else f"${numbers.setdefault(name, len(numbers) + 1)}"

    return _MARK.sub(numbered, text).encode(), tuple(numbers)
