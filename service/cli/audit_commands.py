"""`history` and `trail`: what happened to one thing, and to all, as people read it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer
from rich.console import Console

from domain import authority as authorities
from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.state import DeploymentRequest
from domain.vocabulary import AuthorityCode, exactly, spoken
from projections import audit_trail_queries
from projections.audit_entries import AuditEntry, visible_to
from projections.audit_trail_queries import AuditTrailFilter
from projections.authorities import standing_of
from projections.reading import person_names
from projections.reading.reader import DatabaseUnavailable, Reader, Reading, ViewBehind
from service.cli.register_access import AsOfOption, RegisterAccess, TokenOption, in_one_line, instant, open_register
from service.cli.timeline import Names, Timeline, TimelineEntry
from service.errors import Unavailable
from service.exchange.exports.ocel import EVENT_TYPES
from service.exchange.visible_log.history import history as history_of
from service.exchange.visible_log.history import stands
from service.exchange.visible_log.references import find
from service.exchange.visible_log.refused import ExportRefused
from service.processes.composition import async_engine

STEPS: Final = 50
"""Events of one subject that are shown at a time."""
PAGE: Final = 200
"""Events that are read at a time."""

T = TypeVar("T")


def add_to(app: typer.Typer) -> None:
    app.command()(history)
    app.command()(trail)


def history(
    reference: Annotated[str, typer.Argument(help="A request or an incident, as 'pristina-2024-0001'.")],
    as_of: AsOfOption = None,
    token: TokenOption = None,
) -> None:
    """Shows the timeline of a request or an incident: who did what, when, why, and what it changed."""
    with in_one_line(), open_register(token, as_of) as everything:
        one = everything.about(reference, (DEPLOYMENT_REQUEST, INCIDENT))
        console = Console()
        Timeline(console, {}).heading(*_about(one, stands(one.store, one.scope)))
        steps = history_of(one.store, one.scope, one.visibility)
        while page := list(islice(steps, STEPS)):
            timeline = Timeline(console, names_of(one, {step.entry.actor.person for step in page}))
            for step in page:
                timeline.show(TimelineEntry(entry=step.entry, shown=step.shown, references=step.incidents))


def trail(
    actor: Annotated[str | None, typer.Option(help="Who acted: a subject, as 'ana.h'.")] = None,
    authority: Annotated[str | None, typer.Option(help="On behalf of which authority, as 'kfor'.")] = None,
    type: Annotated[
        list[str] | None, typer.Option(help="What happened, as 'RequestWithheld'; repeat for any of.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="To what: a reference, an authority's code, or an id.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Recorded at this instant or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Recorded before this instant.")] = None,
    correlation: Annotated[
        str | None, typer.Option(help="All that followed from one command, or from one import.")
    ] = None,
    after: Annotated[int, typer.Option(min=0, help="Recorded after this position: where an earlier trail ended.")] = 0,
    limit: Annotated[int, typer.Option(min=1, help="How many events at most, the oldest first.")] = 100,
    token: TokenOption = None,
) -> None:
    """Shows the audit trail: every event that may be seen, in the order in which it was recorded."""
    with in_one_line(), open_register(token) as everything:
        wanted = AuditTrailFilter(
            actor=actor,
            authority=authority,
            type=_types(type),
            subject=None if subject is None else _subject(everything, subject),
            recorded_from=None if from_ is None else instant(from_, "--from"),
            recorded_until=None if until is None else instant(until, "--until"),
            correlation=None if correlation is None else _id(correlation, "--correlation"),
        )
        shown, following = _ask(everything, lambda reader: _show_pages(everything, reader, wanted, after, limit))
        if not shown:
            typer.echo("There is no such event that may be seen.", err=True)
        if following is not None:
            typer.echo(f"There is more: --after {following.position - 1}, or a higher --limit.", err=True)


def _about(one: RegisterAccess, state: Any) -> tuple[str, ...]:
    """What a history is headed by."""
    at = "" if one.scope.as_of is None else f", as of {exactly(one.scope.as_of)}"
    title = f"{state.reference}: {state.status}, version {state.version}{at}"
    if isinstance(state, DeploymentRequest):
        what = f"{state.force}, {state.strength:,}, to {state.region}"
        return title, f"{what}; {state.requesting_authority} asks {state.deciding_authority}. {state.marking}."
    return title, f"{state.kind} at {state.region}, {spoken(state.occurred_at)}. {state.marking}."


async def _show_pages(
    everything: RegisterAccess, reader: Reader, wanted: AuditTrailFilter, after: int, limit: int
) -> tuple[int, AuditEntry | None]:
    """Shows events as they are read; answers how many, and the first that is beyond the limit."""
    reading = await reader.reading(everything.scope.actor, at_least=everything.scope.end)
    console, left = Console(), limit
    while True:
        size = min(PAGE, left)
        entries = await reading.rows(audit_trail_queries.page(reading.viewer_scope, wanted, size + 1, after))
        shown = entries[:size]
        timeline = Timeline(console, await _names(reader, shown))
        for moment in await _moments(everything, reading, shown):
            timeline.show(moment)
        left -= len(shown)
        if len(entries) <= size:
            return limit - left, None
        if left == 0:
            return limit, entries[size]
        after = shown[-1].position


async def _moments(everything: RegisterAccess, reading: Reading, entries: list[AuditEntry]) -> list[TimelineEntry]:
    mentions = {mention for entry in entries for mention in entry.mentions}
    seen = set(await reading.rows(audit_trail_queries.seen(reading.viewer_scope, mentions))) if mentions else set()
    called = everything.visibility.of({entry.subject for entry in entries} | mentions)
    names = {each: known.name for each, known in called.items() if each in seen or each not in mentions}
    references = {str(each): name for each, name in names.items()}
    return [
        TimelineEntry(
            entry=entry,
            shown=visible_to(reading.viewer, entry, seen),
            about=names.get(entry.subject, str(entry.subject)),
            references=references,
        )
        for entry in entries
    ]


async def _names(reader: Reader, entries: Iterable[AuditEntry]) -> Names:
    persons = {entry.actor.person for entry in entries}
    return {(each.issuer, each.subject): each.name for each in await reader.answer(person_names.names(persons))}


def names_of(everything: RegisterAccess, persons: Iterable[tuple[str, str]]) -> Names:
    """Those of the persons' names that are known. Raises Refused and Unavailable."""

    async def answer(reader: Reader) -> Names:
        found = await reader.answer(person_names.names(persons))
        return {(each.issuer, each.subject): each.name for each in found}

    return _ask(everything, answer)


def _ask(everything: RegisterAccess, question: Callable[[Reader], Awaitable[T]]) -> T:
    """What the views answer. Raises Refused where they are behind the log, Unavailable where nothing answers."""

    async def answer() -> T:
        engine = async_engine(everything.settings, everything.urls.api)
        try:
            return await question(Reader(engine, standing_of, patience=everything.settings.view_patience))
        finally:
            await engine.dispose()

    try:
        return asyncio.run(answer())
    except ViewBehind as behind:
        raise ExportRefused(f"{behind}: a worker brings it up to date (`mandate status`)") from None
    except DatabaseUnavailable as error:
        raise Unavailable(str(error)) from None


def _types(names: list[str] | None) -> list[str] | None:
    unknown = [name for name in names or () if name not in EVENT_TYPES]
    if unknown:
        raise ExportRefused(f"no event is called '{unknown[0]}': {', '.join(EVENT_TYPES)} are")
    return names or None


def _subject(everything: RegisterAccess, name: str) -> UUID:
    """The id of what is called so, whether or not anything of it may be seen."""
    try:
        return UUID(name)
    except ValueError:
        return find(everything.store, name) or authorities.stream_of(AuthorityCode(name))


def _id(text: str, option: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ExportRefused(f"{option}: '{text}' is no id, as '6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34'") from None
