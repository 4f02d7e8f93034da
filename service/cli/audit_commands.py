"""`history` and `trail`: the events of one subject, and the audit trail, for a terminal."""

from typing import Annotated
from uuid import UUID

import typer
from rich.console import Console

from projections.views.audit_trail_filter import BEYOND, AuditTrailFilter, PositionRange
from service.cli.reading_options import AsHappenedOption, AsOfOption, TokenOption, UrlOption, between, in_one_line
from service.cli.remote import histories as remote_histories
from service.cli.remote.server import Server
from service.cli.sources import Source, open_source
from service.cli.terminal_text import clean
from service.cli.timeline import History, Timeline, TimelineEntry
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
        found = _history(source, reference)
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
            authority=authority,
            type=type or None,
            subject=None if subject is None else _subject(source, subject),
            recorded_from=recorded[0],
            recorded_until=recorded[1],
            occurred_from=occurred[0],
            occurred_until=occurred[1],
            correlation_id=None if correlation is None else _id(correlation, "--correlation"),
        )
        if wanted.subject is not None and not _has_events(source, wanted.subject):
            named = f"there is no request, incident or authority '{clean(str(subject))}' that you may see"
            raise ExportRefused(f"{named}: name its reference, its code or its id")
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
    from service.cli.local import local_histories

    return local_histories.trail(source, wanted, part, limit, show, on_behalf_of)


def _has_events(source: Source, subject: UUID) -> bool:
    """Whether there is any event of the subject that may be seen."""
    if isinstance(source, Server):
        every = AuditTrailFilter(subject=subject)
        return remote_histories.trail(source, every, PositionRange(), 1, lambda page: None, None)[0] > 0
    from service.cli.local import local_histories

    return local_histories.has_events(source, subject)


def _subject(source: Source, name: str) -> UUID:
    try:
        return UUID(name)
    except ValueError:
        if isinstance(source, Server):
            return remote_histories.id_of(source, name)
        from service.cli.local import local_histories

        return local_histories.id_of(source, name)


def _history(source: Source, reference: str) -> History:
    if isinstance(source, Server):
        return remote_histories.history(source, reference)
    from service.cli.local import local_histories

    return local_histories.history(source, reference)


def _id(text: str, option: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise ExportRefused(f"{option}: '{text}' is no id, as '6f1c1f6e-6a52-5b1e-9a51-0d1f2c9d5a34'") from None
