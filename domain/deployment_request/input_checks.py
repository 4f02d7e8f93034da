"""Checks of a command's input against recorded state. Each yields the problems with their fields.

The first line of a check's docstring appears in docs/lifecycle.md.
"""

from collections.abc import Iterable

from domain import jurisdiction, visibility
from domain.decider import Context
from domain.deployment_request.commands import (
    AmendRequest,
    ApproveRequest,
    ReportFulfilment,
    SubmitRequest,
    WithholdRequest,
)
from domain.deployment_request.grounds import without_sufficient_finding
from domain.deployment_request.state import DeploymentRequest
from domain.incident.state import Incident
from domain.incident.visibility import is_visible
from domain.limits import ITEMS
from domain.refusals import FieldProblem, Problems, past_problems
from domain.vocabulary import AuthorityCode, IncidentId, Marking, Threshold, exact_time, format_time, joined


def region_has_a_decider(command: SubmitRequest, request: DeploymentRequest | None, context: Context) -> Problems:
    """A mandate covers the region, and the nearest is held by an authority other than the requesting one."""
    mandate = jurisdiction.deciding_mandate(context, command.region)
    if mandate is None:
        yield FieldProblem(
            path="region",
            message=f"No mandate covers '{command.region}' at the time of the request: an administrator can grant one.",
        )
    elif mandate.authority == context.actor.authority:
        yield FieldProblem(
            path="region",
            message=f"{mandate.authority} itself decides on '{command.region}': another authority has to request it.",
        )


def incidents_can_be_named(command: SubmitRequest, request: DeploymentRequest | None, context: Context) -> Problems:
    """The actor and, except for RED incidents, the deciding authority may see the incidents that it names."""
    mandate = jurisdiction.deciding_mandate(context, command.region)
    if mandate is not None:
        yield from can_be_named(command.incidents, mandate.authority, context)


def period_lies_ahead(
    command: SubmitRequest | AmendRequest, request: DeploymentRequest | None, context: Context
) -> Problems:
    """The requested period is not over."""
    if command.period is not None:
        yield from past_problems("period.end", command.period.end, context.now)


def incidents_fit(command: WithholdRequest, request: DeploymentRequest, context: Context) -> Problems:
    """A request names at most 1,000 incidents."""
    if len({*request.incidents, *command.awaiting}) > ITEMS:
        yield FieldProblem(path="awaiting", message=f"A request names at most {ITEMS:,} incidents: await fewer.")


def review_lies_ahead(command: WithholdRequest, request: DeploymentRequest, context: Context) -> Problems:
    """The review date is in the future, unless the register withholds again on the terms of an earlier hold."""
    if not context.actor.is_system:
        yield from past_problems("reviewBy", command.review_by, context.now)


def awaited_incidents_are_seen(command: WithholdRequest, request: DeploymentRequest, context: Context) -> Problems:
    """The actor may see the awaited incidents."""
    yield from _seen(command.awaiting, "awaiting", context)


def awaits_what_is_open(command: WithholdRequest, request: DeploymentRequest, context: Context) -> Problems:
    """At least one awaited incident has no sufficient finding."""
    threshold = Threshold(likelihood=command.minimum_likelihood, confidence=command.minimum_confidence)
    if command.awaiting and not without_sufficient_finding(context, command.awaiting, threshold):
        yield FieldProblem(
            path="awaiting",
            message="Every incident named already has a sufficient finding: name another, or raise the threshold.",
        )


def grants_no_more_than_asked(command: ApproveRequest, request: DeploymentRequest, context: Context) -> Problems:
    """The granted strength and period do not exceed the request."""
    if command.strength is not None and command.strength > request.strength:
        yield FieldProblem(
            path="strength", message=f"At most the requested strength, {request.strength:,}, can be granted."
        )
    if command.period is not None and not command.period.within(request.period):
        yield FieldProblem(
            path="period",
            message="The granted period must lie within the requested one: "
            f"from {format_time(request.period.start)} to {format_time(request.period.end)}.",
        )


def grants_what_lies_ahead(command: ApproveRequest, request: DeploymentRequest, context: Context) -> Problems:
    """The granted period, validity and due dates end in the future; the validity ends within the granted period."""
    granted = command.period or request.period
    if command.period is not None:
        yield from past_problems("period.end", command.period.end, context.now)
    yield from past_problems("validUntil", command.valid_until, context.now)
    if command.valid_until is not None and command.valid_until > granted.end:
        yield FieldProblem(
            path="validUntil",
            message=f"It must not lie after the end of the granted period, {exact_time(granted.end)}.",
        )
    if command.valid_until is not None and context.now < command.valid_until <= granted.start:
        yield FieldProblem(
            path="validUntil",
            message=f"It must lie after the start of the granted period, {exact_time(granted.start)}.",
        )
    for index, condition in enumerate(command.conditions):
        yield from past_problems(f"conditions.{index}.dueBy", condition.due_by, context.now)


def condition_is_open(command: ReportFulfilment, request: DeploymentRequest, context: Context) -> Problems:
    """The condition belongs to the approval and is not yet reported as fulfilled."""
    conditions = {condition.id: condition for condition in request.decision.conditions} if request.decision else {}
    condition = conditions.get(command.condition)
    if condition is None:
        yield FieldProblem(path="condition", message=f"The decision has no condition {command.condition}.")
    elif condition.is_fulfilled:
        yield FieldProblem(path="condition", message="Its fulfilment has already been reported.")


def can_be_named(incidents: Iterable[IncidentId], decider: AuthorityCode, context: Context) -> Problems:
    named = tuple(incidents)
    yield from _seen(named, "incidents", context)
    hidden = [
        incident.reference
        for incident in context.read_all(Incident, named)
        if incident is not None
        and incident.marking is not Marking.RED
        and is_visible(incident, context)
        and not _authority_sees(decider, incident, context)
    ]
    if hidden:
        yield FieldProblem(
            path="incidents",
            message=f"{decider}, which decides, may not see {joined(hidden, 'and')}: have it referred to them first.",
        )


def _seen(incidents: Iterable[IncidentId], path: str, context: Context) -> Problems:
    named = tuple(incidents)
    unknown = [
        str(incident_id)
        for incident_id, incident in zip(named, context.read_all(Incident, named), strict=True)
        if incident is None or not is_visible(incident, context)
    ]
    if unknown:
        yield FieldProblem(path=path, message=f"There is no such incident that you may see: {', '.join(unknown)}.")


def _authority_sees(code: AuthorityCode, incident: Incident, context: Context) -> bool:
    """Whether every actor of a deciding authority may see it. Deciding authorities are registered."""
    tokens = {visibility.EVERYBODY, visibility.REGISTERED, visibility.authority(code)}
    held = (m.region for m in jurisdiction.mandates_over(context, incident.region) if m.authority == code)
    return visibility.Viewer(frozenset(tokens | {visibility.region(path) for path in held})).sees(incident.audience)
