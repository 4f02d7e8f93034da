"""Presents events to a viewer: pages of the trail, and the events of a command."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from domain import jurisdiction
from domain.decider import Context, Unread
from domain.incident import visibility as incident_visibility
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction
from domain.visibility import viewer as viewer_of
from projections import audit_trail, authorities
from projections.api_terms import MandateHolder
from projections.audit_trail import AuditEntry
from projections.changes import Change
from service.commands.envelope import CommandResult
from service.graphql.execution.field_charges import READ
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import cursors
from service.graphql.schema.arguments import page_size
from service.graphql.schema.audit_trail.types import (
    FieldChange,
    RecordedEvent,
    RecordedEventConnection,
)
from service.graphql.schema.pagination import Edge, Node, page_info


async def present_entries(
    entries: Sequence[AuditEntry], loaders: Loaders, subject_node: Node | None = None
) -> list[RecordedEvent]:
    """Presents entries. The visibility of the incidents and evidence they name is loaded in one batch."""
    viewer, named = (
        await loaders.viewer(),
        await visible_mentions({each for entry in entries for each in entry.mentions}, loaders),
    )
    await loaders.pace.point(READ * len(entries))
    return [
        RecordedEvent.of(entry, audit_trail.visible_to(viewer, entry, named), loaders, subject_node)
        for entry in entries
    ]


async def present_result(outcome: CommandResult, loaders: Loaders, subject_node: Node) -> list[RecordedEvent]:
    """The events of a command, folded from the state before it, whether or not a view has them yet.

    Visibility comes from the states that the decision consulted; views are read only for the rest.
    """
    state, entries = await _state_before(outcome, loaders), []
    for recorded in outcome.events:
        after = audit_trail.evolve(state, recorded)
        entries.append(audit_trail.entry(state, recorded, after))
        state = after
    viewer = viewer_of(loaders.actor, registered=False, holds=())  # only the actor decides who may read a reason
    mentions = {each for entry in entries for each in entry.mentions}
    visible = _visible_by_rules(mentions, outcome, loaders)
    named = await visible_mentions(mentions, loaders) if visible is None else visible
    return [
        RecordedEvent.of(entry, audit_trail.visible_to(viewer, entry, named), loaders, subject_node)
        for entry in entries
    ]


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


async def history(
    node: Node, subject: UUID, first: int | None, after: str | None, loaders: Loaders
) -> RecordedEventConnection:
    """A page of a subject's history, oldest first; of a past state, up to then."""
    of, size = cursors.of_list(f"history/{subject}", loaders.past), page_size(first)
    entries = await loaders.histories.load((subject, size + 1, cursors.position_after(of, after)))
    return await connection(entries, size, of, after, loaders, node if loaders.past else None)


async def connection(
    entries: Sequence[AuditEntry],
    size: int,
    of: str,
    after: str | None,
    loaders: Loaders,
    subject_node: Node | None = None,
) -> RecordedEventConnection:
    """A connection from the entries of a page and one more, which tells whether another page follows."""
    events = await present_entries(entries[:size], loaders, subject_node)
    edges = [Edge(cursor=cursors.of_position(of, event.entry.position), node=event) for event in events]
    return RecordedEventConnection(edges=edges, page_info=page_info(edges, more=len(entries) > size, after=after))


def changes(found: Iterable[Change]) -> list[FieldChange]:
    return [FieldChange(state=change) for change in found]
