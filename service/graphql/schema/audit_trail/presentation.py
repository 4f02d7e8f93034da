"""Presents events to a viewer: pages of the trail, and the events of a command."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence, Set
from dataclasses import replace
from typing import Any
from uuid import UUID

import strawberry

from domain import authority, jurisdiction
from domain.decider import Context, Unread
from domain.deployment_request.state import DeploymentRequest
from domain.incident import visibility as incident_visibility
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction
from domain.visibility import Viewer
from projections.rows.api_terms import MandateHolder
from projections.rows.audit_entries import ByAuthority
from projections.rows.value_changes import Change
from projections.views import audit_trail, authorities
from projections.views.audit_trail import AuditEntry
from service.commands.envelope import CommandResult
from service.graphql.execution.field_charges import READ
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema.audit_trail.event_page import OLDEST, Before, EventPage, Last, Order
from service.graphql.schema.audit_trail.types import (
    FieldChange,
    RecordedEvent,
    RecordedEventConnection,
)
from service.graphql.schema.pagination import Edge, Node
from service.graphql.schema.shown import reading


async def present_entries(
    entries: Sequence[AuditEntry], loaders: Loaders, subject_node: Node | None = None
) -> list[RecordedEvent]:
    """Presents entries. The visibility of the incidents and evidence they name is loaded in one batch."""
    named = await visible_mentions({each for entry in entries for each in entry.mentions}, loaders)
    await loaders.pace.point(READ * len(entries))
    return [RecordedEvent.of(entry, _visible(entry, named), loaders, subject_node) for entry in entries]


def _visible(entry: Any, named: Set[UUID]) -> Any:
    """What the viewer may see of a whole entry; of one with only the parts that the operation reads, all of it."""
    return audit_trail.visible_to(entry, named) if isinstance(entry, AuditEntry) else entry


async def present_result(outcome: CommandResult, loaders: Loaders, subject_node: Node) -> list[RecordedEvent]:
    """The events of a command, folded from the state before it, whether or not a view has them yet.

    Visibility comes from the states that the decision consulted; views are read only for the rest.
    """
    state, entries = await _state_before(outcome, loaders), []
    request = outcome.state if isinstance(outcome.state, DeploymentRequest) else None
    internal = request is None or (await _viewer_by_rules(outcome, loaders)).sees(request.deliberations.readers)
    for recorded in outcome.events:
        after = audit_trail.evolve(state, recorded)
        entry = audit_trail.entry(state, recorded, after, internal=internal)
        entries.append(replace(entry, marking=None) if outcome.repeated else entry)
        state = after
    mentions = {each for entry in entries for each in entry.mentions}
    visible = _visible_by_rules(mentions, outcome, loaders)
    named = await visible_mentions(mentions, loaders) if visible is None else visible
    return [RecordedEvent.of(entry, audit_trail.visible_to(entry, named), loaders, subject_node) for entry in entries]


async def _viewer_by_rules(outcome: CommandResult, loaders: Loaders) -> Viewer:
    """The actor as a viewer, by the states that the decision consulted; by the views if these are not enough."""
    states = {**outcome.consulted, outcome.subject: outcome.state}
    context = Context(actor=loaders.actor, now=loaders.now, subject=outcome.subject, consulted=states)
    try:
        return authority.viewer(context, loaders.actor)
    except Unread:
        return await loaders.viewer()


def _visible_by_rules(mentions: Collection[UUID], outcome: CommandResult, loaders: Loaders) -> set[UUID] | None:
    """The mentions visible to the actor by the rules of the decision; None if the decision did not consult enough
    states."""
    states = {**outcome.consulted, outcome.subject: outcome.state}
    context = Context(actor=loaders.actor, now=loaders.now, subject=outcome.subject, consulted=states)
    try:
        return {each for each in mentions if _is_visible(each, outcome.state, context)}
    except Unread:
        return None


def _is_visible(mention: UUID, subject: object, context: Context) -> bool:
    pieces = subject.evidence if isinstance(subject, Incident) else ()
    piece = next((each for each in pieces if each.id == mention), None)
    if isinstance(subject, Incident) and piece is not None:
        viewer = incident_visibility.viewer_of(context, subject)
        return viewer.sees(subject.audience) and viewer.sees(subject.audience_of(piece))
    incident = context.read(Incident, mention)
    return incident is not None and incident_visibility.is_visible(incident, context)


async def _state_before(outcome: CommandResult, loaders: Loaders) -> object:
    """The state before the command; for a mandate, its holder with all of its mandates (the others from the views)."""
    event = outcome.events[-1].event
    if isinstance(event, ByAuthority):
        return MandateHolder(code=event.authority)
    if not isinstance(event, jurisdiction.Event):
        return outcome.before
    code = event.authority
    held = await loaders.rows_best_effort(lambda scope: authorities.jurisdictions_of(scope, [code]))
    others = [each for each in held if each.id != outcome.subject]
    own = (outcome.before,) if isinstance(outcome.before, Jurisdiction) else ()
    return MandateHolder(code=code, jurisdictions=(*others, *own))


async def visible_mentions(mentions: Collection[UUID], loaders: Loaders) -> set[UUID]:
    """The incidents and evidence among the mentions that the viewer may see now."""
    found = await loaders.mentioned.load_many(mentions) if mentions else ()
    return {mention for mention in found if mention is not None}


def history_field() -> Any:
    """The field `history` of a subject."""
    description = "The full history; of a past state, up to then."
    return strawberry.field(resolver=_history, description=description, metadata=reading("id"))


async def _history(
    self: Any,
    order: Order = OLDEST,
    first: int | None = strawberry.UNSET,
    after: str | None = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
) -> RecordedEventConnection:
    subject, loaders = self.state.id, self.loaders
    page = EventPage.of_arguments(
        f"history/{subject}", loaders.past, order=order, first=first, after=after, last=last, before=before
    )

    async def count() -> int:
        return await loaders.history_lengths.load(subject) or 0

    end = min(page.part.before, await loaders.end_of_history(subject))
    entries = await loaders.shown_histories.load((subject, page.limit, replace(page.part, before=end)))
    return await connection(entries, page, count, loaders, self if loaders.past else None)


async def connection(
    entries: Sequence[AuditEntry],
    page: EventPage,
    count: Callable[[], Awaitable[int]],
    loaders: Loaders,
    subject_node: Node | None = None,
) -> RecordedEventConnection:
    """A connection from the entries of a page, of which there may be one more than it shows."""
    events = await present_entries(page.shown(entries), loaders, subject_node)
    edges = [Edge(of=page.of, place=event.entry.position, node=event) for event in events]
    info = page.info(edges, more=len(entries) > page.size)
    return RecordedEventConnection(count=count, edges=edges, page_info=info)


def changes(found: Iterable[Change]) -> list[FieldChange]:
    return [FieldChange(state=change) for change in found]
