"""Histories and the audit trail of this machine's register."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Final
from uuid import UUID

from domain import authority as authorities
from domain.catalogue import DEPLOYMENT_REQUEST, INCIDENT
from domain.deployment_request.state import DeploymentRequest
from domain.deputies import principal_of
from domain.refusals import FieldProblem
from domain.visibility import AUDITORS
from domain.vocabulary import AuthorityCode, Person, exact_time
from domain.voided_events import JurisdictionEventVoided, NumberingEventVoided, UnknownEventVoided
from projections.reading import person_names
from projections.reading.reader import Reader, Reading
from projections.rows.audit_entries import visible_to
from projections.rows.audit_entry import AuditEntry
from projections.views import audit_trail_queries
from projections.views.audit_trail_filter import AuditTrailFilter, PositionRange
from service.cli.history_heading import incident_heading, request_heading, then_of
from service.cli.local.register import RegisterAccess
from service.cli.local.view_queries import ask, names_of
from service.cli.timeline import History, Names, TimelineEntry
from service.commands.event_voids import voided
from service.exchange.exports.ocel import EVENT_TYPES
from service.exchange.visible_log.history import history as history_of
from service.exchange.visible_log.references import find
from service.exchange.visible_log.refused import ExportRefused
from service.exchange.visible_log.visibility import states

STEPS: Final = 50
"""Events per page of a history."""
PAGE: Final = 200
"""Events per query of the audit trail."""

OUTSIDE_TRAIL: Final = tuple(
    each.__name__ for each in (JurisdictionEventVoided, NumberingEventVoided, UnknownEventVoided)
)
"""Placeholders of voided events that belong to no request, incident or authority."""


def history(register: RegisterAccess, reference: str) -> History:
    """Recorded in the access log. Raises ExportRefused, Unavailable."""
    subject_access = register.about(reference, (DEPLOYMENT_REQUEST, INCIDENT))
    subject_access.record_access("history")
    return History(heading=lambda: _heading(subject_access), entries=_steps(subject_access))


def _steps(subject_access: RegisterAccess) -> Iterator[TimelineEntry]:
    steps = history_of(subject_access.store, subject_access.scope, subject_access.visibility)
    while page := list(islice(steps, STEPS)):
        names = names_of(subject_access, {person for step in page for person in step.entry.actor.persons})
        for step in page:
            yield TimelineEntry(entry=step.entry, shown=step.shown, references=step.incidents, names=names)


def _heading(subject_access: RegisterAccess) -> tuple[str, ...]:
    subject = subject_access.scope.subject
    then = then_of(subject_access.scope.as_of, subject_access.as_happened)
    assert subject is not None
    state = states(subject_access.store, [subject], subject_access.scope.end, texts=False)[subject]
    if isinstance(state, DeploymentRequest):
        return request_heading(
            reference=state.reference,
            status=state.status,
            version=state.version,
            then=then,
            force=state.force,
            strength=state.strength,
            region=state.region,
            requesting=state.requesting_authority,
            deciding=state.deciding_authority,
            marking=state.marking,
        )
    return incident_heading(
        reference=state.reference,
        status=state.status,
        version=state.version,
        then=then,
        kind=state.kind,
        region=state.region,
        occurred_at=state.occurred_at,
        marking=state.marking,
    )


def trail(
    register: RegisterAccess,
    wanted: AuditTrailFilter,
    part: PositionRange,
    limit: int,
    show: Callable[[list[TimelineEntry]], None],
    on_behalf_of: str | None,
) -> tuple[int, int | None, list[str]]:
    """Shows events page by page. Returns their number, the position of the first one beyond the limit, and the voided
    ones outside the trail.

    on_behalf_of: the principal, as the bearer names them. Recorded in the access log. Raises ExportRefused.
    """
    if unknown := [name for name in wanted.type or () if name not in EVENT_TYPES]:
        raise ExportRefused(f"no event is called '{unknown[0]}': {', '.join(EVENT_TYPES)} are")
    wanted = replace(wanted, on_behalf_of=_principal(register, on_behalf_of))
    register.record_access("trail")
    shown, following = ask(register, lambda reader: _show_trail(register, reader, wanted, part, limit, show))
    return shown, following, _voided_outside(register, part.after) if wanted == AuditTrailFilter() else []


def has_events(register: RegisterAccess, subject: UUID) -> bool:
    """Whether there is any event of the subject that may be seen."""
    wanted, first = AuditTrailFilter(subject=subject), PositionRange()
    return ask(register, lambda reader: _show_trail(register, reader, wanted, first, 1, lambda page: None))[0] > 0


def _principal(register: RegisterAccess, named: str | None) -> Person | None:
    if named is None:
        return None
    person = principal_of(named, register.scope.actor.issuer)
    if isinstance(person, FieldProblem):
        raise ExportRefused(f"--on-behalf-of: {person.message}")
    return person


async def _show_trail(
    register: RegisterAccess,
    reader: Reader,
    wanted: AuditTrailFilter,
    part: PositionRange,
    limit: int,
    show: Callable[[list[TimelineEntry]], None],
) -> tuple[int, int | None]:
    """Shows events page by page. Returns their number, and the position of the first event beyond the limit."""
    reading = await reader.reading(register.scope.actor, at_least=register.scope.end)
    left = limit
    while True:
        size = min(PAGE, left)
        entries = await reading.rows(audit_trail_queries.page(reading.viewer_scope, wanted, size + 1, part))
        shown = entries[:size]
        show(await _moments(register, reading, shown, await _names(reader, shown)))
        left -= len(shown)
        if len(entries) <= size:
            return limit - left, None
        if left == 0:
            return limit, entries[size].position
        last = shown[-1].position
        part = replace(part, before=last) if part.newest_first else replace(part, after=last)


async def _moments(
    register: RegisterAccess, reading: Reading, entries: list[AuditEntry], persons: Names
) -> list[TimelineEntry]:
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
            names=persons,
        )
        for entry in entries
    ]


async def _names(reader: Reader, entries: Iterable[AuditEntry]) -> Names:
    persons = {person for entry in entries for person in entry.actor.persons}
    return {
        (each.issuer, each.subject): each.name for each in await reader.answer(person_names.names(persons), viewer=None)
    }


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


def id_of(register: RegisterAccess, name: str) -> UUID:
    """The id of a subject by its name, without a visibility check."""
    return find(register.store, name) or authorities.stream_of(AuthorityCode(name))
