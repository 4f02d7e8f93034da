"""`history` and `trail`: the events of one subject, and the audit trail, for a terminal."""

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from domain.deputies import principal_of
from domain.refusals import FieldProblem
from domain.vocabulary import Person
from projections.views.audit_trail_filter import BEYOND, AuditTrailFilter, PositionRange
from service.cli import local_histories
from service.cli.register_access import AsHappenedOption, AsOfOption, TokenOption, between, in_one_line
from service.cli.remote import histories as remote_histories
from service.cli.remote.server import Server
from service.cli.sources import Source, UrlOption, open_source
from service.cli.terminal_text import clean
from service.cli.timeline import Timeline, TimelineEntry
from service.cli.view_queries import ask
from service.exchange.exports.ocel import EVENT_TYPES
from service.exchange.visible_log.refused import ExportRefused

NewestFirstOption = Annotated[bool, typer.Option("--newest-first", help="Begin with the newest event.")]
JsonLinesOption = Annotated[bool, typer.Option("--json", help="Print JSON Lines: one object per event, in full.")]


def add_to(app: typer.Typer) -> None:
    app.command()(history)
    app.command()(trail)


def history(
    reference: Annotated[str, typer.Argument(help="Reference of a request or incident, such as 'pristina-2024-0001'.")],
    as_of: AsOfOption = None,
    as_happened: AsHappenedOption = None,
    newest_first: NewestFirstOption = False,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Shows the timeline of a request or an incident: who did what, when, why, and what it changed."""
    with in_one_line(), open_source(url, token, as_of, as_happened) as source:
        found = (
            remote_histories.history(source, reference)
            if isinstance(source, Server)
            else local_histories.history(source, reference)
        )
        timeline = Timeline(Console(), as_json=as_json)
        timeline.heading(found.heading)
        timeline.columns(about=False)
        for each in reversed(list(found.entries)) if newest_first else found.entries:
            timeline.show(each)


def trail(
    actor: Annotated[str | None, typer.Option(help="Actor: the subject of a token, such as 'ana.h'.")] = None,
    on_behalf_of: Annotated[
        str | None,
        typer.Option(help="Principal for whom a deputy acted: a subject of your issuer, or 'person:ISSUER|SUBJECT'."),
    ] = None,
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
    newest_first: NewestFirstOption = False,
    limit: Annotated[int, typer.Option(min=1, help="Maximum number of events.")] = 100,
    url: UrlOption = None,
    token: TokenOption = None,
    as_json: JsonLinesOption = False,
) -> None:
    """Shows the audit trail: every event that you may see, in the order of recording, oldest first.

    Without a filter, those who audit everything also see voided events that belong to no request, incident
    or authority, at the end.
    """
    with in_one_line(), open_source(url, token) as source:
        recorded = between(from_, until, "--until")
        occurred = between(occurred_from, occurred_until, "--occurred-until")
        wanted = AuditTrailFilter(
            actor=actor,
            on_behalf_of=_principal(source, on_behalf_of),
            authority=authority,
            type=_types(type),
            subject=None if subject is None else _subject(source, subject),
            recorded_from=recorded[0],
            recorded_until=recorded[1],
            occurred_from=occurred[0],
            occurred_until=occurred[1],
            correlation_id=None if correlation is None else _id(correlation, "--correlation"),
        )
        part = PositionRange(after=after, before=before, newest_first=newest_first)
        shown, following, outside = _shown(
            source, wanted, part, limit, Timeline(Console(), as_json=as_json), on_behalf_of
        )
        for line in outside:
            typer.echo(clean(line), err=as_json)
        if not shown and not outside:
            typer.echo("There is no such event, or you may not see it.", err=True)
        if following is not None:
            place = f"--before {following + 1}" if newest_first else f"--after {following - 1}"
            typer.echo(f"There is more: {place}, or a higher --limit.", err=True)


def _shown(
    source: Source,
    wanted: AuditTrailFilter,
    part: PositionRange,
    limit: int,
    timeline: Timeline,
    on_behalf_of: str | None,
) -> tuple[int, int | None, list[str]]:
    """How many events are shown, the position of the first one beyond the limit, and the voided ones outside."""
    begun = False

    def show(page: list[TimelineEntry]) -> None:
        nonlocal begun
        if not begun:
            timeline.columns(about=True)
        begun = True
        for each in page:
            timeline.show(each)

    if isinstance(source, Server):
        return *remote_histories.trail(source, wanted, part, limit, show, on_behalf_of), []
    source.record_access("trail")
    shown, following = ask(source, lambda reader: local_histories.show_trail(source, reader, wanted, part, limit, show))
    outside = local_histories.voided_outside(source, part.after) if wanted == AuditTrailFilter() else []
    return shown, following, outside


def _subject(source: Source, name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        return (
            remote_histories.id_of(source, name) if isinstance(source, Server) else local_histories.id_of(source, name)
        )


def _principal(source: Source, named: str | None) -> Person | None:
    """None also for a server, which knows the bearer's issuer: it is sent the name."""
    if named is None or isinstance(source, Server):
        return None
    person = principal_of(named, source.scope.actor.issuer)
    if isinstance(person, FieldProblem):
        raise ExportRefused(f"--on-behalf-of: {person.message}")
    return person


def _types(names: list[str] | None) -> list[str] | None:
    unknown = [name for name in names or () if name not in EVENT_TYPES]
    if unknown:
        raise ExportRefused(f"no event is called '{unknown[0]}': {', '.join(EVENT_TYPES)} are")
    return names or None


def _id(text: str, option: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ExportRefused(f"{option}: '{text}' is no id, as '6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34'") from None
