"""Exports and dossiers over HTTP, as the bearer may see them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from projections.reading import person_names
from service.errors import Unavailable
from service.event_store import access_log
from service.event_store.access_log import AccessKind
from service.exchange.visible_log.disclosures import disclosures
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.scope import Scope, called, scope_of
from service.exchange.visible_log.visibility import Visibility
from service.graphql.http.disconnection import while_connected
from service.graphql.schema.context import PATIENCE
from service.instants import last_instant, read_instant
from service.rest.answer_schemas import INSTANT_OR_DAY
from service.rest.problems import NOT_FOUND, Problem, wrong_parameter
from service.rest.resource import Call

T = TypeVar("T")
EVENT_COST: Final = 40
"""Units of cost of one event, as of a node of the trail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileParameter:
    """schema: its JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any]


AS_OF: Final = FileParameter(
    name="asOf",
    description="What was recorded up to this instant, restricted to what the bearer may see now.",
    schema=INSTANT_OR_DAY,
)


@dataclass(frozen=True, slots=True)
class FileAccess:
    """What one bearer may see."""

    scope: Scope
    visibility: Visibility

    def of(self, subject: UUID) -> "FileAccess":
        return replace(self, scope=replace(self.scope, subject=subject))


def parameters_given(query: Iterable[tuple[str, str]], known: Sequence[FileParameter]) -> dict[str, str]:
    """Raises Problem if a parameter is unknown or repeated."""
    names, found = [each.name for each in known], dict[str, str]()
    for name, text in query:
        if name not in names:
            raise wrong_parameter(name, f"unknown. The parameters here: {', '.join(names)}.")
        if name in found:
            raise wrong_parameter(name, "given more than once.")
        found[name] = text
    return found


def as_of(given: Mapping[str, str]) -> datetime | None:
    """Raises Problem."""
    if (text := given.get(AS_OF.name)) is None:
        return None
    try:
        return last_instant(read_instant(text))
    except ValueError as error:
        raise wrong_parameter(AS_OF.name, str(error)) from None


class FileReader:
    """Reads for a bearer, in threads. Every export and dossier begins with `open`, once."""

    def __init__(self, call: Call) -> None:
        self._call, self._files, self._context = call, call.files, call.context

    async def open(self, what: AccessKind, instant: datetime | None, reference: str | None) -> FileAccess:
        """Opens the register and records the access in the access log.

        reference: limits the access to one request. Raises Problem, Unavailable, QuotaExceeded.
        """
        access = await self.in_thread(lambda: self._open(instant, reference))
        await self._context.services.record_access(
            access_log.Access(
                reader=self._context.actor,
                what=what,
                disclosures=await self.in_thread(
                    lambda: disclosures(self._files.store, access.scope, access.visibility)
                ),
            )
        )
        return access

    async def in_thread(self, work: Callable[[], T]) -> T:
        """The result of the work. Raises Disconnected, and what the work raises."""
        loop = asyncio.get_running_loop()
        return await while_connected(self._call.receive, loop.run_in_executor(self._files.threads, work))

    def charge(self, units: int) -> None:
        """Raises BudgetExceeded."""
        self._context.services.budget.charge(self._context.actor.person, units)

    def names(self) -> Callable[[Iterable[tuple[str, str]]], Any]:
        """A function for threads, that looks up the names of persons."""
        loop = asyncio.get_running_loop()

        async def answer(persons: Iterable[tuple[str, str]]) -> dict[tuple[str, str], str]:
            found = await self._context.services.reader.answer(person_names.names(persons), viewer=None)
            return {(each.issuer, each.subject): each.name for each in found}

        return lambda persons: asyncio.run_coroutine_threadsafe(answer(persons), loop).result()

    def _open(self, instant: datetime | None, reference: str | None) -> FileAccess:
        store, actor = self._files.store, self._context.actor
        now = store.now()
        try:
            scope = scope_of(store, actor, now, instant)
        except ExportRefused as ahead:
            raise wrong_parameter(AS_OF.name, str(ahead)) from None
        access = FileAccess(scope, Visibility(store, actor, now, scope.present))
        if reference is None:
            return access
        try:
            return access.of(called(store, access.visibility, reference, scope.end))
        except ExportRefused as unseen:
            raise Problem(NOT_FOUND, f"{str(unseen).capitalize()}.") from None


@asynccontextmanager
async def pdf_place(call: Call) -> AsyncIterator[None]:
    """A place for a PDF while it is rendered. Raises QuotaExceeded, Unavailable."""
    with call.context.share.pdf():
        await _acquire(call.files.pdfs, "PDFs are being rendered")
        try:
            yield
        finally:
            call.files.pdfs.release()


async def hold_place(call: Call) -> None:
    """Takes a place for a file until the client has the response. Raises QuotaExceeded, Unavailable."""
    call.held.enter_context(call.context.share.file())
    await _acquire(call.files.places, "files are being written")
    call.held.callback(call.files.places.release)


async def _acquire(places: asyncio.Semaphore, what: str) -> None:
    """Raises Unavailable."""
    try:
        async with asyncio.timeout(PATIENCE):
            await places.acquire()
    except TimeoutError:
        raise Unavailable(f"too many {what}") from None
