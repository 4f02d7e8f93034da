"""Events told to a viewer: pages of them, and those of a command just carried out."""

from collections.abc import Collection, Iterable, Sequence
from uuid import UUID

from domain.deciding import Context, Unread
from domain.incident import rules as incident_rules
from domain.incident.state import Incident
from domain.jurisdiction import Jurisdiction
from domain.marking import viewer as viewer_of
from projections import audit_trail, authorities
from projections.api_terms import MandateHolder
from projections.audit_trail import AuditEntry
from projections.changes import Change
from service.commands.envelope import CommandResult
from service.graphql.execution.field_charges import READ
from service.graphql.loaders.loaders import Loaders
from service.graphql.schema import cursors
from service.graphql.schema.arguments import given, page_size
from service.graphql.schema.audit_trail.types import (
    FieldChange,
    RecordedEvent,
    RecordedEventConnection,
    RecordedEventEdge,
)
from service.graphql.schema.pagination import Node, page_info


async def present_entries(
    entries: Sequence[AuditEntry], loaders: Loaders, told_of: Node | None = None
) -> list[RecordedEvent]:
    """What may be seen of the incidents and the evidence that they name is asked once for all of them."""
    viewer, named = (
        await loaders.viewer(),
        await visible_mentions({each for entry in entries for each in entry.mentions}, loaders),
    )
    await loaders.pace.point(READ * len(entries))
    return [
        RecordedEvent.of(entry, audit_trail.visible_to(viewer, entry, named), loaders, told_of) for entry in entries
    ]


async def present_result(outcome: CommandResult, loaders: Loaders, told_of: Node) -> list[RecordedEvent]:
    """The events of a command, folded from what stood before it: whether or not a view has them yet.

    They are told from what the decision rested on. Views are read only for what it did not consult.
    """
    state, entries = await _before(outcome, loaders), []
    for recorded in outcome.events:
        after = audit_trail.evolve(state, recorded)
        entries.append(audit_trail.entry(state, recorded, after))
        state = after
    viewer = viewer_of(loaders.actor, registered=False, holds=())  # who may read a reason, the actor alone decides
    mentions = {each for entry in entries for each in entry.mentions}
    known = _seen_by_the_rules(mentions, outcome, loaders)
    named = await visible_mentions(mentions, loaders) if known is None else known
    return [
        RecordedEvent.of(entry, audit_trail.visible_to(viewer, entry, named), loaders, told_of) for entry in entries
    ]


def _seen_by_the_rules(mentions: Collection[UUID], outcome: CommandResult, loaders: Loaders) -> set[UUID] | None:
    """Those of the incidents and pieces of evidence that the actor may see, by the rules that the command was held to.

    None where the decision did not consult what these rules need.
    """
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
        viewer = incident_rules.viewer_of(context, subject)
        return viewer.sees(subject.audience) and viewer.sees(subject.audience_of(piece))
    incident = context.read(Incident, mention)
    return incident is not None and incident_rules.is_visible(incident, context)


async def _before(outcome: CommandResult, loaders: Loaders) -> object:
    """What stood before. A mandate is told as one of all that its holder has: the others are in the views."""
    if not isinstance(outcome.state, Jurisdiction):
        return outcome.before
    code = outcome.events[-1].event.authority
    held = await loaders.rows_best_effort(lambda scope: authorities.jurisdictions_of(scope, [code]))
    others = [each for each in held if each.id != outcome.subject]
    own = (outcome.before,) if outcome.before else ()
    return MandateHolder(code=code, jurisdictions=(*others, *own))


async def visible_mentions(mentions: Collection[UUID], loaders: Loaders) -> set[UUID]:
    """Those of the incidents and pieces of evidence that the viewer may see now."""
    found = await loaders.mentioned.load_many(mentions) if mentions else ()
    return {mention for mention in found if mention is not None}


async def history(
    node: Node, subject: UUID, first: int | None, after: str | None, loaders: Loaders
) -> RecordedEventConnection:
    """A page of what happened to one subject, the oldest first; to one of the past, up to then."""
    of, size = cursors.of_list(f"history/{subject}", loaders.past), page_size(first)
    entries = await loaders.histories.load((subject, size + 1, cursors.position_after(of, after)))
    return await connection(entries, size, of, after, loaders, node if loaders.past else None)


async def connection(
    entries: Sequence[AuditEntry], size: int, of: str, after: str | None, loaders: Loaders, told_of: Node | None = None
) -> RecordedEventConnection:
    """A page from one event more than it shows."""
    events = await present_entries(entries[:size], loaders, told_of)
    edges = [RecordedEventEdge(cursor=cursors.of_position(of, event.position), node=event) for event in events]
    info = page_info([edge.cursor for edge in edges], more=len(entries) > size, after=given(after))
    return RecordedEventConnection(edges=edges, page_info=info)


def changes(found: Iterable[Change]) -> list[FieldChange]:
    return [FieldChange.of(change) for change in found]
