"""Events told to a viewer: pages of them, and those of a command just carried out."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from domain.deciding import Context, Unread
from domain.incident import rules as incident_rules
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction
from domain.marking import viewer as viewer_of
from projections import audit_trail, authorities
from projections.api_terms import Holder
from projections.audit_trail import Entry
from projections.changes import Change
from service.commands.envelope import Outcome
from service.graphql.execution.field_charges import READ
from service.graphql.loaders.loaders import Sources
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, page_size
from service.graphql.schema.audit_trail.types import (
    FieldChange,
    RecordedEvent,
    RecordedEventConnection,
    RecordedEventEdge,
)
from service.graphql.schema.pagination import Node, page_info


async def told(entries: Sequence[Entry], sources: Sources, told_of: Node | None = None) -> list[RecordedEvent]:
    """What may be seen of the incidents and the evidence that they name is asked once for all of them."""
    viewer, named = await sources.viewer(), await seen({each for entry in entries for each in entry.mentions}, sources)
    await sources.pace.point(READ * len(entries))
    return [RecordedEvent.of(entry, audit_trail.shown_to(viewer, entry, named), sources, told_of) for entry in entries]


async def told_of_outcome(outcome: Outcome, sources: Sources, told_of: Node) -> list[RecordedEvent]:
    """The events of a command, folded from what stood before it: whether or not a view has them yet.

    They are told from what the decision rested on. Views are read only for what it did not consult.
    """
    state, entries = await _before(outcome, sources), []
    for recorded in outcome.events:
        after = audit_trail.evolve(state, recorded)
        entries.append(audit_trail.entry(state, recorded, after))
        state = after
    viewer = viewer_of(sources.actor, registered=False, holds=())  # who may read a reason, the actor alone decides
    mentions = {each for entry in entries for each in entry.mentions}
    known = _seen_by_the_rules(mentions, outcome, sources)
    named = await seen(mentions, sources) if known is None else known
    return [RecordedEvent.of(entry, audit_trail.shown_to(viewer, entry, named), sources, told_of) for entry in entries]


def _seen_by_the_rules(mentions: Collection[UUID], outcome: Outcome, sources: Sources) -> set[UUID] | None:
    """Those of the incidents and pieces of evidence that the actor may see, by the rules that the command was held to.

    None where the decision did not consult what these rules need.
    """
    states = {**outcome.consulted, outcome.subject: outcome.state}
    context = Context(actor=sources.actor, now=sources.now, subject=outcome.subject, consulted=states)
    try:
        return {each for each in mentions if _is_visible(each, outcome.state, context)}
    except Unread:
        return None


def _is_visible(mention: UUID, subject: object, context: Context) -> bool:
    pieces = subject.evidence if isinstance(subject, Incident) else ()
    piece = next((each for each in pieces if each.id == mention), None)
    if isinstance(subject, Incident) and piece is not None:
        viewer = incident_rules.viewer_of(context, subject)
        return viewer.sees(subject.audience) and viewer.sees(subject.audience_of(piece))
    incident = context.read(Incident, mention)
    return incident is not None and incident_rules.is_visible(incident, context)


async def _before(outcome: Outcome, sources: Sources) -> object:
    """What stood before. A mandate is told as one of all that its holder has: the others are in the views."""
    if not isinstance(outcome.state, Jurisdiction):
        return outcome.before
    code = outcome.events[-1].event.authority
    held = await sources.anyway(lambda sight: authorities.jurisdictions_of(sight, [code]))
    others = [each for each in held if each.id != outcome.subject]
    own = (outcome.before,) if outcome.before else ()
    return Holder(code=code, jurisdictions=(*others, *own))


async def seen(mentions: Collection[UUID], sources: Sources) -> set[UUID]:
    """Those of the incidents and pieces of evidence that the viewer may see now."""
    found = await sources.mentioned.load_many(mentions) if mentions else ()
    return {mention for mention in found if mention is not None}


async def history(
    node: Node, subject: UUID, first: int | None, after: str | None, sources: Sources
) -> RecordedEventConnection:
    """A page of what happened to one subject, the oldest first; to one of the past, up to then."""
    of, size = cursors.of_list(f"history/{subject}", sources.moment), page_size(first)
    entries = await sources.histories.load((subject, size + 1, cursors.position_after(of, after)))
    return await connection(entries, size, of, after, sources, node if sources.moment else None)


async def connection(
    entries: Sequence[Entry], size: int, of: str, after: str | None, sources: Sources, told_of: Node | None = None
) -> RecordedEventConnection:
    """A page from one event more than it shows."""
    events = await told(entries[:size], sources, told_of)
    edges = [RecordedEventEdge(cursor=cursors.of_position(of, event.position), node=event) for event in events]
    info = page_info([edge.cursor for edge in edges], more=len(entries) > size, after=given(after))
    return RecordedEventConnection(edges=edges, page_info=info)


def changes(found: Iterable[Change]) -> list[FieldChange]:
    return [FieldChange.of(change) for change in found]
