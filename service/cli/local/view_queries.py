"""Questions to the views of this machine's register."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

from projections.reading import person_names
from projections.reading.reader import DatabaseUnavailable, Reader, ViewBehind
from projections.views.authorities import standing_of
from service.cli.local.register import RegisterAccess
from service.cli.timeline import Names
from service.errors import Unavailable
from service.exchange.visible_log.refused import ExportRefused
from service.processes.composition import reading_connections

T = TypeVar("T")


def names_of(register: RegisterAccess, persons: Iterable[tuple[str, str]]) -> Names:
    """(issuer, subject) -> name, of the known persons. Raises ExportRefused or Unavailable."""

    async def answer(reader: Reader) -> Names:
        found = await reader.answer(person_names.names(persons), viewer=None)
        return {(each.issuer, each.subject): each.name for each in found}

    return ask(register, answer)


def ask(register: RegisterAccess, question: Callable[[Reader], Awaitable[T]]) -> T:
    """Runs a query on the views. Raises ExportRefused if they are behind, Unavailable if the database is down."""

    async def answer() -> T:
        connections = reading_connections(register.settings, register.urls.api)
        try:
            return await question(Reader(connections, standing_of, patience=register.settings.view_timeout))
        finally:
            await connections.close()

    try:
        return asyncio.run(answer())
    except ViewBehind as behind:
        raise ExportRefused(f"{behind}: a worker brings it up to date (`mandate status`)") from None
    except DatabaseUnavailable as error:
        raise Unavailable(str(error)) from None
