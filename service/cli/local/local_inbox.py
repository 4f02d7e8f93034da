"""The inbox."""

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.vocabulary import Actor
from projections.reading.queries import Query
from projections.reading.reader import Reader
from projections.views import authorities, deployment_requests, inbox, incidents
from projections.views.inbox import InboxFilter, InboxRow
from projections.views.inbox_recipient import Recipient, principals
from service.cli.local.register import RegisterAccess
from service.cli.local.view_queries import ask
from service.event_store.access_log import SENSITIVE, Disclosure
from service.exchange.visible_log.refused import ExportRefused

Subject = DeploymentRequest | Incident


def rows(register: RegisterAccess, *, overdue: bool, limit: int) -> tuple[list[tuple[Any, ...]], int]:
    """The rows, and how many there are in all. Recorded in the access log. Raises ExportRefused."""
    if register.scope.actor.is_system:
        raise ExportRefused("--token: whose inbox? It is that of the bearer of a token")
    wanted = InboxFilter(overdue=True if overdue else None)
    items, subjects, total, sensitive, whose = ask(register, lambda reader: _found(register, reader, wanted, limit))
    if sensitive:
        register.record_disclosures("inbox", [Disclosure(each.id, each.marking, _author(each)) for each in sensitive])
    return [_row(item, subjects[item.subject], whose) for item in items], total


async def _found(
    register: RegisterAccess, reader: Reader, wanted: InboxFilter, limit: int
) -> tuple[list[InboxRow], Mapping[UUID, Subject], int, list[Subject], Recipient]:
    """The items, their subjects, how many items there are in all, and the sensitive ones, and whose."""
    scope = register.scope
    reading = await reader.reading(scope.actor, at_least=scope.end, as_of=scope.as_of, now=scope.now)
    viewer, code = reading.viewer_scope, scope.actor.authority
    held = authorities.mandates_of(code, await reading.rows(authorities.jurisdictions_of(viewer, [code])))
    holds = tuple(each.region for each in held if each.is_valid(scope.effective_time))
    within = await reading.rows(authorities.jurisdictions_within(viewer, holds)) if holds else []
    others = authorities.held_by_others(code, within, scope.effective_time)
    deputies = next(iter(await reading.rows(authorities.deputies_in(viewer, [code]))), None)
    lent = principals(scope.actor, deputies, scope.effective_time, lambda person: person in register.blocked)
    whose = Recipient(actor=scope.actor, holds=holds, others=others, principals=lent)
    items = [item for _, item in await reading.rows(inbox.page(viewer, whose, wanted, limit))]
    [total] = await reading.rows(inbox.count(viewer, whose, wanted))
    ids = {item.subject for item in items}
    subjects, sensitive = dict[UUID, Subject](), list[Subject]()
    by_ids: tuple[Callable[..., Query[Any]], ...] = (deployment_requests.by_ids, incidents.by_ids)
    for find in by_ids:
        subjects |= {each.id: each for each in await reading.rows(find(viewer, ids))}
        sensitive += [each for each in await reading.rows(find(viewer.now(), ids)) if each.marking in SENSITIVE]
    return [item for item in items if item.subject in subjects], subjects, total, sensitive, whose


def _row(item: InboxRow, subject: Subject, whose: Recipient) -> tuple[Any, ...]:
    principal = whose.principal(item.principal)
    acting_for = principal[1] if principal else None
    assigned = subject.assigned_to if isinstance(subject, DeploymentRequest) else None
    assigned_to = assigned.subject if assigned else None
    return item.due, item.action, subject.reference, subject.region, item.since, assigned_to, acting_for, item.why


def _author(subject: Subject) -> Actor:
    return subject.submitted_by if isinstance(subject, DeploymentRequest) else subject.reported_by
