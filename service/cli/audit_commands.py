"""`history` and `trail`: the events of one subject, and the audit trail, for a terminal."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from itertools import islice
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import typer
from rich.console import Console

from domain import authority as authorities
from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.state import DeploymentRequest
from domain.visibility import AUDITORS
from domain.vocabulary import AuthorityCode, exact_time, format_time
from domain.voided_events import JurisdictionEventVoided, NumberingEventVoided, UnknownEventVoided
from projections.reading import person_names
from projections.reading.reader import DatabaseUnavailable, Reader, Reading, ViewBehind
from projections.rows.audit_entries import AuditEntry, visible_to
from projections.views import audit_trail_queries
from projections.views.audit_trail_filter import BEYOND, AuditTrailFilter, PositionRange
from projections.views.authorities import standing_of
from service.cli.register_access import (
    AsOfOption,
    RegisterAccess,
    TokenOption,
    between,
    in_one_line,
    open_register,
)
from service.cli.terminal_text import clean
from service.cli.timeline import Names, Timeline, TimelineEntry
from service.commands.event_voids import voided
from service.errors import Unavailable
from service.exchange.exports.ocel import EVENT_TYPES
from service.exchange.visible_log.history import history as history_of
from service.exchange.visible_log.references import find
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.visibility import states
from service.processes.composition import reading_connections

STEPS: Final = 50
"""Events per page of a history."""
PAGE: Final = 200
"""Events per query of the audit trail."""

OUTSIDE_TRAIL: Final = tuple(
    each.__name__ for each in (JurisdictionEventVoided, NumberingEventVoided, UnknownEventVoided)
)
"""Placeholders of voided events that belong to no request, incident or authority."""

JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print JSON Lines: one object per event, in full.")]

T = TypeVar("T")


def add_to(app: typer.Typer) -> None:
    app.command()(history)
    app.command()(trail)


def history(
    reference: Annotated[str, typer.Argument(help="Reference of a request or incident, such as 'pristina-2024-0001'.")],
    as_of: AsOfOption = None,
    token: TokenOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Shows the timeline of a request or an incident: who did what, when, why, and what it changed."""
    with in_one_line(), open_register(token, as_of) as register:
        subject_access = register.about(reference, (DEPLOYMENT_REQUEST, INCIDENT))
        subject_access.record_access("history")
        console = Console()
        subject, end = subject_access.scope.subject, subject_access.scope.end
        assert subject is not None
        state = states(subject_access.store, [subject], end, texts=False)[subject]
        printed = Timeline(console, {}, as_json=as_json)
        printed.heading(*_about(subject_access, state))
        printed.columns(about=False)
        steps = history_of(subject_access.store, subject_access.scope, subject_access.visibility)
        while page := list(islice(steps, STEPS)):
            names = names_of(subject_access, {person for step in page for person in step.entry.actor.persons})
            timeline = Timeline(console, names, as_json=as_json)
            for step in page:
                timeline.show(TimelineEntry(entry=step.entry, shown=step.shown, references=step.incidents))


def trail(
    actor: Annotated[str | None, typer.Option(help="Actor: the subject of a token, such as 'ana.h'.")] = None,
    authority: Annotated[str | None, typer.Option(help="Authority of the actor, such as 'kfor'.")] = None,
    type: Annotated[
        list[str] | None, typer.Option(help="Event type, such as 'RequestWithheld'; repeat it for several.")
    ] = None,
    subject: Annotated[str | None, typer.Option(help="Subject: a reference, an authority's code, or an id.")] = None,
    from_: Annotated[str | None, typer.Option("--from", help="Recorded at this instant or later.")] = None,
    until: Annotated[str | None, typer.Option(help="Recorded before this instant.")] = None,
    occurred_from: Annotated[
        str | None, typer.Option(help="Happened at this instant or later; imported events may have happened long ago.")
    ] = None,
    occurred_until: Annotated[str | None, typer.Option(help="Happened before this instant.")] = None,
    correlation: Annotated[
        str | None, typer.Option(help="Correlation id: all events that follow from one command or import.")
    ] = None,
    after: Annotated[
        int, typer.Option(min=0, help="Recorded after this position, such as the last one of the previous page.")
    ] = 0,
    before: Annotated[int, typer.Option(min=1, help="Recorded before this position.")] = BEYOND,
    newest_first: Annotated[bool, typer.Option("--newest-first", help="Begin with the newest event.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of events.")] = 100,
    token: TokenOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Shows the audit trail: every event that you may see, in the order of recording, oldest first.

    Without a filter, those who audit everything also see voided events that belong to no request, incident
    or authority, at the end.
    """
    with in_one_line(), open_register(token) as register:
        recorded = between(from_, until, "--until")
        occurred = between(occurred_from, occurred_until, "--occurred-until")
        wanted = AuditTrailFilter(
            actor=actor,
            authority=authority,
            type=_types(type),
            subject=None if subject is None else _subject(register, subject),
            recorded_from=recorded[0],
            recorded_until=recorded[1],
            occurred_from=occurred[0],
            occurred_until=occurred[1],
            correlation_id=None if correlation is None else _id(correlation, "--correlation"),
        )
        register.record_access("trail")
        part = PositionRange(after=after, before=before, newest_first=newest_first)
        shown, following = ask(register, lambda reader: _show_pages(register, reader, wanted, part, limit, as_json))
        outside = _voided_outside(register, after) if wanted == AuditTrailFilter() else []
        for line in outside:
            typer.echo(clean(line), err=as_json)
        if not shown and not outside:
            typer.echo("There is no such event, or you may not see it.", err=True)
        if following is not None:
            place = f"--before {following.position + 1}" if newest_first else f"--after {following.position - 1}"
            typer.echo(f"There is more: {place}, or a higher --limit.", err=True)


def _voided_outside(register: RegisterAccess, after: int) -> list[str]:
    """The voided events after a position that are not in the view of the audit trail: only those who
    audit everything may see them."""
    if not register.visibility.viewer.sees(frozenset({AUDITORS})):
        return []
    return [
        f"{position} {topic} of {stream} was voided by {by} on {exact_time(at)}: {reason}"
        for position, topic, stream, at, by, reason in voided(register.urls.api, OUTSIDE_TRAIL)
        if position > after
    ]


def _about(subject_access: RegisterAccess, state: Any) -> tuple[str, ...]:
    """The heading of a history."""
    at = "" if subject_access.scope.as_of is None else f", as of {exact_time(subject_access.scope.as_of)}"
    title = f"{state.reference}: {state.status}, version {state.version}{at}"
    if isinstance(state, DeploymentRequest):
        what = f"{state.force}, {state.strength:,}, to {state.region}"
        return title, f"{what}; {state.requesting_authority} asks {state.deciding_authority}. {state.marking}."
    return title, f"{state.kind} at {state.region}, {format_time(state.occurred_at)}. {state.marking}."


async def _show_pages(
    register: RegisterAccess, reader: Reader, wanted: AuditTrailFilter, part: PositionRange, limit: int, as_json: bool
) -> tuple[int, AuditEntry | None]:
    """Shows events page by page. Returns their number, and the first event beyond the limit."""
    reading = await reader.reading(register.scope.actor, at_least=register.scope.end)
    console, left = Console(), limit
    while True:
        size = min(PAGE, left)
        entries = await reading.rows(audit_trail_queries.page(reading.viewer_scope, wanted, size + 1, part))
        shown = entries[:size]
        timeline = Timeline(console, await _names(reader, shown), as_json=as_json)
        if left == limit:
            timeline.columns(about=True)
        for moment in await _moments(register, reading, shown):
            timeline.show(moment)
        left -= len(shown)
        if len(entries) <= size:
            return limit - left, None
        if left == 0:
            return limit, entries[size]
        last = shown[-1].position
        part = replace(part, before=last) if part.newest_first else replace(part, after=last)


async def _moments(register: RegisterAccess, reading: Reading, entries: list[AuditEntry]) -> list[TimelineEntry]:
    mentions = {mention for entry in entries for mention in entry.mentions}
    seen = set(await reading.rows(audit_trail_queries.seen(reading.viewer_scope, mentions))) if mentions else set()
    called = register.visibility.of({entry.subject for entry in entries} | mentions)
    names = {each: stream.name for each, stream in called.items() if each in seen or each not in mentions}
    references = {str(each): name for each, name in names.items()}
    return [
        TimelineEntry(
            entry=entry,
            shown=visible_to(entry, seen),
            about=names.get(entry.subject, str(entry.subject)),
            references=references,
        )
        for entry in entries
    ]


async def _names(reader: Reader, entries: Iterable[AuditEntry]) -> Names:
    persons = {person for entry in entries for person in entry.actor.persons}
    return {
        (each.issuer, each.subject): each.name for each in await reader.answer(person_names.names(persons), viewer=None)
    }


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


def _types(names: list[str] | None) -> list[str] | None:
    unknown = [name for name in names or () if name not in EVENT_TYPES]
    if unknown:
        raise ExportRefused(f"no event is called '{unknown[0]}': {', '.join(EVENT_TYPES)} are")
    return names or None


def _subject(register: RegisterAccess, name: str) -> UUID:
    """The id of a subject by its name, without a visibility check."""
    try:
        return UUID(name)
    except ValueError:
        return find(register.store, name) or authorities.stream_of(AuthorityCode(name))


def _id(text: str, option: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ExportRefused(f"{option}: '{text}' is no id, as '6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34'") from None
